// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_SWEEP_LINT_H_
#define COMMON_CONFIG_SWEEP_LINT_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/config/diagnostic.h"
#include "common/config/sweep_file.h"

namespace tinyjoule {

// For tests of what a sweep file may say.

// A complete small sweep; tests change one thing of it.
inline constexpr char kValidSweep[] = R"(version: 1
name: small
dataset: {type: synthetic_weather, split: {method: walk_forward, folds: 2}}
models:
  - {name: mlp, type: tinymlp, hidden: [8]}
  - {name: knn, type: tinyknn}
variants:
  - float32
  - name: pruned
    compress: [{prune: {scope: unstructured, criterion: random}}]
    parameters: {compress.0.prune.sparsity: {values: [0.2, 0.4]}}
)";

// Parts of it that tests replace.
inline constexpr char kPrune[] = "{prune: {scope: unstructured, criterion: random}}";
inline constexpr char kData[] =
    "{type: synthetic_weather, split: {method: walk_forward, folds: 2}}";

// Every diagnostic of a file that is called s.yaml.
inline std::string Lint(absl::string_view yaml, const std::vector<std::string>& overrides = {}) {
  return FormatDiagnostics(ParseSweep(yaml, "s.yaml", overrides).diagnostics);
}

// Of kValidSweep with one thing changed.
inline std::string LintWith(absl::string_view from, absl::string_view to) {
  const std::string yaml = absl::StrReplaceAll(kValidSweep, {{from, to}});
  EXPECT_NE(yaml, kValidSweep) << "the replacement did nothing";
  return Lint(yaml);
}

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_SWEEP_LINT_H_

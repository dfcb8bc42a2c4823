// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_SWEEP_FILE_H_
#define COMMON_CONFIG_SWEEP_FILE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/config/diagnostic.h"
#include "tinyjoule/v1/sweep.pb.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Limits on what a sweep file may ask for.
constexpr size_t kMaxSweepFileBytes = 1024 * 1024;
constexpr size_t kMaxTrials = 100'000;

struct ParsedSweep {
  // With every default filled in; meaningful only when ok().
  v1::SweepSpec spec;
  // Every error and warning of the file, in the order of its lines.
  std::vector<Diagnostic> diagnostics;
  bool ok() const { return !HasErrors(diagnostics); }
};

// Reads and checks a sweep.yaml. `file_name` is for messages only. `overrides` are
// "path=value" texts (--set train.epochs=3), applied after parsing as if the file said so; the
// value is YAML. Reads no file: paths inside stay as written.
ParsedSweep ParseSweep(absl::string_view yaml, absl::string_view file_name,
                       const std::vector<std::string>& overrides);

// Fills in what the file left out. ParseSweep has done so already; applying it twice changes
// nothing.
void ApplySweepDefaults(v1::SweepSpec& spec);

// SHA-256, in hexadecimal digits, over the spec in its canonical form and the hashes of the files
// that it names. The name is not part of it, nor are layout, comments or the order of keys.
std::string SweepContentHash(const v1::SweepSpec& spec,
                             const std::vector<v1::InputFile>& inputs = {});

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_SWEEP_FILE_H_

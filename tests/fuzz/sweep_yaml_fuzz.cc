// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Sweep files of strangers: no crash, no control characters in messages, and what is accepted can
// be expanded, hashed and accepted again.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "common/config/sweep_expansion.h"
#include "common/config/sweep_file.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckMessages(const std::vector<tinyjoule::Diagnostic>& diagnostics) {
  for (const tinyjoule::Diagnostic& diagnostic : diagnostics) {
    Require(!diagnostic.message.empty());
    Require(diagnostic.line >= 0);
  }
  static_cast<void>(tinyjoule::FormatDiagnostics(diagnostics));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view yaml(reinterpret_cast<const char*>(data), size);
  const tinyjoule::ParsedSweep parsed = tinyjoule::ParseSweep(yaml, "fuzz.yaml", {});
  CheckMessages(parsed.diagnostics);
  // The first line once more as an override.
  const tinyjoule::ParsedSweep changed = tinyjoule::ParseSweep(
      yaml, "fuzz.yaml", {std::string(yaml.substr(0, yaml.find('\n'))), "train.epochs=3"});
  CheckMessages(changed.diagnostics);
  if (!parsed.ok()) return 0;
  Require(tinyjoule::ExpandSweep(parsed.spec).ok());
  tinyjoule::v1::SweepSpec again = parsed.spec;
  tinyjoule::ApplySweepDefaults(again);
  Require(tinyjoule::SweepContentHash(again) == tinyjoule::SweepContentHash(parsed.spec));
  return 0;
}

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_FLAG_CATALOG_H_
#define COMMON_ENERGY_FLAG_CATALOG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// What a flag of a run means, for people. A fatal flag keeps the run out of summaries (state
// INVALID); the run itself is always kept.
struct FlagDescription {
  enum class Severity { kNote, kFatal, kDepends };
  absl::string_view name;
  // kDepends: the limits are in `meaning`, and each v1::Flag says which side it is on.
  Severity severity;
  absl::string_view meaning;
  absl::string_view advice;
};

// Every flag that TinyJoule knows, in the order of docs/how-we-measure.md.
absl::Span<const FlagDescription> FlagCatalog();
// Null when the name is unknown (a newer agent).
const FlagDescription* FindFlag(absl::string_view name);

// A flag of the catalog with its own detail; fatal as the catalog says. For kDepends use the form
// with `fatal`.
v1::Flag MakeFlag(absl::string_view name, std::string detail);
v1::Flag MakeFlag(absl::string_view name, bool fatal, std::string detail);

// Adds a flag to those of a run, one per name: the later detail, fatal when any was.
void PutFlag(const v1::Flag& flag, google::protobuf::RepeatedPtrField<v1::Flag>& flags);

// The table of all flags in docs/how-we-measure.md.
std::string FlagsMarkdown();

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_FLAG_CATALOG_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_NAMES_H_
#define COMMON_BASE_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace tinyjoule {

// Names that people and peers give to agents, models, runs, ...: [A-Za-z0-9._-]{1,64}.
bool IsValidName(absl::string_view name);

// An enum value as people write it: "synthetic_weather" of DATASET_TYPE_SYNTHETIC_WEATHER. The
// zero value is "unspecified".
std::string EnumWord(const google::protobuf::EnumValueDescriptor& value);

// The same of a value; "unknown" when this build does not know the number.
template <typename E>
std::string WordOf(E value) {
  const auto* const descriptor =
      google::protobuf::GetEnumDescriptor<E>()->FindValueByNumber(static_cast<int>(value));
  return descriptor == nullptr ? "unknown" : EnumWord(*descriptor);
}

}  // namespace tinyjoule

#endif  // COMMON_BASE_NAMES_H_

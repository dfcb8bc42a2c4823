// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/names.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace tinyjoule {
namespace {

constexpr size_t kMaxNameBytes = 64;

}  // namespace

bool IsValidName(absl::string_view name) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), allowed);
}

std::string EnumWord(const google::protobuf::EnumValueDescriptor& value) {
  // buf's STANDARD rules: every value begins with the enum's name, and the zero ends so.
  const google::protobuf::EnumDescriptor& type = *value.type();
  std::string prefix = type.FindValueByNumber(0)->name();
  prefix.resize(prefix.size() - absl::string_view("UNSPECIFIED").size());
  return absl::AsciiStrToLower(absl::StripPrefix(value.name(), prefix));
}

}  // namespace tinyjoule

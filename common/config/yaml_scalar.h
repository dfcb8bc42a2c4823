// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_YAML_SCALAR_H_
#define COMMON_CONFIG_YAML_SCALAR_H_

#include <charconv>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/config/yaml_document.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"

namespace tinyjoule {

// The last step of YamlToProto: one YAML value into one field. Of an error the message says what
// the field wants and what stood there; its place is the node's mark.

// Sets a field that is no message or, where it is repeated, adds to it.
[[nodiscard]] absl::Status WriteScalar(const YamlNode& node,
                                       const google::protobuf::FieldDescriptor& field,
                                       google::protobuf::Message& message);

[[nodiscard]] absl::Status WriteDuration(const YamlNode& node,
                                         google::protobuf::Duration& duration);

// Whether the whole text is an integer within the bounds of T: no blanks, no plus sign.
template <typename T>
[[nodiscard]] bool ReadInteger(absl::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_YAML_SCALAR_H_

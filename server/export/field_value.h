// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_EXPORT_FIELD_VALUE_H_
#define SERVER_EXPORT_FIELD_VALUE_H_

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/export/cell.h"

namespace tinyjoule {

// A dotted path of singular fields below a message type, such as "assembly.energy.energy_j",
// resolved once. Immutable; thread-safe.
class FieldPath {
 public:
  // Dies when the type has no such path: paths are part of the program, not of its input.
  FieldPath(const google::protobuf::Descriptor* type, absl::string_view path);

  // The value as a cell: enums as their lower-case word, time stamps as ISO 8601. Missing when a
  // message on the way, or an optional field, is absent; when a text is empty; when an enum is
  // unspecified.
  Cell Value(const google::protobuf::Message& message) const;

 private:
  std::vector<const google::protobuf::FieldDescriptor*> fields_;
};

}  // namespace tinyjoule

#endif  // SERVER_EXPORT_FIELD_VALUE_H_

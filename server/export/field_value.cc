// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/export/field_value.h"

#include <cstdlib>

#include "absl/strings/str_split.h"
#include "common/base/names.h"
#include "google/protobuf/timestamp.pb.h"

namespace tinyjoule {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Cell EnumCell(const google::protobuf::EnumValueDescriptor& value) {
  return value.number() == 0 ? Cell() : TextCell(EnumWord(value));
}

Cell MessageCell(const Message& message) {
  const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message);
  return time == nullptr ? Cell() : TimeCell(*time);
}

Cell LeafCell(const Message& message, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return int64_t{reflection.GetInt32(message, &field)};
    case FieldDescriptor::CPPTYPE_INT64:
      return int64_t{reflection.GetInt64(message, &field)};
    case FieldDescriptor::CPPTYPE_UINT32:
      return uint64_t{reflection.GetUInt32(message, &field)};
    case FieldDescriptor::CPPTYPE_UINT64:
      return uint64_t{reflection.GetUInt64(message, &field)};
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return NumberCell(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return NumberCell(reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumCell(*reflection.GetEnum(message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return TextCell(reflection.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageCell(reflection.GetMessage(message, &field));
  }
  return {};
}

}  // namespace

FieldPath::FieldPath(const google::protobuf::Descriptor* type, absl::string_view path) {
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    const FieldDescriptor* field = type->FindFieldByName(std::string(name));
    if (field == nullptr || field->is_repeated()) std::abort();
    fields_.push_back(field);
    type = field->message_type();
  }
}

Cell FieldPath::Value(const Message& message) const {
  const Message* owner = &message;
  for (size_t i = 0; i + 1 < fields_.size(); ++i) {
    if (!owner->GetReflection()->HasField(*owner, fields_[i])) return {};
    owner = &owner->GetReflection()->GetMessage(*owner, fields_[i]);
  }
  const FieldDescriptor& leaf = *fields_.back();
  if (leaf.has_presence() && !owner->GetReflection()->HasField(*owner, &leaf)) return {};
  return LeafCell(*owner, leaf);
}

}  // namespace tinyjoule

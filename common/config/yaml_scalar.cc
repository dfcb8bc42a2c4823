// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/yaml_scalar.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/names.h"
#include "common/config/diagnostic.h"
#include "common/config/duration_text.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status Wanted(const FieldDescriptor& field, absl::string_view what, const YamlNode& node) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", field.name(), "\" wants ", what, ", not ", DescribeNode(node)));
}

// Sets or, for a list, adds.
template <typename T>
using Setter = void (Reflection::*)(Message*, const FieldDescriptor*, T) const;

template <typename T>
absl::Status Store(Setter<T> set, Setter<T> add, const FieldDescriptor& field, T value,
                   Message& message) {
  const Reflection& reflection = *message.GetReflection();
  (reflection.*(field.is_repeated() ? add : set))(&message, &field, value);
  return absl::OkStatus();
}

template <typename T>
absl::Status WriteWholeNumber(Setter<T> set, Setter<T> add, const YamlNode& node,
                              const FieldDescriptor& field, Message& message) {
  T number = 0;
  if (!node.plain || !ReadInteger(node.text, number)) {
    return Wanted(field,
                  absl::StrCat("a whole number from ", std::numeric_limits<T>::min(), " to ",
                               std::numeric_limits<T>::max()),
                  node);
  }
  return Store<T>(set, add, field, number, message);
}

absl::Status WriteDouble(const YamlNode& node, const FieldDescriptor& field, Message& message) {
  double number = 0;
  if (!node.plain || !absl::SimpleAtod(node.text, &number) || !std::isfinite(number)) {
    return Wanted(field, "a number", node);
  }
  return Store<double>(&Reflection::SetDouble, &Reflection::AddDouble, field, number, message);
}

absl::Status WriteBool(const YamlNode& node, const FieldDescriptor& field, Message& message) {
  if (!node.plain || (node.text != "true" && node.text != "false")) {
    return Wanted(field, "true or false", node);
  }
  return Store<bool>(&Reflection::SetBool, &Reflection::AddBool, field, node.text == "true",
                     message);
}

absl::Status WriteEnum(const YamlNode& node, const FieldDescriptor& field, Message& message) {
  const EnumDescriptor& type = *field.enum_type();
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    if (value.number() == 0 || EnumWord(value) != node.text) continue;
    return Store<const EnumValueDescriptor*>(&Reflection::SetEnum, &Reflection::AddEnum, field,
                                             &value, message);
  }
  const std::vector<std::string> words = EnumWords(type);
  return absl::InvalidArgumentError(absl::StrCat(
      Wanted(field, absl::StrJoin(words, " | "), node).message(), DidYouMean(node.text, words)));
}

}  // namespace

absl::Status WriteScalar(const YamlNode& node, const FieldDescriptor& field, Message& message) {
  if (node.kind != YamlNode::Kind::kScalar) return Wanted(field, "one value", node);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      return WriteEnum(node, field, message);
    case FieldDescriptor::CPPTYPE_STRING:
      return Store<std::string>(&Reflection::SetString, &Reflection::AddString, field, node.text,
                                message);
    case FieldDescriptor::CPPTYPE_BOOL:
      return WriteBool(node, field, message);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return WriteDouble(node, field, message);
    case FieldDescriptor::CPPTYPE_UINT64:
      return WriteWholeNumber<uint64_t>(&Reflection::SetUInt64, &Reflection::AddUInt64, node, field,
                                        message);
    default:
      return WriteWholeNumber<uint32_t>(&Reflection::SetUInt32, &Reflection::AddUInt32, node, field,
                                        message);
  }
}

absl::Status WriteDuration(const YamlNode& node, google::protobuf::Duration& duration) {
  if (node.kind != YamlNode::Kind::kScalar) {
    return absl::InvalidArgumentError(
        absl::StrCat("wants a duration such as 10s or 5m, not ", DescribeNode(node)));
  }
  const auto parsed = ParseDurationText(node.text);
  if (!parsed.ok()) return parsed.status();
  duration = *parsed;
  return absl::OkStatus();
}

}  // namespace tinyjoule

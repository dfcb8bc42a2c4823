// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Enum words and google.protobuf.Value: the parts of yaml_to_proto.h that write no message.
#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/names.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

using google::protobuf::Value;

// Shortest text that reads back as the same number; no exponent for what people write without.
std::string NumberText(double number) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), number).ptr;
  return std::string(buffer, end);
}

std::string ListText(const google::protobuf::ListValue& list) {
  return absl::StrCat(
      "[",
      absl::StrJoin(list.values(), ", ",
                    [](std::string* out, const Value& item) { out->append(TextOfValue(item)); }),
      "]");
}

}  // namespace

std::vector<std::string> EnumWords(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) words.push_back(EnumWord(*type.value(i)));
  }
  return words;
}

YamlNode NodeOfValue(const Value& value) {
  YamlNode node;
  switch (value.kind_case()) {
    case Value::kListValue:
      node.kind = YamlNode::Kind::kSequence;
      for (const Value& item : value.list_value().values()) node.items.push_back(NodeOfValue(item));
      return node;
    case Value::kStructValue:
      node.kind = YamlNode::Kind::kMapping;
      for (const auto& [key, item] : value.struct_value().fields()) {
        node.entries.push_back({key, {}, NodeOfValue(item)});
      }
      return node;
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      return node;
    default:
      node.kind = YamlNode::Kind::kScalar;
      node.plain = value.kind_case() != Value::kStringValue;
      node.text = TextOfValue(value);
      return node;
  }
}

Value ValueOfNode(const YamlNode& node) {
  Value value;
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      value.set_null_value(google::protobuf::NULL_VALUE);
      return value;
    case YamlNode::Kind::kSequence:
      value.mutable_list_value();
      for (const YamlNode& item : node.items) {
        *value.mutable_list_value()->add_values() = ValueOfNode(item);
      }
      return value;
    case YamlNode::Kind::kMapping:
      value.mutable_struct_value();
      for (const YamlNode::Entry& entry : node.entries) {
        (*value.mutable_struct_value()->mutable_fields())[entry.key] = ValueOfNode(entry.value);
      }
      return value;
    case YamlNode::Kind::kScalar:
      break;
  }
  double number = 0;
  if (node.plain && (node.text == "true" || node.text == "false")) {
    value.set_bool_value(node.text == "true");
  } else if (node.plain && absl::SimpleAtod(node.text, &number) && std::isfinite(number)) {
    value.set_number_value(number);
  } else {
    value.set_string_value(node.text);
  }
  return value;
}

std::string TextOfValue(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return NumberText(value.number_value());
    case Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case Value::kStringValue:
      return value.string_value();
    case Value::kListValue:
      return ListText(value.list_value());
    case Value::kStructValue:
      return value.struct_value().ShortDebugString();
    default:
      return "";
  }
}

}  // namespace tinyjoule

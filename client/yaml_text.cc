// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/yaml_text.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "common/csv/csv_writer.h"

namespace tinyjoule {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

std::string Blanks(int count) { return std::string(static_cast<size_t>(count), ' '); }

std::string Quoted(const Value& text) {
  std::string json;
  // A string is always valid JSON.
  (void)google::protobuf::util::MessageToJsonString(text, &json);
  return json;
}

// A key that YAML would not take for something else.
bool IsPlainKey(const std::string& key) {
  return !key.empty() &&
         key.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyz"
             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == std::string::npos &&
         key.find_first_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == 0;
}

std::string KeyText(const std::string& key) {
  if (IsPlainKey(key)) return key;
  Value value;
  value.set_string_value(key);
  return Quoted(value);
}

std::string ScalarText(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return ShortestNumber(value.number_value());
    case Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case Value::kStringValue:
      return Quoted(value);
    case Value::kStructValue:
      return "{}";
    case Value::kListValue:
      return "[]";
    default:
      return "null";
  }
}

void AppendValue(const Value& value, int indent, std::string& out);

void AppendFields(const Struct& fields, int indent, std::string& out) {
  const std::map<std::string, Value> sorted(fields.fields().begin(), fields.fields().end());
  for (const auto& [key, value] : sorted) {
    absl::StrAppend(&out, Blanks(indent), KeyText(key), ":");
    AppendValue(value, indent, out);
  }
}

void AppendItems(const ListValue& list, int indent, std::string& out) {
  for (const Value& item : list.values()) {
    std::string text;
    if (item.has_struct_value() && !item.struct_value().fields().empty()) {
      AppendFields(item.struct_value(), indent + 2, text);
      // The first key stands behind the dash.
      text[static_cast<size_t>(indent)] = '-';
    } else {
      text = Blanks(indent) + "-";
      AppendValue(item, indent, text);
    }
    out += text;
  }
}

// What follows a colon or a dash, with its line break.
void AppendValue(const Value& value, int indent, std::string& out) {
  if (value.has_struct_value() && !value.struct_value().fields().empty()) {
    out += "\n";
    AppendFields(value.struct_value(), indent + 2, out);
  } else if (value.has_list_value() && !value.list_value().values().empty()) {
    out += "\n";
    AppendItems(value.list_value(), indent + 2, out);
  } else {
    absl::StrAppend(&out, " ", ScalarText(value), "\n");
  }
}

}  // namespace

std::string JsonToYaml(absl::string_view json) {
  Struct fields;
  const auto parsed = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), &fields);
  std::string out;
  if (parsed.ok()) AppendFields(fields, 0, out);
  return out.empty() ? "{}\n" : out;
}

}  // namespace tinyjoule

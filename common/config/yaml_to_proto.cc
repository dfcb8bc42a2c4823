// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/yaml_to_proto.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/config/diagnostic.h"
#include "common/config/yaml_scalar.h"
#include "google/protobuf/duration.pb.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Value;

std::string JoinKey(const std::string& path, absl::string_view key) {
  return path.empty() ? std::string(key) : absl::StrCat(path, ".", key);
}

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

std::string UnknownKey(absl::string_view key, const Descriptor& type) {
  const std::vector<std::string> names = FieldNames(type);
  std::string suggestion = DidYouMean(key, names);
  if (suggestion.empty()) {
    suggestion = absl::StrCat("; the keys here are ", absl::StrJoin(names, ", "));
  }
  return absl::StrCat("unknown key \"", key, "\"", suggestion);
}

// Messages that a file may give by their name alone.
bool IsNamedByText(const Descriptor& type) {
  return &type == v1::FeatureSpec::descriptor() || &type == v1::VariantSpec::descriptor();
}

bool IsDuration(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type() == Duration::descriptor();
}

bool IsValue(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type() == Value::descriptor();
}

bool IsPlainMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsDuration(field) &&
         !IsValue(field);
}

// A mapping or list is pointed at by its key: where it begins says little.
const YamlMark& PlaceOfValue(const YamlNode& node, const YamlMark& key_mark) {
  return node.kind == YamlNode::Kind::kScalar ? node.mark : key_mark;
}

Message& MessageFor(const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? *reflection.AddMessage(&message, &field)
                             : *reflection.MutableMessage(&message, &field);
}

// The position of the list item that `word` means: a number, or the item's name.
int FindItem(const Message& message, const FieldDescriptor& field, const std::string& word) {
  const Reflection& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, &field);
  int index = 0;
  if (ReadInteger(word, index)) return index >= 0 && index < size ? index : -1;
  const FieldDescriptor* const name = field.message_type()->FindFieldByName("name");
  if (name == nullptr || name->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return -1;
  for (int i = 0; i < size; ++i) {
    const Message& item = reflection.GetRepeatedMessage(message, &field, i);
    if (item.GetReflection()->GetString(item, name) == word) return i;
  }
  return -1;
}

}  // namespace

void YamlToProto::WriteMessage(const YamlNode& node, const std::string& path, Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  if (node.kind == YamlNode::Kind::kNull) return;
  if (node.kind == YamlNode::Kind::kScalar && IsNamedByText(type)) {
    const FieldDescriptor* const name = type.FindFieldByName("name");
    WriteField(node, node.mark, *name, JoinKey(path, "name"), message);
    return;
  }
  if (node.kind != YamlNode::Kind::kMapping) {
    const std::string where = path.empty() ? "the file" : absl::StrCat("\"", path, "\"");
    Error(node.mark, absl::StrCat(where, " wants keys and values, not ", DescribeNode(node)));
    return;
  }
  for (const YamlNode::Entry& entry : node.entries) {
    const FieldDescriptor* const field = type.FindFieldByName(entry.key);
    if (field == nullptr) {
      Error(entry.key_mark, UnknownKey(entry.key, type));
      continue;
    }
    WriteField(entry.value, entry.key_mark, *field, JoinKey(path, entry.key), message);
  }
  CheckOneofs(node, message);
}

bool YamlToProto::WriteAt(absl::string_view path, const YamlNode& node, Message& message) {
  std::vector<std::string> rest = absl::StrSplit(path, '.');
  std::string canonical;
  Message* target = &message;
  while (true) {
    const std::string key = rest.front();
    const FieldDescriptor* const field = target->GetDescriptor()->FindFieldByName(key);
    if (field == nullptr) {
      Error(node.mark,
            absl::StrCat("in the path ", path, ": ", UnknownKey(key, *target->GetDescriptor())));
      return false;
    }
    rest.erase(rest.begin());
    canonical = JoinKey(canonical, key);
    if (rest.empty()) {
      target->GetReflection()->ClearField(target, field);
      WriteField(node, node.mark, *field, canonical, *target);
      return true;
    }
    if (field->is_map()) {
      const std::string map_key = absl::StrJoin(rest, ".");
      canonical = JoinKey(canonical, map_key);
      Place(canonical, node.mark, node.mark);
      WriteMapEntry(node, map_key, *field, canonical, *target);
      return true;
    }
    target = StepInto(node, path, *field, rest, canonical, *target);
    if (target == nullptr) return false;
    if (rest.empty()) {
      target->Clear();
      Place(canonical, node.mark, node.mark);
      WriteMessage(node, canonical, *target);
      return true;
    }
  }
}

Message* YamlToProto::StepInto(const YamlNode& node, absl::string_view path, const Field& field,
                               std::vector<std::string>& rest, std::string& canonical,
                               Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (!IsPlainMessage(field)) {
    Error(node.mark,
          absl::StrCat("in the path ", path, ": \"", field.name(), "\" has nothing inside"));
    return nullptr;
  }
  if (field.is_repeated()) {
    const int index = FindItem(message, field, rest.front());
    if (index < 0) {
      Error(node.mark,
            absl::StrCat("in the path ", path, ": \"", field.name(), "\" has no item \"",
                         rest.front(), "\" (it has ", reflection.FieldSize(message, &field), ")"));
      return nullptr;
    }
    rest.erase(rest.begin());
    canonical = absl::StrCat(canonical, ".", index);
    return reflection.MutableRepeatedMessage(&message, &field, index);
  }
  const auto* const oneof = field.real_containing_oneof();
  const FieldDescriptor* const present =
      oneof == nullptr ? nullptr : reflection.GetOneofFieldDescriptor(message, oneof);
  if (present != nullptr && present != &field) {
    Error(node.mark, absl::StrCat("in the path ", path, ": this is a \"", present->name(),
                                  "\", not a \"", field.name(), "\""));
    return nullptr;
  }
  return reflection.MutableMessage(&message, &field);
}

void YamlToProto::WriteField(const YamlNode& node, const YamlMark& key_mark, const Field& field,
                             const std::string& path, Message& message) {
  Place(path, key_mark, PlaceOfValue(node, key_mark));
  if (field.is_map()) return WriteMap(node, field, path, message);
  if (field.is_repeated()) return WriteList(node, field, path, message);
  WriteItem(node, field, path, message);
}

void YamlToProto::WriteList(const YamlNode& node, const Field& field, const std::string& path,
                            Message& message) {
  if (node.kind == YamlNode::Kind::kNull) return;
  if (node.kind == YamlNode::Kind::kSequence) {
    for (size_t i = 0; i < node.items.size(); ++i) {
      const std::string item_path = absl::StrCat(path, ".", i);
      Place(item_path, node.items[i].mark, node.items[i].mark);
      WriteItem(node.items[i], field, item_path, message);
    }
    return;
  }
  if (node.kind == YamlNode::Kind::kScalar &&
      (!IsPlainMessage(field) || IsNamedByText(*field.message_type()))) {
    return WriteItem(node, field, absl::StrCat(path, ".0"), message);
  }
  Error(node.mark, absl::StrCat("\"", field.name(), "\" wants a list, not ", DescribeNode(node)));
}

void YamlToProto::WriteMap(const YamlNode& node, const Field& field, const std::string& path,
                           Message& message) {
  if (node.kind == YamlNode::Kind::kNull) return;
  if (node.kind != YamlNode::Kind::kMapping) {
    Error(node.mark,
          absl::StrCat("\"", field.name(), "\" wants keys and values, not ", DescribeNode(node)));
    return;
  }
  for (const YamlNode::Entry& entry : node.entries) {
    const std::string entry_path = JoinKey(path, entry.key);
    Place(entry_path, entry.key_mark, PlaceOfValue(entry.value, entry.key_mark));
    WriteMapEntry(entry.value, entry.key, field, entry_path, message);
  }
}

void YamlToProto::WriteMapEntry(const YamlNode& value, absl::string_view key, const Field& field,
                                const std::string& path, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  const Descriptor& type = *field.message_type();
  const FieldDescriptor& key_field = *type.map_key();
  // A later entry of the same key replaces the earlier one when the message is serialized, but
  // reflection sees both: remove the old.
  for (int i = reflection.FieldSize(message, &field) - 1; i >= 0; --i) {
    const Message& old = reflection.GetRepeatedMessage(message, &field, i);
    if (old.GetReflection()->GetString(old, &key_field) != key) continue;
    reflection.SwapElements(&message, &field, i, reflection.FieldSize(message, &field) - 1);
    reflection.RemoveLast(&message, &field);
  }
  Message& entry = *reflection.AddMessage(&message, &field);
  entry.GetReflection()->SetString(&entry, &key_field, std::string(key));
  WriteItem(value, *type.map_value(), path, entry);
}

void YamlToProto::WriteItem(const YamlNode& node, const Field& field, const std::string& path,
                            Message& message) {
  if (IsPlainMessage(field)) return WriteMessage(node, path, MessageFor(field, message));
  if (IsValue(field)) {
    static_cast<Value&>(MessageFor(field, message)) = ValueOfNode(node);
    return;
  }
  const absl::Status written =
      IsDuration(field) ? WriteDuration(node, static_cast<Duration&>(MessageFor(field, message)))
                        : WriteScalar(node, field, message);
  if (!written.ok()) Error(node.mark, std::string(written.message()));
}

void YamlToProto::CheckOneofs(const YamlNode& node, const Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    const google::protobuf::OneofDescriptor& oneof = *type.oneof_decl(i);
    std::vector<std::string> words;
    for (int j = 0; j < oneof.field_count(); ++j) words.push_back(oneof.field(j)->name());
    std::vector<const YamlNode::Entry*> given;
    for (const YamlNode::Entry& entry : node.entries) {
      const FieldDescriptor* const field = type.FindFieldByName(entry.key);
      if (field != nullptr && field->real_containing_oneof() == &oneof) given.push_back(&entry);
    }
    if (given.empty() && node.entries.empty()) {
      Error(node.mark, absl::StrCat("wants one of the keys ", absl::StrJoin(words, ", ")));
    }
    for (size_t k = 1; k < given.size(); ++k) {
      Error(given[k]->key_mark,
            absl::StrCat("\"", given[k]->key, "\" cannot stand beside \"", given[0]->key,
                         "\": one of ", absl::StrJoin(words, ", "), " in each list item"));
    }
  }
}

void YamlToProto::Error(const YamlMark& mark, const std::string& message) {
  on_error_(mark, message);
}

void YamlToProto::Place(const std::string& path, const YamlMark& key_mark,
                        const YamlMark& value_mark) {
  if (on_place_) on_place_(path, key_mark, value_mark);
}

}  // namespace tinyjoule

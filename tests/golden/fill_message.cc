// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/fill_message.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tinyjoule {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsTimestamp(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         field.message_type()->full_name() == "google.protobuf.Timestamp";
}

const google::protobuf::EnumValueDescriptor* WordOf(const FieldDescriptor& field, int number) {
  const auto* type = field.enum_type();
  return type->value(1 + number % (type->value_count() - 1));
}

void AddElement(Message& message, const FieldDescriptor& field, int number) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.AddInt32(&message, &field, -number);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.AddInt64(&message, &field, number);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.AddUInt32(&message, &field, number);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.AddUInt64(&message, &field, number);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.AddDouble(&message, &field, number + 0.125);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.AddFloat(&message, &field, static_cast<float>(number) + 0.5F);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.AddBool(&message, &field, true);
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.AddEnum(&message, &field, WordOf(field, number));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.AddString(&message, &field, absl::StrCat("text-", number));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

void FillRepeated(Message& message, const FieldDescriptor& field, int& next) {
  for (int i = 0; i < 2; ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      FillDistinct(*message.GetReflection()->AddMessage(&message, &field), next);
    } else {
      AddElement(message, field, next++);
    }
  }
}

}  // namespace

void FillField(Message& message, const FieldDescriptor& field, int number) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&message, &field, number);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(&message, &field, number);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(&message, &field, number);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.SetUInt64(&message, &field, number);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.SetDouble(&message, &field, number + 0.125);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.SetFloat(&message, &field, static_cast<float>(number) + 0.5F);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(&message, &field, true);
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.SetEnum(&message, &field, WordOf(field, number));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&message, &field, absl::StrCat("text-", number));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

void FillDistinct(Message& message, int& next) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) {
      FillRepeated(message, field, next);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      FillDistinct(*message.GetReflection()->MutableMessage(&message, &field), next);
    } else {
      FillField(message, field, next++);
    }
  }
}

std::vector<std::string> LeafPaths(const Descriptor& type) {
  std::vector<std::string> paths;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool is_leaf =
        field.is_repeated() || field.message_type() == nullptr || IsTimestamp(field);
    if (is_leaf) {
      paths.push_back(field.name());
      continue;
    }
    for (const std::string& below : LeafPaths(*field.message_type())) {
      paths.push_back(absl::StrCat(field.name(), ".", below));
    }
  }
  return paths;
}

FieldPlace FindPlace(Message& message, const std::string& path) {
  FieldPlace place{&message, nullptr};
  for (const std::string& name : std::vector<std::string>(absl::StrSplit(path, '.'))) {
    if (place.field != nullptr) {
      place.owner = place.owner->GetReflection()->MutableMessage(place.owner, place.field);
    }
    place.field = place.owner->GetDescriptor()->FindFieldByName(name);
  }
  return place;
}

}  // namespace tinyjoule

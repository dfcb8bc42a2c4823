// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_GOLDEN_FILL_MESSAGE_H_
#define TESTS_GOLDEN_FILL_MESSAGE_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tinyjoule {

// Sets every field of a message, and of the messages in it, to a value that no other field has:
// two elements in repeated fields, the last member of a oneof, known words of enums. Booleans are
// true. Numbers are taken from `next` on. The same message type gives the same values.
void FillDistinct(google::protobuf::Message& message, int& next);

// Sets one singular field that is not a message to a value made of `number`.
void FillField(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
               int number);

// Dotted paths of all singular leaf fields below a type ("energy.energy_j"); time stamps and
// repeated fields count as leaves.
std::vector<std::string> LeafPaths(const google::protobuf::Descriptor& type);

// The message that holds the last field of a path, and that field.
struct FieldPlace {
  google::protobuf::Message* owner;
  const google::protobuf::FieldDescriptor* field;
};
FieldPlace FindPlace(google::protobuf::Message& message, const std::string& path);

}  // namespace tinyjoule

#endif  // TESTS_GOLDEN_FILL_MESSAGE_H_

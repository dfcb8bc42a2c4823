// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_YAML_TO_PROTO_H_
#define COMMON_CONFIG_YAML_TO_PROTO_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/config/yaml_document.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"

namespace tinyjoule {

// Writes YAML into protobuf messages by their descriptors, so that a field that is added to a
// message is a key of the file. Keys are field names; words of an enum are its values in lower case
// without the enum's prefix; google.protobuf.Duration is "1h30m"; a repeated scalar takes one value
// or a list; a oneof takes exactly one of its keys; a FeatureSpec or VariantSpec may be its name
// alone. Paths have dots and list positions from 0: "variants.1.compress.0.prune". One thread.
class YamlToProto {
 public:
  // Called for every error, and for every value that was written: its path, where its key (or list
  // item) stands, and where the value stands.
  using OnError = std::function<void(const YamlMark& mark, const std::string& message)>;
  using OnPlace = std::function<void(const std::string& path, const YamlMark& key_mark,
                                     const YamlMark& value_mark)>;

  explicit YamlToProto(OnError on_error, OnPlace on_place = nullptr)
      : on_error_(std::move(on_error)), on_place_(std::move(on_place)) {}

  // `path` is the message's own, empty for the root.
  void WriteMessage(const YamlNode& node, const std::string& path,
                    google::protobuf::Message& message);

  // Writes one value at a path below `message`. A list position may also be the name of the item
  // ("models.tinycnn.kernel"); it must exist. The rest of a path inside a map is the map's key.
  // False, and an error at the node's mark, when the path does not lead to a value.
  bool WriteAt(absl::string_view path, const YamlNode& node, google::protobuf::Message& message);

 private:
  using Field = google::protobuf::FieldDescriptor;

  void WriteField(const YamlNode& node, const YamlMark& key_mark, const Field& field,
                  const std::string& path, google::protobuf::Message& message);
  void WriteList(const YamlNode& node, const Field& field, const std::string& path,
                 google::protobuf::Message& message);
  void WriteMap(const YamlNode& node, const Field& field, const std::string& path,
                google::protobuf::Message& message);
  void WriteMapEntry(const YamlNode& value, absl::string_view key, const Field& field,
                     const std::string& path, google::protobuf::Message& message);
  void WriteItem(const YamlNode& node, const Field& field, const std::string& path,
                 google::protobuf::Message& message);
  void CheckOneofs(const YamlNode& node, const google::protobuf::Message& message);
  google::protobuf::Message* StepInto(const YamlNode& node, absl::string_view path,
                                      const Field& field, std::vector<std::string>& rest,
                                      std::string& canonical, google::protobuf::Message& message);
  void Error(const YamlMark& mark, const std::string& message);
  void Place(const std::string& path, const YamlMark& key_mark, const YamlMark& value_mark);

  OnError on_error_;
  OnPlace on_place_;
};

// Every word of an enum but "unspecified".
std::vector<std::string> EnumWords(const google::protobuf::EnumDescriptor& type);

// The value as a node, as if it stood in a file, and back; and as text, the shortest that reads
// back.
YamlNode NodeOfValue(const google::protobuf::Value& value);
google::protobuf::Value ValueOfNode(const YamlNode& node);
std::string TextOfValue(const google::protobuf::Value& value);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_YAML_TO_PROTO_H_

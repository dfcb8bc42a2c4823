// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// docs/sweep-file.md names every key of the format, and the defaults that the program has.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/names.h"
#include "common/config/duration_text.h"
#include "common/config/sweep_file.h"
#include "common/config/yaml_to_proto.h"
#include "tests/support/paths.h"

namespace tinyjoule {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool HasFieldsOfOurs(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         absl::StartsWith(field.message_type()->full_name(), "tinyjoule.");
}

// A student or a teacher, which is a model as under models[].
bool IsModelElsewhere(const FieldDescriptor& field) {
  return field.name() == "student" || field.name() == "teacher";
}

// Keys as the page writes them. A list of mappings is a key itself and its items' keys; what
// stands in two places (a student is a model, a variant's parameters are parameters) is listed
// once.
void CollectPaths(const Descriptor& type, const std::string& prefix, std::set<std::string>& paths) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    std::string path = absl::StrCat(prefix, field.name());
    if (field.is_map()) {
      path += ".KEY";
      paths.insert(path);
      if (path == "parameters.KEY") {
        CollectPaths(*v1::ParameterRange::descriptor(), path + ".", paths);
      }
    } else if (!HasFieldsOfOurs(field) || IsModelElsewhere(field)) {
      paths.insert(path);
    } else if (field.is_repeated()) {
      paths.insert(path);
      CollectPaths(*field.message_type(), path + "[].", paths);
    } else {
      CollectPaths(*field.message_type(), path + ".", paths);
    }
  }
}

std::string Text(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumWord(*(repeated ? reflection.GetRepeatedEnum(message, &field, index)
                                 : reflection.GetEnum(message, &field)));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(repeated ? reflection.GetRepeatedUInt32(message, &field, index)
                                   : reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(repeated ? reflection.GetRepeatedUInt64(message, &field, index)
                                   : reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_STRING:
      return repeated ? reflection.GetRepeatedString(message, &field, index)
                      : reflection.GetString(message, &field);
    default:
      return FormatDurationText(
          static_cast<const google::protobuf::Duration&>(reflection.GetMessage(message, &field)));
  }
}

// Every value that the message has, by path.
void CollectValues(const Message& message, const std::string& prefix,
                   std::map<std::string, std::string>& values) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string path = absl::StrCat(prefix, field->name());
    if (field->is_map() || IsModelElsewhere(*field)) continue;
    if (HasFieldsOfOurs(*field) && field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        CollectValues(reflection.GetRepeatedMessage(message, field, i), path + "[].", values);
      }
    } else if (HasFieldsOfOurs(*field)) {
      CollectValues(reflection.GetMessage(message, field), path + ".", values);
    } else if (field->is_repeated()) {
      std::vector<std::string> items;
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        items.push_back(Text(message, *field, i));
      }
      values.emplace(path, absl::StrCat("[", absl::StrJoin(items, ", "), "]"));
    } else {
      values.emplace(path, Text(message, *field, 0));
    }
  }
}

v1::SweepSpec SpecOf(v1::DatasetType type, v1::SplitMethod split) {
  v1::SweepSpec spec;
  spec.mutable_dataset()->set_type(type);
  spec.mutable_dataset()->mutable_split()->set_method(split);
  spec.mutable_dataset()->add_features()->set_lag("x");
  for (const v1::ModelType model : {v1::MODEL_TYPE_TINYCNN, v1::MODEL_TYPE_TINYMLP,
                                    v1::MODEL_TYPE_TINYKNN, v1::MODEL_TYPE_MOBILENET_V1}) {
    v1::ModelSpec& added = *spec.add_models();
    added.set_type(model);
    added.set_name("m");
  }
  v1::VariantSpec& variant = *spec.add_variants();
  variant.set_name("v");
  variant.add_compress()->mutable_prune();
  variant.add_compress()->mutable_prune()->set_schedule(v1::PRUNE_SCHEDULE_GRADUAL);
  variant.add_compress()->mutable_finetune();
  variant.add_compress()->mutable_quantize();
  variant.add_compress()->mutable_distill();
  variant.add_compress()->mutable_cluster();
  return spec;
}

// What the defaults add to sweeps that say as little as they can.
std::map<std::string, std::string> Defaults() {
  std::map<std::string, std::string> defaults, given;
  for (const auto& [type, split] :
       {std::make_pair(v1::DATASET_TYPE_CSV, v1::SPLIT_METHOD_UNSPECIFIED),
        std::make_pair(v1::DATASET_TYPE_SYNTHETIC_WEATHER, v1::SPLIT_METHOD_UNSPECIFIED),
        std::make_pair(v1::DATASET_TYPE_CSV, v1::SPLIT_METHOD_HOLDOUT)}) {
    v1::SweepSpec spec = SpecOf(type, split);
    CollectValues(SpecOf(type, v1::SPLIT_METHOD_UNSPECIFIED), "", given);
    ApplySweepDefaults(spec);
    CollectValues(spec, "", defaults);
  }
  for (const auto& [path, value] : given) {
    // Not where one of two steps says something else than the other's default.
    if (const auto found = defaults.find(path); found != defaults.end() && found->second == value) {
      defaults.erase(found);
    }
  }
  return defaults;
}

std::map<std::string, std::string> DocumentedDefaults() {
  std::ifstream page(SourcePath("docs/sweep-file.md"));
  std::map<std::string, std::string> documented;
  for (std::string line; std::getline(page, line);) {
    if (!absl::StartsWith(line, "| `")) continue;
    const std::vector<std::string> cells = absl::StrSplit(line, '|');
    const auto clean = [](absl::string_view cell) {
      return absl::StrReplaceAll(absl::StripAsciiWhitespace(cell), {{"`", ""}});
    };
    EXPECT_TRUE(documented.emplace(clean(cells[1]), clean(cells[3])).second) << line;
  }
  return documented;
}

TEST(SweepFileDocTest, NamesEveryKeyAndNoOther) {
  std::set<std::string> paths, documented;
  CollectPaths(*v1::SweepSpec::descriptor(), "", paths);
  for (const auto& [path, value] : DocumentedDefaults()) documented.insert(path);
  EXPECT_EQ(absl::StrJoin(documented, "\n"), absl::StrJoin(paths, "\n"));
}

TEST(SweepFileDocTest, NamesTheProgramsDefaults) {
  const std::map<std::string, std::string> defaults = Defaults();
  EXPECT_GT(defaults.size(), 40u);
  for (const auto& [path, documented] : DocumentedDefaults()) {
    const auto found = defaults.find(path);
    const std::string expected = found == defaults.end() ? "" : found->second;
    EXPECT_EQ(documented == "required" ? "" : documented, expected) << path;
  }
}

TEST(SweepFileDocTest, ExamplesAreValid) {
  size_t examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SourcePath("docs/examples"))) {
    if (entry.path().extension() != ".yaml") continue;
    std::ifstream file(entry.path());
    const std::string yaml{std::istreambuf_iterator<char>(file), {}};
    const ParsedSweep parsed = ParseSweep(yaml, entry.path().filename().string(), {});
    EXPECT_TRUE(parsed.ok()) << FormatDiagnostics(parsed.diagnostics);
    ++examples;
  }
  EXPECT_GE(examples, 3u);
}

}  // namespace
}  // namespace tinyjoule

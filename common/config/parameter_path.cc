// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/parameter_path.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/config/diagnostic.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

// What decides which files are read and how many folds there are belongs to the sweep as a whole.
constexpr absl::string_view kFixed[] = {"dataset.type",  "dataset.path", "dataset.paths",
                                        "dataset.split", "model.name",   "model.type",
                                        "model.path"};

bool IsAtOrBelow(absl::string_view path, absl::string_view root) {
  return path == root || (absl::StartsWith(path, root) && path[root.size()] == '.');
}

absl::Status CheckRoot(absl::string_view path) {
  for (const absl::string_view fixed : kFixed) {
    if (IsAtOrBelow(path, fixed)) {
      return absl::InvalidArgumentError(absl::StrCat(path, " cannot be swept"));
    }
  }
  const std::vector<std::string> roots = {"train", "model", "dataset", "compress"};
  for (const std::string& root : roots) {
    if (absl::StartsWith(path, root + ".")) return absl::OkStatus();
  }
  const std::string first(path.substr(0, path.find('.')));
  return absl::InvalidArgumentError(absl::StrCat(
      "the parameter \"", path, "\" begins with none of train, model, dataset, compress",
      DidYouMean(first, roots)));
}

}  // namespace

absl::Status ApplyParameter(const std::string& path, const google::protobuf::Value& value,
                            v1::TrialSpec& trial) {
  if (absl::Status root = CheckRoot(path); !root.ok()) return root;
  std::string first_error;
  YamlToProto writer([&](const YamlMark&, const std::string& message) {
    if (first_error.empty()) first_error = message;
  });
  writer.WriteAt(path, NodeOfValue(value), trial);
  return first_error.empty() ? absl::OkStatus() : absl::InvalidArgumentError(first_error);
}

std::string ParametersText(const std::map<std::string, std::string>& parameters) {
  std::string text;
  for (const auto& [path, value] : parameters) {
    absl::StrAppend(&text, text.empty() ? "" : " ", path.substr(path.rfind('.') + 1), "=", value);
  }
  return text;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/daemon_options.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/config/yaml_document.h"

namespace tinyjoule {
namespace {

constexpr char kConfigFlag[] = "config";

// Gives CLI11 the keys of a YAML file. CLI11 lets a file win over the environment; ours is the
// other way round, so keys that the environment has too are left out here.
class YamlConfig final : public CLI::Config {
 public:
  YamlConfig(const CLI::App& app, std::string file_name)
      : app_(app), file_name_(std::move(file_name)) {}

  std::string to_config(const CLI::App*, bool, bool, std::string) const override { return ""; }

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    const std::string yaml(std::istreambuf_iterator<char>(input), {});
    const YamlDocument document = YamlDocument::Parse(yaml, file_name_);
    std::vector<Diagnostic> diagnostics = document.diagnostics();
    std::vector<CLI::ConfigItem> read;
    const YamlNode& root = document.root();
    if (root.kind != YamlNode::Kind::kMapping && root.kind != YamlNode::Kind::kNull) {
      diagnostics.push_back(document.At(root.mark, "the file wants keys and values"));
    }
    for (const YamlNode::Entry& entry : root.entries) {
      ReadEntry(document, entry, read, diagnostics);
    }
    if (HasErrors(diagnostics)) throw CLI::ConfigError(FormatDiagnostics(diagnostics));
    return read;
  }

 private:
  std::vector<std::string> Flags() const {
    std::vector<std::string> flags;
    for (const CLI::Option* option : app_.get_options()) {
      if (option->get_configurable() && !option->get_lnames().empty()) {
        flags.push_back(option->get_lnames().front());
      }
    }
    return flags;
  }

  void ReadEntry(const YamlDocument& document, const YamlNode::Entry& entry,
                 std::vector<CLI::ConfigItem>& read, std::vector<Diagnostic>& diagnostics) const {
    const std::string flag = absl::StrReplaceAll(entry.key, {{"_", "-"}});
    const std::vector<std::string> flags = Flags();
    if (std::find(flags.begin(), flags.end(), flag) == flags.end()) {
      diagnostics.push_back(
          document.At(entry.key_mark,
                      absl::StrCat("unknown key \"", entry.key, "\"", DidYouMean(flag, flags))));
      return;
    }
    CLI::ConfigItem item;
    item.name = flag;
    if (!ReadInputs(entry.value, item.inputs)) {
      diagnostics.push_back(document.At(
          entry.value.mark, absl::StrCat("\"", entry.key, "\" wants one value or a list, not ",
                                         DescribeNode(entry.value))));
      return;
    }
    if (std::getenv(EnvironmentName(flag).c_str()) == nullptr) read.push_back(std::move(item));
  }

  // A value, a list of values, or a mapping of labels.
  static bool ReadInputs(const YamlNode& node, std::vector<std::string>& inputs) {
    if (node.kind == YamlNode::Kind::kScalar) inputs.push_back(node.text);
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::kScalar) return false;
      inputs.push_back(item.text);
    }
    for (const YamlNode::Entry& label : node.entries) {
      if (label.value.kind != YamlNode::Kind::kScalar) return false;
      inputs.push_back(absl::StrCat(label.key, "=", label.value.text));
    }
    return node.kind != YamlNode::Kind::kNull;
  }

  const CLI::App& app_;
  const std::string file_name_;
};

// The file that --config or TINYJOULE_CONFIG names; the flag wins. Looked for before CLI11 parses,
// because the messages of YamlConfig want the name.
std::string ConfigFileName(int argc, const char* const* argv) {
  const std::string flag = absl::StrCat("--", kConfigFlag);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == flag && i + 1 < argc) return argv[i + 1];
    if (argument.rfind(flag + "=", 0) == 0) return argument.substr(flag.size() + 1);
  }
  const char* const from_environment = std::getenv(EnvironmentName(kConfigFlag).c_str());
  return from_environment == nullptr ? "" : from_environment;
}

void NameEnvironment(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const bool is_ours = option->get_configurable() && !option->get_lnames().empty();
    if (!is_ours) continue;
    option->envname(EnvironmentName(option->get_lnames().front()));
    // A repeatable option is comma-separated in the environment.
    if (option->get_items_expected_max() > 1) option->delimiter(',');
  }
}

}  // namespace

std::string EnvironmentName(const std::string& flag) {
  return absl::StrCat("TINYJOULE_", absl::AsciiStrToUpper(absl::StrReplaceAll(flag, {{"-", "_"}})));
}

std::optional<int> ParseDaemonOptions(CLI::App& app, int argc, const char* const* argv) {
  NameEnvironment(app);
  app.set_config(absl::StrCat("--", kConfigFlag), ConfigFileName(argc, argv),
                 "YAML file with the same keys as the flags");
  app.config_formatter(std::make_shared<YamlConfig>(app, ConfigFileName(argc, argv)));
  app.allow_config_extras(CLI::config_extras_mode::error);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    std::cerr << app.get_name() << ": " << error.what() << "\n";
    constexpr int kUsageError = 2;
    return kUsageError;
  }
  return std::nullopt;
}

}  // namespace tinyjoule

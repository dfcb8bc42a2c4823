// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/completion.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "client/commands.h"

namespace tinyjoule {
namespace {

std::string WordsAfter(const CLI::App& app) {
  std::string words;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    absl::StrAppend(&words, sub->get_name(), " ");
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) absl::StrAppend(&words, "--", name, " ");
  }
  return words;
}

// One line of the shell's case for each verb, its sub-verbs included.
void AppendCases(const CLI::App& app, const std::string& path, std::string& cases) {
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string name = absl::StrCat(path, sub->get_name());
    std::string words = WordsAfter(*sub);
    if (name == "list") absl::StrAppend(&words, "sweeps trials runs agents ");
    if (name == "completion") absl::StrAppend(&words, "bash zsh ");
    absl::StrAppend(&cases, "    '", name, "') words='", words, "' ;;\n");
    AppendCases(*sub, name + " ", cases);
  }
}

}  // namespace

std::string CompletionScript(const CLI::App& root, const std::string& shell) {
  std::string cases;
  AppendCases(root, "", cases);
  return absl::StrCat(
      shell == "zsh" ? "#compdef coord\nautoload -U +X bashcompinit && bashcompinit\n" : "",
      "_coord() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" verb='' word words i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=\"${COMP_WORDS[i]}\"\n"
      "    case $word in -*) ;; *)\n"
      "      if [ -z \"$verb\" ]; then verb=$word; elif [ \"$verb\" = agents ]; then verb=\"agents "
      "$word\"; fi ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$verb\" in\n"
      "    '') words='",
      WordsAfter(root), "' ;;\n", cases,
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\") $(compgen -f -- \"$cur\"))\n"
      "}\n"
      "complete -o filenames -F _coord coord\n");
}

void AddCompletion(CLI::App& root, Command& chosen) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* verb = root.add_subcommand("completion", "A completion script for bash or zsh");
  verb->add_option("SHELL", *shell, "bash | zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  verb->callback([&root, shell, &chosen] {
    chosen = [&root, shell](Session& session) {
      session.console.out << CompletionScript(root, *shell);
      return static_cast<int>(kExitOk);
    };
  });
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/coord_app.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "common/config/diagnostic.h"

namespace tinyjoule {
namespace {

struct GlobalOptions {
  Connection::Options connection;
  std::string format = "table";
};

const std::map<std::string, OutputFormat>& Formats() {
  static const auto* const formats =
      new std::map<std::string, OutputFormat>{{"table", OutputFormat::kTable},
                                              {"json", OutputFormat::kJson},
                                              {"yaml", OutputFormat::kYaml},
                                              {"csv", OutputFormat::kCsv}};
  return *formats;
}

void AddGlobalOptions(CLI::App& root, GlobalOptions& options) {
  Connection::Options& connection = options.connection;
  root.add_option("--coordinator", connection.address, "HOST:PORT of the coordinator")
      ->envname("COORD_ADDR")
      ->capture_default_str();
  root.add_option("-o,--output", options.format, "table | json | yaml | csv")
      ->check(CLI::IsMember({"table", "json", "yaml", "csv"}))
      ->capture_default_str();
  root.add_option("--tls-ca", connection.channel.tls.ca, "PEM file: who the coordinator must be");
  root.add_option("--tls-cert", connection.channel.tls.certificate, "PEM file: who we are");
  root.add_option("--tls-key", connection.channel.tls.key, "PEM file: the certificate's key");
  root.add_flag("--insecure", connection.channel.insecure,
                "Plaintext to another machine, said aloud");
}

void AddVerbs(CLI::App& root, Command& chosen) {
  for (const auto add : {AddLint, AddPlan, AddSubmit, AddList, AddShow, AddWatch, AddWait, AddPower,
                         AddCancel, AddRetry, AddLogs, AddExport, AddReport, AddCompare, AddVerify,
                         AddAgents, AddVersion, AddCompletion}) {
    add(root, chosen);
  }
  // Global options may stand behind the verb, too.
  for (CLI::App* verb : root.get_subcommands([](const CLI::App*) { return true; })) {
    verb->fallthrough();
    for (CLI::App* sub : verb->get_subcommands([](const CLI::App*) { return true; })) {
      sub->fallthrough();
    }
  }
}

// CLI11 only says that a verb is required when the word that stands there is none.
std::string UnknownVerb(const CLI::App& root, const std::vector<std::string>& rest) {
  std::vector<std::string> verbs;
  for (const CLI::App* verb : root.get_subcommands([](const CLI::App*) { return true; })) {
    verbs.push_back(verb->get_name());
  }
  for (const std::string& word : rest) {
    if (!word.empty() && word[0] != '-') {
      return absl::StrCat("there is no verb ", word, DidYouMean(word, verbs));
    }
  }
  return "";
}

int SayUsageError(const CLI::App& root, const CLI::ParseError& error, Console& console) {
  const std::string unknown = error.get_name() == "RequiredError" && root.get_subcommands().empty()
                                  ? UnknownVerb(root, root.remaining())
                                  : "";
  if (unknown.empty()) {
    const int code = root.exit(error, console.out, console.err);
    return code == 0 ? kExitOk : kExitUsage;
  }
  console.err << unknown << "\nRun with --help for more information.\n";
  return kExitUsage;
}

}  // namespace

int RunCoord(const std::vector<std::string>& arguments, Console& console, Interrupts& interrupts) {
  CLI::App root("Measures what compression of small models really saves.", "coord");
  root.require_subcommand(1);
  root.set_version_flag("--version", absl::StrCat("coord ", TINYJOULE_VERSION));
  GlobalOptions options;
  Command chosen;
  AddGlobalOptions(root, options);
  AddVerbs(root, chosen);
  try {
    // CLI11 wants the arguments in reverse.
    root.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return SayUsageError(root, error, console);
  }
  Connection connection(std::move(options.connection), interrupts);
  Session session{console, connection, interrupts, Formats().at(options.format)};
  const int code = chosen(session);
  return interrupts.interrupted() ? static_cast<int>(kExitInterrupted) : code;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "client/commands.h"
#include "client/sweep_input.h"
#include "common/config/sweep_expansion.h"

namespace tinyjoule {
namespace {

struct LintOptions {
  std::vector<std::string> files;
  std::vector<std::string> overrides;
};

int LintOne(Session& session, const std::string& file, const LintOptions& options) {
  const auto input = ReadSweep(session, file, options.overrides);
  if (!input.ok()) return Fail(session, kExitUsage, input.status().message());
  if (!input->parsed.ok()) return kExitUsage;
  const auto trials = ExpandSweep(input->parsed.spec);
  if (!trials.ok()) return Fail(session, trials.status());
  const auto files = CollectFiles(*input);
  if (!files.ok()) return Fail(session, kExitUsage, files.status().message());
  session.console.out << file << ": ok, " << trials->size() << " trials\n";
  return kExitOk;
}

int Lint(Session& session, const LintOptions& options) {
  int worst = kExitOk;
  for (const std::string& file : options.files) {
    worst = std::max(worst, LintOne(session, file, options));
  }
  return worst;
}

}  // namespace

void AddLint(CLI::App& root, Command& chosen) {
  const auto options = std::make_shared<LintOptions>();
  CLI::App* verb =
      root.add_subcommand("lint", "Every error of sweep files at once; needs no coordinator");
  verb->add_option("FILE", options->files, "sweep.yaml; - is standard input")->required();
  verb->add_option("--set", options->overrides, "path=value, as if the file said so; repeatable")
      ->allow_extra_args(false);
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return Lint(session, *options); };
  });
}

}  // namespace tinyjoule

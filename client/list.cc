// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/pages.h"
#include "client/tables.h"

namespace tinyjoule {
namespace {

struct ListOptions {
  std::string what;
  std::string sweep;
};

template <typename Answer>
int Print(Session& session, const absl::StatusOr<Answer>& answer, Table (*make)(const Answer&)) {
  if (!answer.ok()) return Fail(session, answer.status());
  WriteAnswer(session.console, session.format, make(*answer), *answer);
  return kExitOk;
}

int List(Session& session, const ListOptions& options) {
  if (options.what == "agents") {
    return Print(
        session,
        session.connection.Call(&v1::FleetService::Stub::ListAgents, v1::ListAgentsRequest()),
        AgentsTable);
  }
  if (options.what == "sweeps") {
    return Print(session,
                 AllPages(session, &v1::SweepService::Stub::ListSweeps, v1::ListSweepsRequest()),
                 SweepsTable);
  }
  if (options.sweep.empty()) {
    return Fail(session, kExitUsage,
                absl::StrCat("coord list ", options.what,
                             " needs a sweep's id or name; coord list sweeps shows them"));
  }
  if (options.what == "trials") {
    v1::ListTrialsRequest request;
    request.set_sweep_id(options.sweep);
    return Print(session, AllPages(session, &v1::SweepService::Stub::ListTrials, request),
                 TrialsTable);
  }
  v1::ListRunsRequest request;
  request.set_sweep_id(options.sweep);
  return Print(session, AllPages(session, &v1::RunService::Stub::ListRuns, request), RunsTable);
}

}  // namespace

void AddList(CLI::App& root, Command& chosen) {
  const auto options = std::make_shared<ListOptions>();
  CLI::App* verb = root.add_subcommand("list", "Tables of sweeps, trials, runs or agents");
  verb->add_option("WHAT", options->what, "sweeps | trials | runs | agents")
      ->required()
      ->check(CLI::IsMember({"sweeps", "trials", "runs", "agents"}));
  verb->add_option("SWEEP", options->sweep,
                   "For trials and runs: an id, a prefix of one, or a name");
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return List(session, *options); };
  });
}

}  // namespace tinyjoule

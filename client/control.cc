// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/words.h"

namespace tinyjoule {
namespace {

struct CancelOptions {
  std::string sweep;
  bool now = false;
};

int Cancel(Session& session, const CancelOptions& options) {
  v1::CancelSweepRequest request;
  request.set_sweep_id(options.sweep);
  request.set_now(options.now);
  const auto answer = session.connection.Call(&v1::SweepService::Stub::CancelSweep, request);
  if (!answer.ok()) return Fail(session, answer.status());
  const v1::Sweep& sweep = answer->sweep();
  const bool ending = sweep.state() == v1::SWEEP_STATE_RUNNING;
  session.console.out << (ending ? "cancelling" : Word(sweep.state())) << "\n";
  const uint32_t active = sweep.counts().runs_active();
  if (active > 0) {
    session.console.err << active << (active == 1 ? " run" : " runs")
                        << (options.now ? " being dropped\n"
                                        : " finishing the current window; --now drops it\n");
  }
  return kExitOk;
}

int Retry(Session& session, const std::string& sweep) {
  v1::RetrySweepRequest request;
  request.set_sweep_id(sweep);
  const auto answer = session.connection.Call(&v1::SweepService::Stub::RetrySweep, request);
  if (!answer.ok()) return Fail(session, answer.status());
  session.console.out << answer->tasks_queued() << " training tasks and " << answer->runs_queued()
                      << " runs queued\n";
  return kExitOk;
}

int Logs(Session& session, const std::string& id) {
  v1::GetLogRequest request;
  request.set_id(id);
  const auto answer = session.connection.Call(&v1::RunService::Stub::GetLog, request);
  if (!answer.ok()) return Fail(session, answer.status());
  session.console.out << answer->text();
  if (answer->text().empty()) session.console.err << "the log is empty\n";
  return kExitOk;
}

}  // namespace

void AddCancel(CLI::App& root, Command& chosen) {
  const auto options = std::make_shared<CancelOptions>();
  CLI::App* verb = root.add_subcommand("cancel", "Ends a sweep; a run finishes its window first");
  verb->add_option("SWEEP", options->sweep, "An id, a prefix of one, or a name")->required();
  verb->add_flag("--now", options->now, "Drop the window that is being measured");
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return Cancel(session, *options); };
  });
}

void AddRetry(CLI::App& root, Command& chosen) {
  const auto sweep = std::make_shared<std::string>();
  CLI::App* verb = root.add_subcommand("retry", "Failed, lost and invalid work of a sweep again");
  verb->add_option("SWEEP", *sweep, "An id, a prefix of one, or a name")->required();
  verb->callback(
      [sweep, &chosen] { chosen = [sweep](Session& session) { return Retry(session, *sweep); }; });
}

void AddLogs(CLI::App& root, Command& chosen) {
  const auto id = std::make_shared<std::string>();
  CLI::App* verb = root.add_subcommand("logs", "The log of a run or of a training task");
  verb->add_option("ID", *id, "A run's or task's id, or a prefix of one")->required();
  verb->callback([id, &chosen] { chosen = [id](Session& session) { return Logs(session, *id); }; });
}

}  // namespace tinyjoule

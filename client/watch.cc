// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "client/commands.h"
#include "client/watching.h"
#include "client/words.h"
#include "common/config/duration_text.h"

namespace tinyjoule {
namespace {

struct WaitOptions {
  std::string sweep;
  std::string timeout;
};

absl::StatusOr<std::string> Resolve(Session& session, const std::string& id) {
  v1::GetSweepRequest request;
  request.set_sweep_id(id);
  const auto answer = session.connection.Call(&v1::SweepService::Stub::GetSweep, request);
  if (!answer.ok()) return answer.status();
  return answer->sweep().sweep_id();
}

int Watch(Session& session, const std::string& id) {
  const auto sweep_id = Resolve(session, id);
  if (!sweep_id.ok()) return Fail(session, sweep_id.status());
  return WatchUntilTheEnd(session, *sweep_id);
}

int Wait(Session& session, const WaitOptions& options) {
  int64_t timeout_ns = 0;
  if (!options.timeout.empty()) {
    const auto parsed = ParseDurationText(options.timeout);
    if (!parsed.ok()) return Fail(session, kExitUsage, parsed.status().message());
    timeout_ns = DurationToNs(*parsed);
  }
  const auto sweep_id = Resolve(session, options.sweep);
  if (!sweep_id.ok()) return Fail(session, sweep_id.status());
  const auto end = FollowSweep(
      session, *sweep_id, timeout_ns, [](const v1::WatchSweepResponse&) {},
      [&](const std::string& line) { session.console.err << line << "\n"; });
  if (absl::IsDeadlineExceeded(end.status())) {
    return Fail(session, kExitTimedOut, "the sweep has not ended within " + options.timeout);
  }
  if (!end.ok()) return Fail(session, end.status());
  session.console.out << Word(end->state) << "\n";
  return ExitCodeOf(end->state, end->counts);
}

}  // namespace

void AddWatch(CLI::App& root, Command& chosen) {
  const auto id = std::make_shared<std::string>();
  CLI::App* verb = root.add_subcommand("watch", "Live progress of a sweep until it ends");
  verb->add_option("SWEEP", *id, "An id, a prefix of one, or a name")->required();
  verb->callback(
      [id, &chosen] { chosen = [id](Session& session) { return Watch(session, *id); }; });
}

void AddWait(CLI::App& root, Command& chosen) {
  const auto options = std::make_shared<WaitOptions>();
  CLI::App* verb =
      root.add_subcommand("wait", "Returns when a sweep has ended, with its exit code");
  verb->add_option("SWEEP", options->sweep, "An id, a prefix of one, or a name")->required();
  verb->add_option("--timeout", options->timeout, "At most so long, such as 90s or 2h; then 124");
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return Wait(session, *options); };
  });
}

}  // namespace tinyjoule

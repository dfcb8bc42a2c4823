// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/watching.h"

#include "absl/strings/str_cat.h"
#include "client/progress.h"
#include "client/words.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"

namespace tinyjoule {
namespace {

bool HasEnded(v1::SweepState state) {
  return state == v1::SWEEP_STATE_SUCCEEDED || state == v1::SWEEP_STATE_FAILED ||
         state == v1::SWEEP_STATE_CANCELLED;
}

// Ends the call when the time is up.
class Alarm {
 public:
  Alarm(int64_t timeout_ns)
      : deadline_ns_(timeout_ns > 0 ? clock_.MonotonicNs() + timeout_ns : 0) {}
  bool rang() const { return deadline_ns_ > 0 && clock_.MonotonicNs() >= deadline_ns_; }

 private:
  SystemClock clock_;
  const int64_t deadline_ns_;
};

}  // namespace

absl::StatusOr<SweepEnd> FollowSweep(
    Session& session, const std::string& sweep_id, int64_t timeout_ns,
    const std::function<void(const v1::WatchSweepResponse&)>& on_event,
    const std::function<void(const std::string&)>& on_trouble) {
  SweepEnd end;
  v1::WatchSweepRequest request;
  request.set_sweep_id(sweep_id);
  SystemRandom random;
  Backoff backoff({200 * kNsPerMs, 5 * kNsPerSecond}, random);
  bool away = false;
  session.connection.set_stream_timeout_ns(timeout_ns);
  const Alarm alarm(timeout_ns);
  while (true) {
    const absl::Status status =
        session.connection
            .Stream<v1::SweepService::Stub, v1::WatchSweepRequest, v1::WatchSweepResponse>(
                &v1::SweepService::Stub::WatchSweep, request,
                [&](const v1::WatchSweepResponse& event) {
                  if (away) on_trouble("the coordinator is back");
                  away = false;
                  backoff.Reset();
                  request.set_after_sequence(std::max(request.after_sequence(), event.sequence()));
                  if (event.has_counts()) end.counts = event.counts();
                  if (event.state() != v1::SWEEP_STATE_UNSPECIFIED) end.state = event.state();
                  on_event(event);
                  return true;
                });
    if (status.ok() && HasEnded(end.state)) return end;
    if (session.interrupts.interrupted()) return absl::CancelledError("interrupted");
    if (alarm.rang()) return absl::DeadlineExceededError("the time is up");
    if (!status.ok() && !absl::IsUnavailable(status)) return status;
    // Never reached at all: the address is wrong, and waiting would hide it.
    if (request.after_sequence() == 0 && end.state == v1::SWEEP_STATE_UNSPECIFIED && !status.ok()) {
      return status;
    }
    if (!away && !status.ok()) on_trouble("the coordinator is away; trying again");
    away = !status.ok();
    session.interrupts.WaitFor(backoff.NextDelayNs());
  }
}

int WatchUntilTheEnd(Session& session, const std::string& sweep_id) {
  absl::StatusOr<SweepEnd> end;
  {
    SweepProgress progress(session.console);
    end = FollowSweep(
        session, sweep_id, 0, [&](const v1::WatchSweepResponse& event) { progress.Show(event); },
        [&](const std::string& line) { progress.Say(line); });
  }
  if (absl::IsCancelled(end.status())) {
    const std::string id = ShortId(sweep_id);
    session.console.err << "\nThe sweep goes on.\n  coord watch " << id << "   shows it\n"
                        << "  coord cancel " << id << "  ends it\n";
    return kExitInterrupted;
  }
  if (!end.ok()) return Fail(session, end.status());
  const v1::SweepCounts& counts = end->counts;
  session.console.err
      << "sweep " << ShortId(sweep_id) << " " << Word(end->state) << ": " << counts.runs_succeeded()
      << " of " << counts.runs() << " runs succeeded"
      << (counts.runs_failed() > 0 ? absl::StrCat(", ", counts.runs_failed(), " failed") : "")
      << (counts.runs_invalid() > 0 ? absl::StrCat(", ", counts.runs_invalid(), " invalid") : "")
      << (counts.tasks_failed() > 0
              ? absl::StrCat(", ", counts.tasks_failed(), " training tasks failed")
              : "")
      << "\n";
  return ExitCodeOf(end->state, counts);
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_RUNNER_H_
#define TESTS_SUPPORT_FAKE_RUNNER_H_

#include <algorithm>
#include <csignal>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/child_process.h"
#include "common/base/framing.h"
#include "tests/support/fake_clock.h"
#include "tinyjoule/v1/runner.pb.h"

namespace tinyjoule {

// A runner that speaks runner.proto in the test's own thread and by the test's own clock: waiting
// for it moves the clock. It can break at any command.
class FakeRunner final : public ProcessLauncher {
 public:
  enum class Fault { kNone, kCrash, kHang, kGarbage, kFailure, kWrongEvent };
  struct Behaviour {
    int64_t latency_ns = 1 * kNsPerMs;
    uint64_t rows = 5;
    uint32_t values_per_row = 1;
    // Every pilot is this much slower than the one before: never steady.
    double latency_growth = 1.0;
    // What happens instead of the answer to this command (kNotSet: at the start).
    std::optional<v1::RunnerCommand::CommandCase> fault_at;
    Fault fault = Fault::kNone;
    int exit_code = 0;
  };
  struct Span {
    int64_t start_ns;
    int64_t end_ns;
  };

  explicit FakeRunner(FakeClock& clock) : clock_(clock) {}

  Behaviour behaviour;
  // Called with each command before it is answered.
  std::function<void(const v1::RunnerCommand&)> on_command;

  absl::StatusOr<std::unique_ptr<ChildProcess>> Launch(const ProcessOptions& options) override;
  int launched() const { return launched_; }
  // Of the last launch.
  const ProcessOptions& options() const { return options_; }
  bool killed() const { return killed_; }
  // A time at which inferences ran.
  bool BusyAt(int64_t t_ns) const {
    // The last span that begins before.
    const auto after =
        std::lower_bound(busy_.begin(), busy_.end(), t_ns,
                         [](const Span& span, int64_t t) { return span.start_ns < t; });
    return after != busy_.begin() && t_ns <= std::prev(after)->end_ns;
  }

 private:
  class Child;
  FakeClock& clock_;
  int launched_ = 0;
  ProcessOptions options_;
  bool killed_ = false;
  std::vector<Span> busy_;
};

class FakeRunner::Child final : public ChildProcess {
 public:
  explicit Child(FakeRunner& runner) : runner_(runner) {
    if (Break(v1::RunnerCommand::COMMAND_NOT_SET)) return;
    v1::RunnerEvent event;
    event.mutable_started()->set_pss_bytes(1000);
    Say(event, 0);
  }
  ~Child() override {
    if (!ended_) runner_.killed_ = true;
  }

  absl::Status Write(absl::string_view bytes) override {
    if (ended_) return absl::UnavailableError("the child is gone");
    bool given = false;
    FrameReader reader([&]() -> absl::StatusOr<std::string> {
      return std::exchange(given, true) ? std::string() : std::string(bytes);
    });
    v1::RunnerCommand command;
    if (absl::Status status = reader.Read(&command); !status.ok()) return status;
    if (runner_.on_command) runner_.on_command(command);
    if (!Break(command.command_case())) Answer(command);
    return absl::OkStatus();
  }
  void CloseInput() override {}

  absl::StatusOr<std::string> Read(size_t, int64_t timeout_ns) override {
    if (output_.empty()) {
      if (ended_) return std::string();
      runner_.clock_.Advance(timeout_ns);
      return absl::DeadlineExceededError("nothing was said");
    }
    const int64_t wait_ns = output_.front().first - runner_.clock_.MonotonicNs();
    if (wait_ns > timeout_ns) {
      runner_.clock_.Advance(timeout_ns);
      return absl::DeadlineExceededError("nothing was said yet");
    }
    runner_.clock_.Advance(std::max<int64_t>(wait_ns, 0));
    std::string bytes = std::move(output_.front().second);
    output_.erase(output_.begin());
    return bytes;
  }
  int pid() const override { return 4242; }
  void Kill(int signal) override { End({0, signal}); }
  ExitState Wait() override { return exit_; }
  std::optional<ExitState> Poll() override {
    return ended_ ? std::optional<ExitState>(exit_) : std::nullopt;
  }

 private:
  void End(ExitState state) {
    if (!std::exchange(ended_, true)) exit_ = state;
  }
  void Say(const v1::RunnerEvent& event, int64_t delay_ns) {
    output_.emplace_back(runner_.clock_.MonotonicNs() + delay_ns, *EncodeFrame(event));
  }
  bool Break(v1::RunnerCommand::CommandCase at) {
    if (runner_.behaviour.fault_at != at) return false;
    v1::RunnerEvent event;
    switch (runner_.behaviour.fault) {
      case Fault::kNone:
        return false;
      case Fault::kCrash:
        End({0, SIGSEGV});
        return true;
      case Fault::kHang:
        return true;
      case Fault::kGarbage:
        output_.emplace_back(0, std::string("\x03\xff\xff\xff", 4));
        return true;
      case Fault::kFailure:
        event.mutable_failure()->set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
        event.mutable_failure()->set_message("operator Foo is unknown");
        Say(event, 0);
        End({1, 0});
        return true;
      case Fault::kWrongEvent:
        event.mutable_predicted()->set_row_count(1);
        Say(event, 0);
        return true;
    }
    return false;
  }
  void Answer(const v1::RunnerCommand& command) {
    v1::RunnerEvent event;
    if (command.has_load()) {
      event.mutable_loaded()->set_pss_bytes(2000);
      event.mutable_loaded()->set_row_count(runner_.behaviour.rows);
      event.mutable_loaded()->set_values_per_prediction(runner_.behaviour.values_per_row);
      event.mutable_loaded()->set_engine_version("fake 1");
      Say(event, 0);
    } else if (command.has_predict()) {
      Predict();
    } else if (command.has_run()) {
      Run(command.run());
    } else if (command.has_memory()) {
      event.mutable_memory()->set_pss_bytes(2500);
      event.mutable_memory()->set_peak_bytes(5000);
      Say(event, 0);
    } else {
      event.mutable_finished()->mutable_latency()->set_mean_us(1000);
      event.mutable_finished()->set_pss_bytes(3000);
      event.mutable_finished()->set_peak_bytes(4000);
      Say(event, 0);
      End({runner_.behaviour.exit_code, 0});
    }
  }
  void Predict() {
    for (uint64_t row = 0; row < runner_.behaviour.rows; ++row) {
      v1::RunnerEvent event;
      event.mutable_predictions()->set_first_row(row);
      event.mutable_predictions()->set_values_per_row(runner_.behaviour.values_per_row);
      for (uint32_t i = 0; i < runner_.behaviour.values_per_row; ++i) {
        event.mutable_predictions()->add_values(static_cast<float>(row));
      }
      Say(event, 0);
    }
    v1::RunnerEvent event;
    event.mutable_predicted()->set_row_count(runner_.behaviour.rows);
    Say(event, 0);
  }
  void Run(const v1::RunCommand& run) {
    const int64_t latency_ns = runner_.behaviour.latency_ns;
    const auto count = run.inference_count() > 0
                           ? run.inference_count()
                           : static_cast<uint64_t>(run.duration_ns() / latency_ns + 1);
    const int64_t start_ns = runner_.clock_.MonotonicNs();
    const int64_t end_ns = start_ns + static_cast<int64_t>(count) * latency_ns;
    runner_.busy_.push_back({start_ns, end_ns});
    runner_.behaviour.latency_ns =
        static_cast<int64_t>(static_cast<double>(latency_ns) * runner_.behaviour.latency_growth);
    v1::RunnerEvent event;
    event.mutable_window_done()->set_start_mono_ns(start_ns);
    event.mutable_window_done()->set_end_mono_ns(end_ns);
    event.mutable_window_done()->set_inference_count(count);
    Say(event, end_ns - start_ns);
  }

  FakeRunner& runner_;
  // When, what.
  std::vector<std::pair<int64_t, std::string>> output_;
  bool ended_ = false;
  ExitState exit_;
};

inline absl::StatusOr<std::unique_ptr<ChildProcess>> FakeRunner::Launch(
    const ProcessOptions& options) {
  ++launched_;
  options_ = options;
  return std::make_unique<Child>(*this);
}

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAKE_RUNNER_H_

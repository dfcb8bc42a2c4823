// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// Every flag that the agent's sequence raises by itself, of what it sees of the board, is provoked
// with a hundred seeds, and raised every time; the same board without the fault raises none.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/ina219_rig.h"
#include "tests/support/measurement_fixture.h"
#include "tests/support/repetitions.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kProvocations = Repetitions(100);

// A run on a sound board of the seed's own latency, temperature and other load.
class BoardRun : public MeasurementRig {
 public:
  explicit BoardRun(uint64_t seed) : random_(seed) {
    source_.simulated = false;
    source_.report.set_realtime(true);
    source_.report.set_memory_locked(true);
    job_.set_window_count(2);
    job_.mutable_idle()->set_seconds(2);
    runner_.behaviour.latency_ns = Between(200, 20'000) * kNsPerUs;
    PutCores("0-3", Chance() ? "performance\n" : "userspace\n");
    PutTemperature(Real(30, 65));
    // Of an earlier run: no fault of this one.
    PutThrottled(static_cast<uint32_t>(Between(0, 15)) << kSinceBootShift);
    LoadBeside(Real(0, 0.01));
    // As a time service slews.
    const int64_t nudge_ns = Between(-45, 45) * kNsPerMs;
    AtAPhase([this, nudge_ns] { clock_.StepUtc(nudge_ns); });
  }

  int64_t Between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random_() % static_cast<uint64_t>(most - least + 1));
  }
  double Real(double least, double most) { return least + (most - least) * Uniform(random_); }
  bool Chance() { return random_() % 2 == 0; }

  // One of the phases in which something is recorded; the second window is as likely as the others.
  void AtAPhase(std::function<void()> action) {
    const int64_t chosen = Between(0, 4);
    observer_.on_phase = [chosen, action = std::move(action), next = int64_t{0}](v1::RunPhase phase,
                                                                                 uint32_t) mutable {
      const bool counts = phase == v1::RUN_PHASE_IDLE_A || phase == v1::RUN_PHASE_WARMUP ||
                          phase == v1::RUN_PHASE_WINDOW || phase == v1::RUN_PHASE_IDLE_B;
      if (counts && next++ == chosen) action();
    };
  }
  // Before each pilot and window: with its number.
  void BeforeEachRun(std::function<void(int64_t number)> action) {
    before_run_ = std::move(action);
  }
  // Other processes use so much of one CPU while the runner runs.
  void LoadBeside(double share) {
    PutUsage(0, 0);
    runner_.on_command = [this, share](const v1::RunnerCommand& command) {
      if (!command.has_run()) return;
      before_run_(runs_++);
      const v1::RunCommand& run = command.run();
      const double latency_s = static_cast<double>(runner_.behaviour.latency_ns) * 1e-9;
      const double seconds = run.measured() ? static_cast<double>(run.inference_count()) * latency_s
                                            : static_cast<double>(run.duration_ns()) * 1e-9;
      runner_s_ += seconds;
      others_s_ += share * seconds;
      PutUsage(static_cast<uint64_t>(100 * runner_s_), static_cast<uint64_t>(100 * others_s_),
               swapped_);
    };
  }
  void SwapIn(uint64_t pages) { swapped_ += pages; }

 private:
  SeededRandom random_;
  std::function<void(int64_t)> before_run_ = [](int64_t) {};
  int64_t runs_ = 0;
  double runner_s_ = 0;
  double others_s_ = 0;
  uint64_t swapped_ = 0;
};

std::string Names(const v1::RunResult& result) {
  std::string names = result.reason();
  for (const v1::Flag& flag : result.flags()) {
    absl::StrAppend(&names, " ", flag.name(), " (", flag.detail(), ")");
  }
  return names;
}

void Provoke(const std::string& flag, bool fatal, const std::function<void(BoardRun&)>& disturb) {
  for (uint64_t seed = 0; seed < kProvocations; ++seed) {
    BoardRun sound(seed);
    const v1::RunResult clean = sound.Run();
    ASSERT_EQ(clean.state(), v1::ATTEMPT_STATE_SUCCEEDED) << clean.reason();
    ASSERT_EQ(clean.flags_size(), 0) << "seed " << seed << ": " << Names(clean);
    BoardRun board(seed);
    disturb(board);
    const v1::RunResult result = board.Run();
    ASSERT_TRUE(MeasurementRig::HasFlag(result, flag)) << "seed " << seed << ": " << Names(result);
    for (const v1::Flag& raised : result.flags()) {
      if (raised.name() != flag) continue;
      ASSERT_EQ(raised.fatal(), fatal) << "seed " << seed << ": " << raised.detail();
    }
  }
}

// Frequency capped, throttled, soft temperature limit; now, or for a moment that only the bits
// since boot remember.
TEST(RunFlagProvocationTest, Throttled) {
  Provoke("THROTTLED", /*fatal=*/true, [](BoardRun& board) {
    board.PutThrottled(0);
    const auto bits = static_cast<uint32_t>(board.Between(1, 7)) << 1;
    const uint32_t word = board.Chance() ? bits : bits << kSinceBootShift;
    board.AtAPhase([&board, word] { board.PutThrottled(word); });
  });
}

TEST(RunFlagProvocationTest, Undervolt) {
  Provoke("UNDERVOLT", /*fatal=*/true, [](BoardRun& board) {
    board.PutThrottled(0);
    const uint32_t word = board.Chance() ? kUndervoltBits : kUndervoltBits << kSinceBootShift;
    board.AtAPhase([&board, word] { board.PutThrottled(word); });
  });
}

// The latency, the power and the temperature in turn, by a few percent or degrees a second.
TEST(RunFlagProvocationTest, NoSteadyState) {
  Provoke("NO_STEADY_STATE", /*fatal=*/false,
          [](BoardRun& board) { board.runner_.behaviour.latency_growth = board.Real(1.05, 1.5); });
  Provoke("NO_STEADY_STATE", /*fatal=*/false, [](BoardRun& board) {
    const double growth = board.Real(0.03, 0.1) * (board.Chance() ? 1 : -1);
    const int64_t begin_ns = board.clock_.MonotonicNs();
    board.busy_counts_ = [growth, begin_ns](int64_t t_ns) {
      const double seconds = std::min(static_cast<double>(t_ns - begin_ns) * 1e-9, 8.0);
      return static_cast<int32_t>(std::lround(kBusyCounts * (1 + growth * seconds)));
    };
  });
  Provoke("NO_STEADY_STATE", /*fatal=*/false, [](BoardRun& board) {
    const double rise_c = board.Real(0.5, 3);
    board.PutTemperature(40);
    board.BeforeEachRun([&board, rise_c](int64_t number) {
      board.PutTemperature(40 + rise_c * static_cast<double>(std::min<int64_t>(number, 40)));
    });
  });
}

TEST(RunFlagProvocationTest, CooldownTimeout) {
  Provoke("COOLDOWN_TIMEOUT", /*fatal=*/false, [](BoardRun& board) {
    const double asked_c = board.Real(35, 60);
    board.PutTemperature(asked_c + board.Real(0.1, 20));
    board.job_.set_cooldown_until_temp_c(asked_c);
    board.job_.mutable_cooldown_timeout()->set_seconds(board.Between(0, 300));
  });
}

TEST(RunFlagProvocationTest, Preflight) {
  Provoke("PREFLIGHT", /*fatal=*/false, [](BoardRun& board) {
    switch (board.Between(0, 7)) {
      case 0:
        return board.PutCores("0-3", board.Chance() ? "ondemand\n" : "schedutil\n");
      case 1:
        return board.PutThrottled(static_cast<uint32_t>(board.Between(1, 15)));
      case 2:
        return board.PutTemperature(board.Chance() ? board.Real(70.1, 95) : board.Real(-20, -0.1));
      case 3:
        return board.source_.Stop();
      case 4:
        return board.source_.report.set_realtime(false);
      case 5:
        return board.source_.report.set_memory_locked(false);
      case 6:
        return board.source_.report.set_configuration_changed(true);
      default:
        board.observer_.room_bytes = static_cast<uint64_t>(board.Between(0, 20'000));
    }
  });
}

TEST(RunFlagProvocationTest, Interference) {
  Provoke("INTERFERENCE", /*fatal=*/false, [](BoardRun& board) {
    if (board.Chance()) return board.LoadBeside(board.Real(0.03, 3));
    const auto pages = static_cast<uint64_t>(board.Between(1, 1000));
    // From the second pilot on, so that a window sees some of it.
    board.BeforeEachRun([&board, pages](int64_t) { board.SwapIn(pages); });
  });
}

TEST(RunFlagProvocationTest, ClockStep) {
  Provoke("CLOCK_STEP", /*fatal=*/false, [](BoardRun& board) {
    const int64_t step_ns = board.Between(60, 3'600'000) * kNsPerMs;
    const bool back = board.Chance();
    board.AtAPhase([&board, step_ns, back] { board.clock_.StepUtc(back ? -step_ns : step_ns); });
  });
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// When the warm-up ends: boards that heat up with a time constant, so that the moment from which
// they are steady is known in closed form.
#include <cmath>
#include <string>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/measurement_fixture.h"

namespace tinyjoule {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kHalfS = 5;
constexpr double kPilotS = 1.001;

// By how much a quantity that goes as exp(-t / tau) moves between the means over two neighbouring
// spans of kHalfS that end at t.
double Movement(double t_s, double tau_s) {
  return std::exp(-t_s / tau_s) * tau_s / kHalfS * std::pow(std::exp(kHalfS / tau_s) - 1, 2);
}

class WarmUpTest : public MeasurementTest {
 protected:
  WarmUpTest() {
    job_.mutable_warmup_min()->set_seconds(10);
    job_.mutable_warmup_max()->set_seconds(120);
    job_.set_window_count(1);
    job_.mutable_idle()->set_seconds(1);
    observer_.on_phase = [this](v1::RunPhase phase, uint32_t) {
      if (phase == v1::RUN_PHASE_WARMUP) begin_ns_ = clock_.MonotonicNs();
      if (phase == v1::RUN_PHASE_WINDOW) end_ns_ = clock_.MonotonicNs();
    };
  }
  double SecondsAt(int64_t t_ns) const { return static_cast<double>(t_ns - begin_ns_) * 1e-9; }
  double WarmUpS() const { return SecondsAt(end_ns_); }
  // Above its power when cold by `share` in the end.
  void HeatPower(double share, double tau_s) {
    busy_counts_ = [this, share, tau_s](int64_t t_ns) {
      const double grown = 1 + share * (1 - std::exp(-SecondsAt(t_ns) / tau_s));
      return static_cast<int32_t>(std::lround(kBusyCounts * grown));
    };
  }
  // From 40 C up by `rise_c` in the end. The board tells whole millidegrees.
  void HeatBoard(double rise_c, double tau_s) {
    PutTemperature(40);
    runner_.on_command = [this, rise_c, tau_s](const v1::RunnerCommand& command) {
      if (!command.has_run()) return;
      const double at_s = SecondsAt(clock_.MonotonicNs()) + kPilotS;
      PutTemperature(40 + rise_c * (1 - std::exp(-at_s / tau_s)));
    };
  }

  int64_t begin_ns_ = 0;
  int64_t end_ns_ = 0;
};

TEST_F(WarmUpTest, ASteadyBoardIsWarmAfterTheLeastTime) {
  PutTemperature(50);
  EXPECT_FALSE(HasFlag(Run(), "NO_STEADY_STATE"));
  EXPECT_NEAR(WarmUpS(), 10, kPilotS);
}

struct Heating {
  double amount;
  double tau_s;
};

class PowerHeatingTest : public WarmUpTest, public ::testing::WithParamInterface<Heating> {};

TEST_P(PowerHeatingTest, EndsWhenThePowerMovesByLessThanOnePercent) {
  const auto [share, tau_s] = GetParam();
  HeatPower(share, tau_s);
  const v1::RunResult result = Run();
  EXPECT_FALSE(HasFlag(result, "NO_STEADY_STATE")) << FlagDetail(result, "NO_STEADY_STATE");
  double steady_s = 2 * kHalfS;
  const auto newer_mean = [share = share, tau_s = tau_s](double t_s) {
    return 1 + share -
           share * std::exp(-t_s / tau_s) * tau_s / kHalfS * (std::exp(kHalfS / tau_s) - 1);
  };
  while (share * Movement(steady_s, tau_s) > 0.01 * newer_mean(steady_s)) steady_s += 0.01;
  EXPECT_GT(steady_s, 2 * kHalfS) << "the case shows nothing";
  EXPECT_GE(WarmUpS(), steady_s - 0.1);
  EXPECT_LE(WarmUpS(), steady_s + kPilotS + 0.1);
}

INSTANTIATE_TEST_SUITE_P(Boards, PowerHeatingTest,
                         ::testing::Values(Heating{0.1, 10}, Heating{0.2, 20}, Heating{0.3, 30},
                                           Heating{0.5, 40}, Heating{1, 40}));

class BoardHeatingTest : public WarmUpTest, public ::testing::WithParamInterface<Heating> {};

// At a latency and a power that stand still all the time.
TEST_P(BoardHeatingTest, EndsWhenTheTemperatureMovesByLessThanHalfADegree) {
  const auto [rise_c, tau_s] = GetParam();
  HeatBoard(rise_c, tau_s);
  const v1::RunResult result = Run();
  EXPECT_FALSE(HasFlag(result, "NO_STEADY_STATE")) << FlagDetail(result, "NO_STEADY_STATE");
  const double steady_s = tau_s * std::log(rise_c * Movement(0, tau_s) / 0.5);
  EXPECT_GT(steady_s, 2 * kHalfS) << "the case shows nothing";
  // The board is read once a second.
  EXPECT_NEAR(WarmUpS(), steady_s + kPilotS, kPilotS + 1);
}

INSTANTIATE_TEST_SUITE_P(Boards, BoardHeatingTest,
                         ::testing::Values(Heating{10, 20}, Heating{20, 30}, Heating{30, 40},
                                           Heating{20, 60}, Heating{40, 30}));

TEST_F(WarmUpTest, WithoutASensorTheTemperatureStillCounts) {
  HeatBoard(20, 30);
  Run(/*with_sensor=*/false);
  EXPECT_NEAR(WarmUpS(), 30 * std::log(20 * Movement(0, 30) / 0.5) + kPilotS, kPilotS + 1);
}

TEST_F(WarmUpTest, ABoardThatIsNeverSteadyIsMeasuredAndFlagged) {
  HeatBoard(60, 300);
  HeatPower(2, 300);
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_SUCCEEDED) << result.reason();
  EXPECT_NEAR(WarmUpS(), 120, kPilotS);
  const double temp_c = 60 * Movement(120, 300);
  EXPECT_THAT(
      FlagDetail(result, "NO_STEADY_STATE"),
      AllOf(HasSubstr("after 120.0 s the power moved by +1."),
            HasSubstr(absl::StrFormat("; the temperature moved by +%.1f C in 5.0 s", temp_c))));
}

TEST_F(WarmUpTest, ALatencyThatNeverSettlesIsNamed) {
  job_.mutable_warmup_max()->set_seconds(12);
  runner_.behaviour.latency_growth = 1.2;
  EXPECT_EQ(FlagDetail(Run(), "NO_STEADY_STATE"), "after 12.0 s the latency moved by over 3 %");
}

TEST_F(WarmUpTest, NoLeastTimeStillLooksAtThreePilots) {
  job_.mutable_warmup_min()->Clear();
  EXPECT_FALSE(HasFlag(Run(), "NO_STEADY_STATE"));
  EXPECT_NEAR(WarmUpS(), 3 * 0.051, 0.001);
}

}  // namespace
}  // namespace tinyjoule

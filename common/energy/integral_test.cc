// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/integral.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace tinyjoule {
namespace {

constexpr int64_t kCycleNs = 5'000'000;
constexpr IntegrationOptions kBoxcar{IntegrationRule::kBoxcar, kCycleNs};
constexpr IntegrationOptions kTrapezoid{IntegrationRule::kTrapezoid, kCycleNs};

// What an averaging sensor shows of a load: `energy_until(t)` is the load's exact energy in
// joules from 0 to t nanoseconds.
std::vector<PowerSample> Average(const std::function<double(double)>& energy_until, int samples,
                                 int64_t first_ns = kCycleNs) {
  std::vector<PowerSample> result;
  for (int k = 0; k < samples; ++k) {
    PowerSample sample;
    sample.t_ns = first_ns + k * kCycleNs;
    const double end = static_cast<double>(sample.t_ns);
    sample.power_w = (energy_until(end) - energy_until(end - kCycleNs)) / (kCycleNs / 1e9);
    sample.bus_voltage_v = 5;
    sample.current_a = sample.power_w / 5;
    result.push_back(sample);
  }
  return result;
}

double ConstantLoad(double t_ns) { return 2.5 * t_ns / 1e9; }
// P = 1 W + 3 W/s t.
double RampLoad(double t_ns) { return t_ns / 1e9 + 1.5 * (t_ns / 1e9) * (t_ns / 1e9); }

// Idle 2 W, 5 W between two times.
struct StepLoad {
  double on_ns;
  double off_ns;
  double operator()(double t_ns) const {
    const double busy_ns = std::max(0.0, std::min(t_ns, off_ns) - std::min(t_ns, on_ns));
    return (2 * t_ns + 3 * busy_ns) / 1e9;
  }
};

TEST(Integrate, AConstantIsPowerTimesTime) {
  const std::vector<PowerSample> samples = Average(ConstantLoad, 400);
  for (const auto& options : {kBoxcar, kTrapezoid}) {
    const SpanIntegral integral =
        Integrate(samples, {123'456'789, 1'123'456'789}, options, std::nullopt);
    EXPECT_NEAR(integral.energy_j, 2.5, 1e-12);
    EXPECT_NEAR(integral.coverage(), 1, 1e-12);
    EXPECT_NEAR(integral.power_mean_w, 2.5, 1e-12);
    EXPECT_NEAR(integral.current_mean_a, 0.5, 1e-12);
    EXPECT_NEAR(integral.voltage_mean_v, 5, 1e-12);
    EXPECT_EQ(integral.sample_count, 200U);
    EXPECT_EQ(integral.gap_max_s(), 0);
  }
}

// From 0.25 s to 1.25 s: 1 J + 1.5 (1.5625 - 0.0625) J = 3.25 J.
TEST(Integrate, ARampIsExactBetweenConversions) {
  const std::vector<PowerSample> samples = Average(RampLoad, 400);
  const SpanIntegral integral =
      Integrate(samples, {250'000'000, 1'250'000'000}, kBoxcar, std::nullopt);
  EXPECT_NEAR(integral.energy_j, 3.25, 1e-12);
  EXPECT_NEAR(integral.power_peak_w, 1 + 3 * 1.2475, 1e-9);
}

// The window begins and ends with the load, at any phase within a conversion: the edge correction
// gives the load's exact energy, where the plain boxcar would miss up to a quarter conversion.
TEST(Integrate, AStepAtTheEdgesIsExactAtEveryPhase) {
  for (int64_t phase = 0; phase < kCycleNs; phase += 250'000) {
    const int64_t start_ns = 500'000'000 + phase;
    const int64_t end_ns = 1'502'000'000 + phase;
    const StepLoad load{static_cast<double>(start_ns), static_cast<double>(end_ns)};
    const SpanIntegral integral =
        Integrate(Average(load, 400), {start_ns, end_ns}, kBoxcar, std::nullopt);
    EXPECT_NEAR(integral.energy_j, 5 * 1.002, 1e-9) << phase;
  }
}

TEST(Integrate, AStepInsideTheWindowNeedsNoCorrection) {
  const StepLoad load{701'300'000, 1'100'700'000};
  const SpanIntegral integral =
      Integrate(Average(load, 400), {500'000'000, 1'500'000'000}, kBoxcar, std::nullopt);
  EXPECT_NEAR(integral.energy_j, 2 + 3 * 0.3994, 1e-9);
}

TEST(Integrate, AGapIsLeftOutAndStated) {
  std::vector<PowerSample> samples = Average(ConstantLoad, 400);
  samples.erase(samples.begin() + 150, samples.begin() + 160);
  const SpanIntegral integral =
      Integrate(samples, {500'000'000, 1'500'000'000}, kBoxcar, IdleBaseline{0, 2, 0, 2});
  EXPECT_NEAR(integral.covered_s(), 0.95, 1e-12);
  EXPECT_NEAR(integral.coverage(), 0.95, 1e-12);
  EXPECT_NEAR(integral.gap_max_s(), 0.05, 1e-12);
  EXPECT_NEAR(integral.energy_j, 2.5 * 0.95, 1e-12);
  EXPECT_NEAR(integral.idle_j, 2 * 0.95, 1e-12);
  EXPECT_NEAR(integral.power_mean_w, 2.5, 1e-12);
}

// 25 % off the cycle is an interval; a hair more is a gap.
TEST(Integrate, ToleranceOfTheCycle) {
  for (const int64_t interval_ns : {6'250'000, 6'251'000}) {
    std::vector<PowerSample> samples(3);
    for (int k = 0; k < 3; ++k) samples[k] = {k * interval_ns + kCycleNs, 5, 0, 1, 5, 0};
    const SpanIntegral integral =
        Integrate(samples, {kCycleNs, kCycleNs + 2 * interval_ns}, kBoxcar, std::nullopt);
    const double expected = interval_ns == 6'250'000 ? 0.0125 : 0.010;
    EXPECT_NEAR(integral.covered_s(), expected, 1e-12);
  }
}

TEST(Integrate, TrapezoidJoinsPointsAndCutsAtTheEdges) {
  // P = t in watts and seconds, as points.
  std::vector<PowerSample> samples;
  for (int k = 0; k <= 200; ++k) samples.push_back({k * kCycleNs, 5, 0, 0, k * 0.005, 0});
  const SpanIntegral integral =
      Integrate(samples, {102'000'000, 903'000'000}, kTrapezoid, std::nullopt);
  EXPECT_NEAR(integral.energy_j, (0.903 * 0.903 - 0.102 * 0.102) / 2, 1e-12);
  EXPECT_NEAR(integral.coverage(), 1, 1e-12);
}

TEST(Integrate, TrapezoidDoesNotReachBeyondItsPoints) {
  const std::vector<PowerSample> samples = Average(ConstantLoad, 100);
  const SpanIntegral integral = Integrate(samples, {0, 1'000'000'000}, kTrapezoid, std::nullopt);
  EXPECT_NEAR(integral.energy_j, 2.5 * 0.495, 1e-12);
  EXPECT_NEAR(integral.gap_max_s(), 0.5, 1e-12);
}

TEST(Integrate, NothingIsNotZeroWatts) {
  const SpanIntegral integral = Integrate({}, {0, 1'000'000'000}, kBoxcar, std::nullopt);
  EXPECT_EQ(integral.covered_s(), 0);
  EXPECT_EQ(integral.sample_count, 0U);
  EXPECT_EQ(integral.gap_max_s(), 1);
}

TEST(IdleBaseline, IsAStraightLine) {
  const IdleBaseline baseline{100, 2.0, 300, 3.0};
  EXPECT_DOUBLE_EQ(baseline.PowerAt(100), 2.0);
  EXPECT_DOUBLE_EQ(baseline.PowerAt(250), 2.75);
  EXPECT_DOUBLE_EQ((IdleBaseline{5, 2.0, 5, 2.0}.PowerAt(77)), 2.0);
}

}  // namespace
}  // namespace tinyjoule

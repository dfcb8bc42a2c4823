// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/energy_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <optional>
#include <random>

#include "common/energy/flag_catalog.h"

namespace tinyjoule {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kCycleNs = 4'790'000;
constexpr int64_t kSecond = 1'000'000'000;

v1::SensorDescription Ina219() {
  v1::SensorDescription sensor;
  sensor.set_uri("i2c:/dev/i2c-1@0x40");
  sensor.set_kind("ina219");
  sensor.set_shunt_lsb_v(10e-6);
  sensor.set_bus_lsb_v(4e-3);
  sensor.set_shunt_uohm(100'000);
  sensor.set_gain(1);
  sensor.set_cycle_ns(kCycleNs);
  sensor.set_shunt_clip_counts(32000);
  return sensor;
}

v1::SensorDescription Simulated() {
  v1::SensorDescription sensor = Ina219();
  sensor.set_uri("sim:seed=7");
  sensor.set_kind("simulated");
  sensor.set_simulated(true);
  return sensor;
}

v1::MarkedWindow Window(v1::WindowKind kind, uint32_t index, int64_t start_ns, int64_t end_ns,
                        uint64_t inferences) {
  v1::MarkedWindow window;
  window.set_kind(kind);
  window.set_index(index);
  window.set_start_mono_ns(start_ns);
  window.set_end_mono_ns(end_ns);
  window.set_inference_count(inferences);
  return window;
}

// Idle A 10 s, three windows of 12 s with 1,000 inferences and 3 s between, idle B 10 s.
std::vector<v1::MarkedWindow> StandardWindows() {
  return {Window(v1::WINDOW_KIND_IDLE_A, 0, 1 * kSecond, 11 * kSecond, 0),
          Window(v1::WINDOW_KIND_INFERENCE, 0, 14 * kSecond, 26 * kSecond, 1000),
          Window(v1::WINDOW_KIND_INFERENCE, 1, 29 * kSecond, 41 * kSecond, 1000),
          Window(v1::WINDOW_KIND_INFERENCE, 2, 44 * kSecond, 56 * kSecond, 1000),
          Window(v1::WINDOW_KIND_IDLE_B, 0, 59 * kSecond, 69 * kSecond, 0)};
}

// 5 V; currents in counts of 100 uA with a little noise that no 50 samples repeat.
std::vector<RawCounts> Trace(const std::function<double(double)>& amperes_at) {
  std::mt19937_64 random(1);
  std::vector<RawCounts> trace;
  for (int64_t t_ns = kCycleNs; t_ns < 70 * kSecond; t_ns += kCycleNs) {
    const double amperes = amperes_at(static_cast<double>(t_ns - kCycleNs / 2) / 1e9);
    const auto noise = static_cast<int32_t>(random() % 3) - 1;
    const auto shunt = static_cast<int32_t>(std::lround(amperes * 1e4)) + noise;
    trace.push_back({RoundToTimeUnit(t_ns), 1250, shunt, 0, 0});
  }
  return trace;
}

bool InWindow(double t_s) { return t_s > 12 && t_s < 58; }
double BusyAmperes(double t_s) { return InWindow(t_s) ? 0.8 : 0.5; }

std::vector<std::string> Names(const EnergyReport& report) {
  std::vector<std::string> names;
  for (const v1::Flag& flag : report.flags) names.push_back(flag.name());
  return names;
}

const v1::Flag& FlagNamed(const EnergyReport& report, absl::string_view name) {
  for (const v1::Flag& flag : report.flags) {
    if (flag.name() == name) return flag;
  }
  ADD_FAILURE() << "no flag " << name;
  static const v1::Flag none;
  return none;
}

// What a processor's own counters tell: no volts, no amperes.
TEST(ComputeEnergy, PowerAloneHasNoVoltageAndNoCurrent) {
  v1::SensorDescription sensor;
  sensor.set_kind("rapl");
  sensor.set_shunt_uohm(1'000'000);
  sensor.set_gain(1);
  sensor.set_has_power_channel(true);
  sensor.set_power_lsb_w(1e-6);
  sensor.set_cycle_ns(kCycleNs);
  std::vector<RawCounts> trace = Trace(BusyAmperes);
  for (RawCounts& counts : trace) {
    counts.power = counts.shunt * 500;
    counts.bus = counts.shunt = 0;
  }
  const auto report = ComputeEnergy(sensor, trace, StandardWindows());
  ASSERT_TRUE(report.ok()) << report.status();
  const v1::EnergySummary& summary = report->summary;
  EXPECT_EQ(summary.power_source(), "rapl");
  EXPECT_NEAR(summary.energy_j(), 144, 0.01);
  EXPECT_NEAR(summary.energy_net_j(), 54, 0.01);
  EXPECT_NEAR(summary.power_peak_w(), 4, 0.001);
  EXPECT_FALSE(summary.has_voltage_mean_v());
  EXPECT_FALSE(summary.has_current_mean_a());
  EXPECT_FALSE(summary.has_current_peak_a());
  EXPECT_THAT(Names(*report), Not(Contains("UNDERVOLT")));
  EXPECT_THAT(Names(*report), Not(Contains("NEGATIVE")));
}

TEST(ComputeEnergy, FiguresOfAConstantLoad) {
  const auto report = ComputeEnergy(Ina219(), Trace(BusyAmperes), StandardWindows());
  ASSERT_TRUE(report.ok()) << report.status();
  const v1::EnergySummary& summary = report->summary;
  // 5 V x 0.8 A x 36 s, over idle 5 V x 0.5 A.
  EXPECT_EQ(summary.power_source(), "ina219");
  EXPECT_NEAR(summary.energy_j(), 144, 0.01);
  EXPECT_NEAR(summary.energy_net_j(), 54, 0.01);
  EXPECT_NEAR(summary.energy_per_inference_uj(), 48'000, 4);
  EXPECT_NEAR(summary.energy_net_per_inference_uj(), 18'000, 4);
  EXPECT_LE(summary.energy_net_per_inference_ci95_low_uj(), 18'000 + 4);
  EXPECT_GE(summary.energy_net_per_inference_ci95_high_uj(), 18'000 - 4);
  EXPECT_FALSE(summary.has_energy_net_per_inference_upper_uj());
  // Systematic: 1.22 % of the power and, of the gross alone, 100 uV at 80 mV.
  const v1::UncertaintyBudget& budget = summary.uncertainty();
  EXPECT_NEAR(budget.systematic_uj(), 48'000 * std::hypot(0.012247, 0.1 / 80), 2);
  EXPECT_NEAR(budget.systematic_net_uj(), 18'000 * 0.012247, 1);
  EXPECT_GE(budget.combined_uj(), budget.systematic_uj());
  EXPECT_LE(summary.energy_per_inference_ci95_low_uj(), 48'000);
  EXPECT_GE(summary.energy_per_inference_ci95_high_uj(), 48'000 - 4);
  EXPECT_NEAR(summary.idle_power_w(), 2.5, 1e-3);
  EXPECT_NEAR(summary.power_mean_w(), 4, 1e-3);
  EXPECT_NEAR(summary.power_peak_w(), 4.0005, 1e-9);
  EXPECT_NEAR(summary.current_mean_a(), 0.8, 1e-4);
  EXPECT_NEAR(summary.current_peak_a(), 0.8001, 1e-9);
  EXPECT_NEAR(summary.voltage_mean_v(), 5, 1e-9);
  EXPECT_NEAR(summary.sample_rate_hz(), 1e9 / kCycleNs, 0.1);
  EXPECT_NEAR(static_cast<double>(summary.sample_count()), 36e9 / kCycleNs, 3);
  EXPECT_DOUBLE_EQ(summary.coverage(), 1);
  EXPECT_EQ(summary.gap_max_ms(), 0);
  ASSERT_EQ(report->windows.size(), 3U);
  EXPECT_EQ(report->windows[2].window(), 2U);
  EXPECT_EQ(report->windows[2].start_ns(), 44 * kSecond);
  EXPECT_NEAR(report->windows[2].energy_j(), 48, 0.004);
  EXPECT_NEAR(report->windows[2].energy_net_j(), 18, 0.004);
  EXPECT_TRUE(report->windows[2].valid());
  EXPECT_THAT(report->flags, IsEmpty());
}

TEST(ComputeEnergy, TheHeadlineIsTheMedianAndTheIntervalTheMeans) {
  // 0.8 A, 0.8 A and 1.1 A: per inference 48, 48 and 66 mJ.
  const auto load = [](double t_s) { return t_s > 42.5 && t_s < 58 ? 1.1 : BusyAmperes(t_s); };
  const auto report = ComputeEnergy(Ina219(), Trace(load), StandardWindows());
  ASSERT_TRUE(report.ok());
  const v1::EnergySummary& summary = report->summary;
  EXPECT_NEAR(summary.energy_per_inference_uj(), 48'000, 4);
  // Mean 54 mJ, s = 18 / sqrt(3) mJ, t(0.975, 2) = 4.303: half width 4.303 x 6 mJ.
  EXPECT_NEAR(summary.energy_per_inference_ci95_low_uj(), 54'000 - 25'818, 20);
  EXPECT_NEAR(summary.energy_per_inference_ci95_high_uj(), 54'000 + 25'818, 20);
}

TEST(ComputeEnergy, NetIsNeverClippedAndTheBaselineFollowsADrift) {
  // Idle falls from 0.6 A to 0.4 A in a line; the windows use 0.01 A less than idle.
  const auto load = [](double t_s) {
    const double idle = 0.6 - 0.2 * t_s / 70;
    return InWindow(t_s) ? idle - 0.01 : idle;
  };
  const auto report = ComputeEnergy(Ina219(), Trace(load), StandardWindows());
  ASSERT_TRUE(report.ok());
  EXPECT_NEAR(report->summary.energy_net_j(), -5 * 0.01 * 36, 0.02);
  EXPECT_THAT(Names(*report), ElementsAre("BASELINE_DRIFT", "BELOW_NOISE"));
  // What is below the noise has an upper bound, and keeps its value beside it.
  EXPECT_LT(report->summary.energy_net_per_inference_uj(), 0);
  EXPECT_GT(report->summary.energy_net_per_inference_upper_uj(), 0);
}

TEST(ComputeEnergy, OneWindowHasNoInterval) {
  std::vector<v1::MarkedWindow> windows = StandardWindows();
  windows.erase(windows.begin() + 2, windows.begin() + 4);
  const auto report = ComputeEnergy(Ina219(), Trace(BusyAmperes), windows);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->summary.has_energy_per_inference_uj());
  EXPECT_FALSE(report->summary.has_energy_per_inference_ci95_low_uj());
}

TEST(ComputeEnergy, WithoutIdleThereIsNoNet) {
  const std::vector<v1::MarkedWindow> windows = {StandardWindows()[1]};
  const auto report = ComputeEnergy(Ina219(), Trace(BusyAmperes), windows);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->summary.has_energy_j());
  EXPECT_FALSE(report->summary.has_energy_net_j());
  EXPECT_FALSE(report->summary.has_idle_power_w());
  EXPECT_FALSE(report->windows[0].has_energy_net_j());
}

TEST(ComputeEnergy, NoSensorIsAnEmptyCell) {
  v1::SensorDescription none;
  none.set_kind("none");
  const auto report = ComputeEnergy(none, {}, StandardWindows());
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->summary.ShortDebugString(), "power_source: \"none\"");
  ASSERT_EQ(report->windows.size(), 3U);
  EXPECT_FALSE(report->windows[0].has_energy_j());
  EXPECT_THAT(report->flags, IsEmpty());
}

TEST(ComputeEnergy, AWindowWithoutSamplesTakesTheSumAway) {
  std::vector<RawCounts> trace = Trace(BusyAmperes);
  const auto before = [](int64_t t_ns) {
    return [t_ns](const RawCounts& counts) { return counts.t_ns < t_ns; };
  };
  const auto begin = std::partition_point(trace.begin(), trace.end(), before(28 * kSecond));
  const auto end = std::partition_point(trace.begin(), trace.end(), before(42 * kSecond));
  trace.erase(begin, end);
  const auto report = ComputeEnergy(Ina219(), trace, StandardWindows());
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->windows[1].has_energy_j());
  EXPECT_FALSE(report->windows[1].valid());
  EXPECT_TRUE(report->windows[0].valid());
  EXPECT_FALSE(report->summary.has_energy_j());
  EXPECT_TRUE(FlagNamed(*report, "GAP").fatal());
  EXPECT_THAT(Names(*report), Contains("SHORT"));
}

TEST(EnergyFlags, GapIsFatalBelow99Percent) {
  const auto with_lost = [](int lost) {
    std::vector<RawCounts> trace = Trace(BusyAmperes);
    trace.erase(trace.begin() + 3500, trace.begin() + 3500 + lost);
    return *ComputeEnergy(Ina219(), trace, StandardWindows());
  };
  // A window of 12 s holds 2,505 conversions: 2 lost are 0.08 %, 3 are 0.12 %, 26 are 1.04 %.
  EXPECT_THAT(Names(with_lost(2)), Not(Contains("GAP")));
  EXPECT_FALSE(FlagNamed(with_lost(3), "GAP").fatal());
  EXPECT_TRUE(FlagNamed(with_lost(26), "GAP").fatal());
  EXPECT_NEAR(with_lost(26).summary.gap_max_ms(), 26 * kCycleNs / 1e6, 0.01);
}

TEST(EnergyFlags, RawSamplesShowTheirFaults) {
  const auto names_after = [](const std::function<void(RawCounts&)>& fault, int from, int to) {
    std::vector<RawCounts> trace = Trace(BusyAmperes);
    for (int k = from; k < to; ++k) fault(trace[k]);
    return Names(*ComputeEnergy(Ina219(), trace, StandardWindows()));
  };
  EXPECT_THAT(names_after([](RawCounts& c) { c.shunt = 32000; }, 3500, 3501), Contains("CLIPPED"));
  EXPECT_THAT(
      names_after([](RawCounts& c) { c.flags = v1::SAMPLE_FLAG_MATH_OVERFLOW; }, 3500, 3501),
      ElementsAre("MATH_OVERFLOW"));
  EXPECT_THAT(names_after([](RawCounts& c) { c.shunt = 8000; }, 3500, 3550), ElementsAre("STUCK"));
  EXPECT_THAT(names_after([](RawCounts& c) { c.shunt = 8000; }, 3500, 3540), IsEmpty());
  EXPECT_THAT(names_after([](RawCounts& c) { c.flags = v1::SAMPLE_FLAG_TORN; }, 3000, 5000),
              ElementsAre("TORN"));
  EXPECT_THAT(names_after([](RawCounts& c) { c.flags = v1::SAMPLE_FLAG_LATE; }, 3500, 3700),
              ElementsAre("SAMPLER_LATE"));
  EXPECT_THAT(names_after([](RawCounts& c) { c.bus = 1180; }, 3500, 3501),
              ElementsAre("UNDERVOLT"));
  EXPECT_THAT(names_after([](RawCounts& c) { c.shunt = -c.shunt; }, 0, 14000),
              Contains("NEGATIVE"));
  // Between idle A and the first window nothing is measured.
  EXPECT_THAT(names_after([](RawCounts& c) { c.shunt = 32000; }, 2400, 2500), IsEmpty());
}

TEST(EnergyFlags, IdlePowerIsHeldAgainstTheDeclaredBoard) {
  const auto names = [](v1::SensorDescription sensor, std::optional<double> min_w,
                        std::optional<double> max_w) {
    if (min_w) sensor.set_idle_min_w(*min_w);
    if (max_w) sensor.set_idle_max_w(*max_w);
    return Names(*ComputeEnergy(sensor, Trace(BusyAmperes), StandardWindows()));
  };
  // Idle is 2.5 W; 4 W in the windows is nobody's idle.
  EXPECT_THAT(names(Ina219(), 1.5, 3.0), IsEmpty());
  EXPECT_THAT(names(Ina219(), 2.6, 4.0), ElementsAre("IMPLAUSIBLE"));
  EXPECT_THAT(names(Ina219(), std::nullopt, 2.4), ElementsAre("IMPLAUSIBLE"));
  EXPECT_THAT(names(Simulated(), 2.6, 4.0), ElementsAre("SIMULATED"));
  v1::SensorDescription sensor = Ina219();
  sensor.set_idle_min_w(2.6);
  const auto report = ComputeEnergy(sensor, Trace(BusyAmperes), StandardWindows());
  EXPECT_TRUE(FlagNamed(*report, "IMPLAUSIBLE").fatal());
  EXPECT_EQ(FlagNamed(*report, "IMPLAUSIBLE").detail().substr(0, 19), "idle A draws 2.5000");
}

TEST(EnergyFlags, ShortIsFatalForARealSensorOnly) {
  std::vector<v1::MarkedWindow> windows = StandardWindows();
  windows[1].set_end_mono_ns(15 * kSecond);
  windows[1].set_inference_count(1000 / 12);
  const auto real = ComputeEnergy(Ina219(), Trace(BusyAmperes), windows);
  ASSERT_TRUE(real.ok());
  EXPECT_TRUE(FlagNamed(*real, "SHORT").fatal());
  const auto simulated = ComputeEnergy(Simulated(), Trace(BusyAmperes), windows);
  ASSERT_TRUE(simulated.ok());
  EXPECT_THAT(Names(*simulated), ElementsAre("SIMULATED", "SHORT"));
  EXPECT_FALSE(FlagNamed(*simulated, "SHORT").fatal());
  EXPECT_EQ(simulated->summary.power_source(), "simulated");
  windows = StandardWindows();
  windows[2].set_inference_count(9);
  EXPECT_THAT(Names(*ComputeEnergy(Ina219(), Trace(BusyAmperes), windows)), Contains("SHORT"));
}

TEST(ComputeEnergy, RefusesWhatCannotBe) {
  const auto code = [](const v1::SensorDescription& sensor, std::vector<RawCounts> samples,
                       std::vector<v1::MarkedWindow> windows) {
    return ComputeEnergy(sensor, samples, windows).status().code();
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code(Ina219(), {{2000}, {1000}}, {}), kInvalid);
  EXPECT_EQ(code(Ina219(), {}, {Window(v1::WINDOW_KIND_INFERENCE, 0, 5, 4, 1)}), kInvalid);
  EXPECT_EQ(code(Ina219(), {}, {Window(v1::WINDOW_KIND_UNSPECIFIED, 0, 4, 5, 1)}), kInvalid);
  EXPECT_EQ(code(Ina219(), {}, {Window(v1::WINDOW_KIND_INFERENCE, 0, INT64_MIN, INT64_MAX, 1)}),
            kInvalid);
  v1::SensorDescription broken = Ina219();
  broken.set_shunt_uohm(0);
  EXPECT_EQ(code(broken, {}, {}), kInvalid);
}

// The flags of the measuring protocol, with those that are always fatal.
TEST(FlagCatalog, HasEveryFlagOfTheProtocol) {
  for (const char* name : {"SENSOR_RESET",   "CONFIG_CHANGED",  "CLIPPED",
                           "MATH_OVERFLOW",  "STUCK",           "GAP",
                           "TORN",           "I2C_CLOCK",       "I2C_ERROR",
                           "IMPLAUSIBLE",    "NEGATIVE",        "UNDERVOLT",
                           "THROTTLED",      "NO_STEADY_STATE", "SHORT",
                           "BASELINE_DRIFT", "BELOW_NOISE",     "INTERFERENCE",
                           "SAMPLER_LATE",   "CLOCK_STEP",      "DRIFT",
                           "MISMATCH",       "SIMULATED"}) {
    EXPECT_NE(FindFlag(name), nullptr) << name;
  }
  for (const char* name : {"SENSOR_RESET", "CONFIG_CHANGED", "CLIPPED", "STUCK", "IMPLAUSIBLE",
                           "NEGATIVE", "THROTTLED", "MISMATCH"}) {
    EXPECT_TRUE(MakeFlag(name, "").fatal()) << name;
  }
}

TEST(FlagCatalog, NamesAreUniqueAndExplained) {
  for (const FlagDescription& flag : FlagCatalog()) {
    EXPECT_EQ(FindFlag(flag.name), &flag);
    EXPECT_GT(flag.meaning.size(), 20U) << flag.name;
    EXPECT_EQ(flag.meaning.back(), '.') << flag.name;
    EXPECT_GT(flag.advice.size(), 10U) << flag.name;
  }
  EXPECT_EQ(FindFlag("NEWER_AGENT"), nullptr);
  EXPECT_TRUE(MakeFlag("CLIPPED", "").fatal());
  EXPECT_FALSE(MakeFlag("SIMULATED", "").fatal());
}

}  // namespace
}  // namespace tinyjoule

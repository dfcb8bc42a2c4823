// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/uncertainty.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "common/energy/energy_report.h"
#include "common/energy/statistics.h"

namespace tinyjoule {
namespace {

v1::SensorDescription Ina219() {
  v1::SensorDescription sensor;
  sensor.set_kind("ina219");
  sensor.set_shunt_lsb_v(10e-6);
  sensor.set_bus_lsb_v(4e-3);
  sensor.set_shunt_uohm(100'000);
  sensor.set_gain(1);
  return sensor;
}

// Of 4 and 8 mV by turns at 5 V, as a share: the mean of two independent errors.
const double kRounding = std::hypot(4e-3, 8e-3) / 2 / 5 / std::sqrt(12);

// "At 0.5 A, 0.1 ohm 1 %: about 1.2 % RSS": 50 mV over the shunt, so 100 uV are 0.2 %.
TEST(SystematicError, OfAnIna219IsAboutOnePercent) {
  const SystematicError error = SystematicErrorOf(Ina219(), 5);
  const double energy_j = 2.5 * 10;
  const double gains2 = 1e-4 + 2 * 25e-6 + kRounding * kRounding;
  EXPECT_NEAR(error.GrossJ(energy_j, 10) / energy_j, std::sqrt(gains2 + 4e-6), 1e-9);
  EXPECT_NEAR(error.GrossJ(energy_j, 10) / energy_j, 0.0124, 5e-5);
  // The offset goes with the idle: what is left of 4 J are the gains.
  EXPECT_NEAR(error.NetJ(4, 10) / 4, std::sqrt(gains2), 1e-9);
}

TEST(SystematicError, TheDescriptionsOwnFiguresWin) {
  v1::SensorDescription sensor = Ina219();
  sensor.set_relative_uncertainty(0.002);
  sensor.set_shunt_offset_uncertainty_v(10e-6);
  sensor.set_gain(1.01);
  const SystematicError error = SystematicErrorOf(sensor, 5);
  EXPECT_DOUBLE_EQ(error.relative, std::hypot(0.002, kRounding));
  EXPECT_NEAR(error.offset_w, 5 * 1.01 * 10e-6 / 0.1, 1e-12);
  EXPECT_EQ(error.resolution_w, 0);
}

TEST(SystematicError, CoarseReadingsAreHeldAgainstTheirStep) {
  v1::SensorDescription hwmon = Ina219();
  hwmon.set_kind("hwmon");
  hwmon.set_shunt_lsb_v(1e-3);
  // Steps of 1 mV over 0.1 ohm at 5 V: 50 mW, of which 1 / sqrt(12) is the standard uncertainty.
  const SystematicError of_hwmon = SystematicErrorOf(hwmon, 5);
  EXPECT_NEAR(of_hwmon.resolution_w, 0.05 / std::sqrt(12), 1e-12);
  EXPECT_NEAR(of_hwmon.NetJ(0, 10), std::sqrt(2) * 10 * 0.05 / std::sqrt(12), 1e-9);
  v1::SensorDescription rapl;
  rapl.set_kind("rapl");
  rapl.set_has_power_channel(true);
  rapl.set_power_lsb_w(0.06);
  EXPECT_NEAR(SystematicErrorOf(rapl, 0).GrossJ(100, 10), 10 * 0.06 / std::sqrt(12), 1e-9);
}

TEST(SystematicError, NothingOfASimulatedSensor) {
  v1::SensorDescription sensor = Ina219();
  sensor.set_kind("simulated");
  EXPECT_EQ(SystematicErrorOf(sensor, 5).GrossJ(100, 10), 0);
}

// Two windows of 10 and 14 J in 1,000 inferences each, net 2 and 4 J.
TEST(BudgetOf, FollowsItsFormula) {
  std::vector<v1::WindowEnergy> windows(2);
  std::vector<WindowUncertainty> parts(2);
  const double gross_j[] = {10, 14}, net_j[] = {2, 4};
  for (int i = 0; i < 2; ++i) {
    windows[i].set_inference_count(1000);
    windows[i].set_energy_j(gross_j[i]);
    windows[i].set_energy_net_j(net_j[i]);
    parts[i] = {0.03, 0.04, 0.12, 0.02, 0.01};
  }
  const v1::UncertaintyBudget budget = BudgetOf(windows, parts);
  EXPECT_NEAR(budget.within_uj(), 30 / std::sqrt(2), 1e-9);
  EXPECT_NEAR(budget.edges_uj(), 40 / std::sqrt(2), 1e-9);
  // Fully correlated between windows: no root of two.
  EXPECT_NEAR(budget.systematic_uj(), 120, 1e-9);
  EXPECT_NEAR(budget.systematic_net_uj(), 20, 1e-9);
  EXPECT_NEAR(budget.baseline_uj(), 10, 1e-9);
  // s / sqrt(2) of two values is half their difference.
  EXPECT_NEAR(budget.between_uj(), 2000, 1e-9);
  EXPECT_NEAR(budget.between_net_uj(), 1000, 1e-9);
  EXPECT_NEAR(budget.combined_uj(), std::hypot(2000, 120), 1e-9);
  EXPECT_NEAR(budget.combined_net_uj(), std::sqrt(1e6 + 400 + 100), 1e-9);
  windows.resize(1);
  parts.resize(1);
  windows[0].clear_energy_net_j();
  const v1::UncertaintyBudget one = BudgetOf(windows, parts);
  EXPECT_FALSE(one.has_between_uj());
  EXPECT_FALSE(one.has_combined_net_uj());
  EXPECT_NEAR(one.combined_uj(), std::sqrt(30 * 30 + 40 * 40 + 120 * 120), 1e-9);
}

// One-sided 95 %: 1.645 u of a normal, t(0.95, 4) = 2.132 when five windows tell the scatter.
TEST(NetUpperBound, IsOneSidedAndNeverBelowZero) {
  v1::UncertaintyBudget budget;
  budget.set_within_uj(10);
  budget.set_combined_net_uj(10);
  EXPECT_NEAR(NetUpperBound(5, budget, 5), 5 + 16.449, 1e-3);
  EXPECT_NEAR(NetUpperBound(-50, budget, 5), 16.449, 1e-3);
  budget.set_between_net_uj(20);
  budget.set_combined_net_uj(20);
  EXPECT_NEAR(NetUpperBound(0, budget, 5), 20 * 2.1318, 1e-2);
}

// Student's interval of five normal values holds their mean 95 times of 100 (20,000 tries, binomial
// standard error 0.15 %); the normal quantile in its place holds it 88 times.
TEST(MeanInterval95, HoldsTheMeanOfFiveValues) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(7, 2);
  constexpr int kTries = 20'000;
  int held = 0, held_by_normal = 0;
  for (int i = 0; i < kTries; ++i) {
    std::vector<double> values(5);
    for (double& value : values) value = normal(random);
    const Interval interval = *MeanInterval95(values);
    held += interval.low < 7 && 7 < interval.high ? 1 : 0;
    const double half = 1.959964 * SampleStandardDeviation(values) / std::sqrt(5);
    held_by_normal += std::abs(Mean(values) - 7) < half ? 1 : 0;
  }
  EXPECT_NEAR(held / double{kTries}, 0.95, 4 * 0.0015);
  EXPECT_LT(held_by_normal / double{kTries}, 0.89);
}

// The mean of AR(1) series scatters as the formula says from each series alone. Without the
// correlation it would be told half as large at rho = 0.6.
TEST(CorrelatedStandardError, AgreesWithSimulatedSeries) {
  for (const double rho : {-0.4, 0.0, 0.6}) {
    std::mt19937_64 random(5);
    std::normal_distribution<double> normal;
    std::vector<double> means, told;
    for (int series = 0; series < 1500; ++series) {
      std::vector<double> values(1000);
      double value = normal(random) / std::sqrt(1 - rho * rho);
      for (double& v : values) {
        v = value;
        value = rho * value + normal(random);
      }
      means.push_back(Mean(values));
      told.push_back(CorrelatedStandardError(SampleStandardDeviation(values),
                                             LagOneAutocorrelation(values), 1000));
    }
    const double scatter = SampleStandardDeviation(means);
    EXPECT_NEAR(Mean(told) / scatter, 1, 0.08) << rho;
    // In closed form: s / sqrt(n) / (1 - rho) for long series.
    EXPECT_NEAR(Mean(told), 1 / std::sqrt(1000) / (1 - rho), 0.04 / std::sqrt(1000) / (1 - rho));
  }
}

// A whole run 500 times over: correlated noise of 50 mW (rho = 0.5) on idle 2.5 W and busy 4 W,
// three windows between two idles. The figures scatter as their budget says.
class SimulatedRuns {
 public:
  static constexpr int64_t kCycleNs = 5'000'000;
  static constexpr int64_t kSecond = 1'000'000'000;

  EnergyReport Next() {
    std::vector<RawCounts> samples;
    double noise_w = normal_(random_) * 0.05;
    for (int64_t t_ns = kCycleNs; t_ns <= 12 * kSecond; t_ns += kCycleNs) {
      noise_w = 0.5 * noise_w + std::sqrt(0.75) * 0.05 * normal_(random_);
      const bool busy = t_ns > 2500 * kSecond / 1000 && t_ns <= 9500 * kSecond / 1000;
      const double power_w = (busy ? 4.0 : 2.5) + noise_w;
      samples.push_back({t_ns, 0, 0, static_cast<int32_t>(std::lround(power_w * 1e6)), 0});
    }
    return *ComputeEnergy(sensor_, samples, windows_);
  }

  SimulatedRuns() {
    sensor_.set_kind("simulated");
    sensor_.set_simulated(true);
    sensor_.set_bus_lsb_v(1);
    sensor_.set_shunt_lsb_v(1);
    sensor_.set_shunt_uohm(1);
    sensor_.set_gain(1);
    sensor_.set_has_power_channel(true);
    sensor_.set_power_lsb_w(1e-6);
    sensor_.set_cycle_ns(kCycleNs);
    AddWindow(v1::WINDOW_KIND_IDLE_A, 0, 1, 2);
    for (uint32_t i = 0; i < 3; ++i) AddWindow(v1::WINDOW_KIND_INFERENCE, i, 3 + 2 * i, 5 + 2 * i);
    AddWindow(v1::WINDOW_KIND_IDLE_B, 0, 10, 11);
  }

 private:
  void AddWindow(v1::WindowKind kind, uint32_t index, int64_t start_s, int64_t end_s) {
    v1::MarkedWindow& window = windows_.emplace_back();
    window.set_kind(kind);
    window.set_index(index);
    window.set_start_mono_ns(start_s * kSecond);
    window.set_end_mono_ns(end_s * kSecond);
    if (kind == v1::WINDOW_KIND_INFERENCE) window.set_inference_count(1000);
  }

  std::mt19937_64 random_{17};
  std::normal_distribution<double> normal_;
  v1::SensorDescription sensor_;
  std::vector<v1::MarkedWindow> windows_;
};

TEST(BudgetOf, SimulatedRunsScatterAsTheirBudgetSays) {
  SimulatedRuns runs;
  std::vector<double> gross_uj, net_uj, told_gross, told_net;
  for (int i = 0; i < 500; ++i) {
    const EnergyReport report = runs.Next();
    gross_uj.push_back(report.summary.energy_j() * 1e6 / 3000);
    net_uj.push_back(report.summary.energy_net_j() * 1e6 / 3000);
    const v1::UncertaintyBudget& budget = report.summary.uncertainty();
    told_gross.push_back(std::hypot(budget.within_uj(), budget.edges_uj()));
    told_net.push_back(std::hypot(told_gross.back(), budget.baseline_uj()));
    EXPECT_EQ(budget.systematic_uj(), 0);
  }
  EXPECT_NEAR(Mean(gross_uj), 8000, 10);
  EXPECT_NEAR(Mean(net_uj), 3000, 10);
  // 500 tries tell a standard deviation to 3 %.
  EXPECT_NEAR(Mean(told_gross) / SampleStandardDeviation(gross_uj), 1, 0.12);
  EXPECT_NEAR(Mean(told_net) / SampleStandardDeviation(net_uj), 1, 0.12);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// A sweep with the unchanged programs, the agent's INA219 being emulated: the energy that comes out
// is the energy of a load that the test knows.
#include <cmath>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/lab.h"
#include "tests/e2e/table.h"
#include "tests/emulated_pi/preload/bus_settings.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSensor[] = "i2c:/dev/i2c-1@0x40?shunt_uohm=100000";
// The INA219's high-speed mode: a conversion is read in so small a part of a cycle, on any machine,
// that the agent converts the bus voltage with 12 and 11 bit by turns.
constexpr char kFastBus[] = "bus_hz=2560000";
// What the data sheet says of a cycle with 12 and with 11 bit, whatever the chip's clock.
constexpr double kTurnedSpread = 4.792 / 4.536;

class PreloadedSweepTest : public ::testing::Test {
 protected:
  void Start(const std::string& bus) {
    settings_.Read(bus);
    lab_.StartCoordinator();
    lab_.StartAgent("pi-1", {}, kSensor,
                    {"LD_PRELOAD=" TINYJOULE_PRELOADED_BUS, absl::StrCat(kBusVariable, "=", bus)});
  }
  // One run over windows of that length on such a bus; its row of runs.csv.
  std::map<std::string, std::string> Measure(const std::string& bus, const std::string& window) {
    Start(bus);
    if (HasFatalFailure()) return {};
    return Measure(window);
  }
  std::map<std::string, std::string> Measure(const std::string& window) {
    TinySweep sweep;
    sweep.windows = 1;
    sweep.window = window;
    id_ = lab_.Submit(lab_.WriteFile("sweep.yaml", sweep.Yaml()));
    lab_.WaitForEnd(id_);
    const Ended ended = lab_.Coord({"export", id_, "-O", lab_.Path("results")});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    const Table runs = ReadTable(lab_.Path("results/runs.csv"));
    EXPECT_EQ(runs.rows.size(), 1u) << lab_.Logs();
    return runs.rows.empty() ? std::map<std::string, std::string>() : runs.rows.front();
  }
  // The window's energy as measured, and as the load had it.
  void ExpectTheEnergyOfTheLoad(double tolerance) {
    const Table windows = ReadTable(lab_.Path("results/windows.csv"));
    ASSERT_EQ(windows.rows.size(), 1u);
    const auto& row = windows.rows.front();
    const TimeSpan span{static_cast<int64_t>(Number(row, "start_ns")),
                        static_cast<int64_t>(Number(row, "end_ns"))};
    const double true_j = settings_.Load().EnergyJ(span);
    // A machine that is too busy for the sampler leaves gaps, which are told and not filled.
    const double missing_j =
        (1 - Number(row, "coverage")) * 4.9 * SecondsFromNs(span.end_ns - span.start_ns);
    EXPECT_NEAR(Number(row, "energy_j"), true_j, tolerance * true_j + missing_j)
        << "coverage " << row.at("coverage");
  }

  Table Samples() {
    const std::string folder = lab_.Path("samples");
    EXPECT_EQ(lab_.Coord({"export", id_, "--table", "samples", "-O", folder}).exit_code, 0);
    return ReadTable(folder + "/samples.csv");
  }

  Lab lab_;
  BusSettings settings_;
  std::string id_;
};

TEST_F(PreloadedSweepTest, TheEnergyIsTheLoads) {
  const auto row = Measure("", "10s");
  EXPECT_EQ(row.at("power_source"), "ina219");
  EXPECT_EQ(row.at("state"), "succeeded") << lab_.Logs();
  EXPECT_EQ(row.at("valid"), "true") << row.at("flags");
  EXPECT_THAT(row.at("flags"), Not(HasSubstr("SIMULATED")));
  EXPECT_NEAR(Number(row, "voltage_mean_v"), 5.1, 0.004);
  EXPECT_NEAR(Number(row, "sample_rate_hz"), 209, 25);
  EXPECT_GT(Number(row, "coverage"), 0.99);
  ExpectTheEnergyOfTheLoad(0.001);
  const Ended verified = lab_.Coord({"verify", id_});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

TEST_F(PreloadedSweepTest, ShortWindowsAreNoMeasurement) {
  const auto row = Measure("", "500ms");
  EXPECT_EQ(row.at("valid"), "false");
  EXPECT_THAT(row.at("flags"), HasSubstr("SHORT"));
  ExpectTheEnergyOfTheLoad(0.01);
}

TEST_F(PreloadedSweepTest, RetriedTransfersCostNoEnergy) {
  const auto row = Measure("nak_every=50", "2s");
  EXPECT_EQ(row.at("power_source"), "ina219");
  ExpectTheEnergyOfTheLoad(0.003);
}

TEST_F(PreloadedSweepTest, ByTurnsOfTwoCyclesTheEnergyIsTheLoads) {
  const auto row = Measure(kFastBus, "10s");
  EXPECT_EQ(row.at("valid"), "true") << row.at("flags") << lab_.Logs();
  EXPECT_GT(Number(row, "coverage"), 0.99);
  EXPECT_NEAR(SpreadOfSteps(Samples(), "t_ns"), kTurnedSpread, 0.01);
  ExpectTheEnergyOfTheLoad(0.001);
  EXPECT_EQ(lab_.Coord({"verify", id_}).exit_code, 0);
}

// Reads of the configuration and writes of the turns are lost, too.
TEST_F(PreloadedSweepTest, LostAcknowledgesCostNoTurn) {
  const auto row = Measure(absl::StrCat(kFastBus, ",nak_every=31"), "4s");
  EXPECT_THAT(row.at("flags"), Not(HasSubstr("CONFIG_CHANGED")));
  EXPECT_THAT(row.at("flags"), Not(HasSubstr("SENSOR_RESET")));
  EXPECT_NEAR(SpreadOfSteps(Samples(), "t_ns"), kTurnedSpread, 0.01);
  ExpectTheEnergyOfTheLoad(0.003);
}

// Behind a turn in mid-run, after some 8 s: the next turn would write over what it finds.
TEST_F(PreloadedSweepTest, AResetBetweenTwoTurnsIsSeenAndNotHealed) {
  const auto row = Measure(absl::StrCat(kFastBus, ",brown_out_writes=60"), "10s");
  EXPECT_EQ(row.at("valid"), "false");
  EXPECT_THAT(row.at("flags"), HasSubstr("SENSOR_RESET"));
}

// On a bus too slow for turns at x8, on any machine: the resolution stays the same one.
TEST_F(PreloadedSweepTest, WhatReadingCostsIsToldWithTheRunsThatFollow) {
  Start("bus_hz=100000");
  ASSERT_FALSE(HasFatalFailure());
  const Ended observed =
      lab_.Coord({"-o", "csv", "agents", "calibrate", "pi-1", "--observer", "--duration", "2s"});
  ASSERT_EQ(observed.exit_code, 0) << observed.err << lab_.Logs();
  const Table costs = ReadTable(lab_.WriteFile("costs.csv", observed.out));
  ASSERT_GE(costs.rows.size(), 4u) << observed.out;
  EXPECT_EQ(costs.rows.back().at("difference_w"), "") << "nothing is slower";
  const auto row = Measure("500ms");
  const auto cost = absl::c_find_if(
      costs.rows, [](const auto& each) { return absl::StartsWith(each.at("resolution"), "x8/"); });
  ASSERT_NE(cost, costs.rows.end()) << observed.out;
  // The table has four digits.
  EXPECT_NEAR(Number(row, "sampling_power_w"), Number(*cost, "difference_w"), 1e-4);
  EXPECT_NEAR(Number(row, "sampling_cpu_share"), Number(*cost, "cpu_share"), 1e-4);
  EXPECT_GT(Number(row, "sampling_cpu_share"), 0);
  EXPECT_THAT(lab_.Coord({"show", row.at("run_id")}).err,
              HasSubstr("reading the sensor at " + cost->at("resolution") + ": "));
}

TEST_F(PreloadedSweepTest, SwappedLeadsMakeTheRunInvalid) {
  const auto row = Measure("swapped_leads=1", "500ms");
  EXPECT_EQ(row.at("valid"), "false");
  EXPECT_THAT(row.at("flags"), HasSubstr("NEGATIVE"));
  EXPECT_LT(Number(row, "energy_j"), 0) << "what was measured, not what was meant";
}

TEST_F(PreloadedSweepTest, ACurrentOutOfRangeMakesTheRunInvalid) {
  const auto row = Measure("high_mw=20000", "500ms");
  EXPECT_EQ(row.at("valid"), "false");
  EXPECT_THAT(row.at("flags"), HasSubstr("CLIPPED"));
}

}  // namespace
}  // namespace tinyjoule

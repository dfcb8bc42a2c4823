// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Whole runs of the unchanged agent, runner and coordinator on a real kernel's I2C and GPIO. The
// load of the simulated INA219, and so its energy, is known; what goes wrong on the bus in the
// middle of a window is seen. Runs in user-mode Linux (uml/run).
#include <csignal>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/lab.h"
#include "tests/e2e/table.h"
#include "tests/emulated_pi/chip_parameters.h"
#include "tests/emulated_pi/gpio_monitor.h"
#include "tests/emulated_pi/gpio_sim.h"

namespace tinyjoule {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// Sixteen averages: conversions that come slowly enough for a machine that is busy with other
// things.
constexpr char kSensor[] = "i2c:/dev/i2c-1@0x40?shunt_uohm=100000&adc=x16";
// What the data sheet says of a cycle of them with 12 and with 11 bit for the bus voltage.
constexpr double kTurnedSpread = 9.042 / 8.786;
constexpr char kBus[] = "/sys/bus/i2c/devices/i2c-1/";
constexpr int kMarkerLine = 17;
constexpr double kVolts = 5;
// 500 mA, and 800 mA in the first half of every period.
constexpr double kMeanW = kVolts * 0.65;
constexpr double kSwingW = kVolts * 0.3;
constexpr int64_t kPeriodUs = 20'000;

using Row = std::map<std::string, std::string>;

// One laboratory for all runs: equal training is done once.
class AgentRunTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    gpio_ = new GpioSim;
    chip_ = new ChipParameters;
    chip_->Set("clock_khz", 400);
    lab_ = new Lab;
    lab_->StartCoordinator({"--trainer", TINYJOULE_READY_TRAINER, "--trainers", "1"});
    lab_->StartAgent("pi-1", {"--marker", absl::StrCat("gpio:", GpioSim::kLabel, "/", kMarkerLine)},
                     kSensor);
  }
  static void TearDownTestSuite() {
    lab_->KillAgent("pi-1", SIGTERM);
    delete lab_;
    delete chip_;
    delete gpio_;
  }

  void SetUp() override {
    ASSERT_TRUE(lab_->AgentConnected("pi-1")) << lab_->Logs();
    chip_->Set("wave_ma", 300);
    chip_->Set("wave_us", kPeriodUs);
  }
  void TearDown() override {
    chip_->Set("fail_next", 0);
    chip_->Set("stuck", 0);
    chip_->Set("slow_permille", 1000);
  }

  // A sweep of one run; `disturb` is called in its window.
  Row Run(
      const std::string& name, const std::string& window,
      const std::function<void()>& disturb = [] {}) {
    TinySweep sweep;
    sweep.name = name;
    sweep.windows = 1;
    sweep.window = window;
    id_ = lab_->Submit(lab_->WriteFile(name + ".yaml", sweep.Yaml()));
    EXPECT_TRUE(lab_->Eventually([] { return gpio_->IsHigh(kMarkerLine); })) << lab_->Logs();
    disturb();
    lab_->WaitForEnd(id_);
    const Table runs = Export("runs");
    EXPECT_EQ(runs.rows.size(), 1u) << lab_->Logs();
    if (runs.rows.empty()) return {};
    EXPECT_EQ(runs.rows[0].at("power_source"), "ina219");
    return runs.rows[0];
  }
  Table Export(const std::string& table) {
    const std::string folder = lab_->Path("results-" + id_);
    EXPECT_EQ(lab_->Coord({"export", id_, "--table", table, "-O", folder}).exit_code, 0);
    return ReadTable(folder + "/" + table + ".csv");
  }
  static std::set<std::string> Flags(const Row& run) {
    return absl::StrSplit(run.at("flags"), ';');
  }
  // What the run's flags say to a user.
  std::string Shown(const Row& run) {
    const Ended shown = lab_->Coord({"show", run.at("run_id")});
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    return shown.err;
  }

  static GpioSim* gpio_;
  static ChipParameters* chip_;
  static Lab* lab_;
  std::string id_;
};

GpioSim* AgentRunTest::gpio_ = nullptr;
ChipParameters* AgentRunTest::chip_ = nullptr;
Lab* AgentRunTest::lab_ = nullptr;

TEST_F(AgentRunTest, MeasuresTheEnergyOfTheLoadBetweenTheEdgesOfTheMarker) {
  const GpioMonitor monitor;
  const Row run = Run("clean", "10s");
  // A machine that is busy with other things may cost conversions, which is told.
  for (const char* flag : {"SIMULATED", "SENSOR_RESET", "CONFIG_CHANGED", "STUCK", "CLIPPED",
                           "NEGATIVE", "MISMATCH", "SHORT"}) {
    EXPECT_THAT(Flags(run), Not(Contains(flag))) << lab_->Logs();
  }
  EXPECT_NEAR(Number(run, "voltage_mean_v"), kVolts, 0.004);
  EXPECT_GT(Number(run, "coverage"), 0.9);
  const Table windows = Export("windows");
  ASSERT_EQ(windows.rows.size(), 1u);
  const double start_ns = Number(windows.rows[0], "start_ns");
  const double end_ns = Number(windows.rows[0], "end_ns");
  // A window cuts at most one period of the wave; what was not covered is told and not filled.
  const double seconds = (end_ns - start_ns) * 1e-9 * Number(windows.rows[0], "coverage");
  EXPECT_NEAR(Number(windows.rows[0], "energy_j"), kMeanW * seconds,
              0.001 * kMeanW * seconds + kSwingW / 2 * kPeriodUs * 1e-6);
  EXPECT_NEAR(SpreadOfSteps(Export("samples"), "t_ns"), kTurnedSpread, 0.005)
      << "the bus voltage turns between 12 and 11 bit";
  const std::vector<GpioEdge> edges = monitor.Edges();
  // A window that came out short was measured again: the last one counts.
  ASSERT_GE(edges.size(), 2u);
  const GpioEdge rise = edges[edges.size() - 2];
  const GpioEdge fall = edges.back();
  EXPECT_TRUE(rise.high);
  EXPECT_FALSE(fall.high);
  // Around the marks; the kernel tells whole microseconds.
  constexpr double kResolutionNs = 1e3;
  constexpr double kNearNs = 10e6;
  const double before_ns = start_ns - static_cast<double>(rise.t_ns);
  const double after_ns = static_cast<double>(fall.t_ns) - end_ns;
  EXPECT_GE(before_ns, -kResolutionNs);
  EXPECT_LE(before_ns, kNearNs);
  EXPECT_GE(after_ns, -kResolutionNs);
  EXPECT_LE(after_ns, kNearNs);
}

TEST_F(AgentRunTest, RetriesALostAcknowledgeAndLosesNothing) {
  const Row run = Run("nak", "1s", [] { chip_->Set("fail_next", 2); });
  EXPECT_EQ(chip_->Get("fail_next"), 0) << "the fault took place";
  EXPECT_EQ(run.at("state"), "invalid") << "a second is short for a real sensor";
  EXPECT_THAT(Flags(run), Not(Contains("SENSOR_RESET")));
  EXPECT_THAT(Flags(run), Not(Contains("MISMATCH")));
}

TEST_F(AgentRunTest, FlagsABrownOutOfTheSensor) {
  const Row run = Run("brown-out", "1s", [] { chip_->BrownOut(); });
  EXPECT_THAT(Flags(run), Contains("SENSOR_RESET")) << lab_->Logs();
  EXPECT_EQ(run.at("valid"), "false");
  EXPECT_THAT(Shown(run), HasSubstr("The sensor lost its configuration during the run."));
}

TEST_F(AgentRunTest, FlagsABusThatFailsForAWhile) {
  const Row run = Run("naks", "1s", [] { chip_->Set("fail_next", 60); });
  EXPECT_EQ(chip_->Get("fail_next"), 0) << "the fault took place";
  EXPECT_THAT(Flags(run), Contains("I2C_ERROR")) << lab_->Logs();
  EXPECT_EQ(run.at("valid"), "false");
}

TEST_F(AgentRunTest, FlagsAChipThatIsGoneAndMeasuresWhenItIsBack) {
  const Row gone = Run("gone", "1s", [] { chip_->Set("stuck", 1); });
  EXPECT_THAT(Flags(gone), Contains("I2C_ERROR")) << lab_->Logs();
  EXPECT_THAT(Flags(gone), Contains("GAP"));
  EXPECT_LT(Number(gone, "coverage"), 0.5);
  EXPECT_EQ(gone.at("valid"), "false");
  chip_->Set("stuck", 0);
  const Row back = Run("back", "1s");
  EXPECT_GT(Number(back, "coverage"), 0.9) << lab_->Logs();
  EXPECT_NEAR(Number(back, "power_mean_w"), kMeanW, 0.05);
}

// The chip's words do not change any more.
TEST_F(AgentRunTest, FlagsConversionsThatAreStuck) {
  const Row run = Run("stuck", "2s", [] { chip_->Set("wave_ma", 0); });
  EXPECT_THAT(Flags(run), Contains("STUCK")) << lab_->Logs();
  EXPECT_THAT(Shown(run), HasSubstr("the sensor no longer converts"));
}

TEST_F(AgentRunTest, FlagsConversionsThatComeNoMore) {
  const Row run = Run("halted", "1s", [] { chip_->Set("slow_permille", 1'000'000); });
  EXPECT_THAT(Flags(run), Contains("GAP")) << lab_->Logs();
  EXPECT_LT(Number(run, "coverage"), 0.5);
  EXPECT_EQ(run.at("valid"), "false");
}

// The kernel's own driver binds to the chip in the middle of a window, and writes what it likes.
TEST_F(AgentRunTest, FlagsAnotherDriverThatTakesTheChip) {
  const Row run = Run("driver", "2s",
                      [] { std::ofstream(absl::StrCat(kBus, "new_device")) << "ina219 0x40\n"; });
  std::ofstream(absl::StrCat(kBus, "delete_device")) << "0x40\n";
  EXPECT_THAT(Flags(run), AnyOf(Contains("CONFIG_CHANGED"), Contains("SENSOR_RESET")))
      << lab_->Logs();
  EXPECT_EQ(run.at("valid"), "false");
}

}  // namespace
}  // namespace tinyjoule

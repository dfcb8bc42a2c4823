// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_pi/system/emulated_lab.h"

#include <cmath>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "gtest/gtest.h"
#include "tests/e2e/table.h"
#include "tests/emulated_pi/gpio_monitor.h"

namespace tinyjoule {
namespace {

constexpr char kChip[] = "/sys/module/tinyjoule_ina219/parameters/";
constexpr char kTracing[] = "/sys/kernel/tracing/";
// The load: 0.5 A, and 0.3 A more in the first half of each period.
constexpr double kVolts = 5;
constexpr double kMeanW = kVolts * 0.65;
constexpr double kSwingW = kVolts * 0.3;
constexpr double kPeakW = kVolts * 0.8;
constexpr int kWaveMa = 300;
constexpr int kPeriodUs = 20'000;
// An emulated processor, shared with whatever else runs here, is that late.
constexpr double kMarkToleranceNs = 100e6;

bool HasEdge(const std::vector<GpioEdge>& edges, bool high, double t_ns) {
  return absl::c_any_of(edges, [&](const GpioEdge& edge) {
    return edge.high == high && std::abs(static_cast<double>(edge.t_ns) - t_ns) < kMarkToleranceNs;
  });
}

}  // namespace

void EmulatedLab::StartCoordinator() {
  lab_.StartCoordinator({"--trainer", TINYJOULE_READY_TRAINER, "--trainers", "1"});
}

bool EmulatedLab::EventuallyConnected(bool connected) {
  return lab_.Eventually([&] { return lab_.AgentConnected(kAgent) == connected; });
}

void EmulatedLab::PlugInBus() {
  guest_.Must(
      absl::Substitute("modprobe i2c-dev && modprobe tinyjoule_ina219 clock_khz=400 wave_ma=$0 "
                       "wave_us=$1 && udevadm settle",
                       kWaveMa, kPeriodUs));
}

void EmulatedLab::SetChip(absl::string_view parameter, int value) {
  guest_.Must(absl::StrCat("echo ", value, " > ", kChip, parameter));
}

std::string EmulatedLab::Chip(absl::string_view parameter) {
  return guest_.Must(absl::StrCat("cat ", kChip, parameter));
}

std::string EmulatedLab::BeginRun(const std::string& name, const std::string& window) {
  guest_.Must(
      absl::Substitute("cd $0 && echo mono_raw > trace_clock && echo > trace && echo 1 > "
                       "events/gpio/gpio_value/enable",
                       kTracing));
  TinySweep sweep;
  sweep.name = name;
  sweep.windows = 1;
  sweep.window = window;
  const std::string id = lab_.Submit(lab_.WriteFile(name + ".yaml", sweep.Yaml()));
  guest_.Eventually(absl::Substitute("grep 'gpio_value: .* set 1' $0trace", kTracing));
  return id;
}

v1::Run EmulatedLab::OnlyRun(const std::string& sweep_id) {
  const std::vector<v1::Run> runs = lab_.Runs(sweep_id);
  EXPECT_EQ(runs.size(), 1u);
  return runs.empty() ? v1::Run() : runs.front();
}

void EmulatedLab::ExpectTheEnergyOfTheLoad(const std::string& sweep_id) {
  const std::string folder = lab_.Path("results-" + sweep_id);
  EXPECT_EQ(lab_.Coord({"export", sweep_id, "--table", "windows", "-O", folder}).exit_code, 0);
  const Table windows = ReadTable(folder + "/windows.csv");
  ASSERT_EQ(windows.rows.size(), 1u);
  const auto& window = windows.rows.front();
  const double start_ns = Number(window, "start_ns");
  const double end_ns = Number(window, "end_ns");
  const double seconds = (end_ns - start_ns) * 1e-9;
  const double coverage = Number(window, "coverage");
  EXPECT_GT(coverage, 0.5);
  // A window cuts at most one period of the wave; what was not covered is told and not filled, and
  // may have been any part of the wave.
  EXPECT_NEAR(Number(window, "energy_j"), kMeanW * seconds * coverage,
              0.005 * kMeanW * seconds + kSwingW / 2 * kPeriodUs * 1e-6 +
                  (kPeakW - kMeanW) * seconds * (1 - coverage));
  const auto edges = ParseGpioTrace(guest_.Must(absl::StrCat("cat ", kTracing, "trace")));
  EXPECT_TRUE(HasEdge(edges, true, start_ns)) << start_ns;
  EXPECT_TRUE(HasEdge(edges, false, end_ns)) << end_ns;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Published energies of INA219 traces of a Raspberry Pi 3B+ (github vincedani/
// energy-measurement-results), through this project's own wire format and arithmetic.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/energy/conversion.h"
#include "common/energy/energy_report.h"
#include "common/energy/integral.h"
#include "common/energy/statistics.h"
#include "common/units/units.h"

namespace tinyjoule {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> TraceFolder() {
  const char* data = std::getenv("TINYJOULE_TEST_DATA_DIR");
  if (data == nullptr) return std::nullopt;
  const fs::path folder = fs::path(data) / "ina219_rpi3_traces";
  if (!fs::exists(folder)) return std::nullopt;
  return folder;
}

double Number(absl::string_view text) {
  double value = 0;
  EXPECT_TRUE(absl::SimpleAtod(absl::StripAsciiWhitespace(text), &value)) << text;
  return value;
}

// "h:mm:ss.ffffff".
int64_t TimeNs(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  const double seconds = Number(parts[0]) * 3600 + Number(parts[1]) * 60 + Number(parts[2]);
  return std::llround(seconds * 1e6) * 1000;
}

// Counts of 1 mV, 1 uA and 1 uW: every printed digit of the traces is a whole count.
v1::SensorDescription TraceSensor(int64_t cycle_ns) {
  v1::SensorDescription sensor;
  sensor.set_kind("replay");
  sensor.set_simulated(true);
  sensor.set_bus_lsb_v(1e-3);
  sensor.set_shunt_lsb_v(1e-7);
  sensor.set_shunt_uohm(100'000);
  sensor.set_gain(1);
  sensor.set_has_power_channel(true);
  sensor.set_power_lsb_w(1e-6);
  sensor.set_cycle_ns(cycle_ns);
  return sensor;
}

std::vector<RawCounts> ReadTrace(const fs::path& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  std::vector<RawCounts> samples;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = absl::StrSplit(absl::StripAsciiWhitespace(line), ',');
    if (cells.size() != 4) continue;
    samples.push_back({TimeNs(cells[0]), static_cast<int32_t>(std::lround(Number(cells[1]) * 1e3)),
                       static_cast<int32_t>(std::lround(Number(cells[2]) * 1e3)),
                       static_cast<int32_t>(std::lround(Number(cells[3]) * 1e3)), 0});
  }
  return samples;
}

std::vector<RawCounts> OverTheWire(const std::vector<RawCounts>& samples) {
  std::vector<RawCounts> received;
  for (size_t begin = 0; begin < samples.size(); begin += kSafeSamplesPerBlock) {
    const auto part = absl::MakeConstSpan(samples).subspan(begin, kSafeSamplesPerBlock);
    const auto block = EncodeSampleBlock(part, true, 0);
    EXPECT_TRUE(block.ok()) << block.status();
    v1::SampleBlock parsed;
    EXPECT_TRUE(parsed.ParseFromString(block->SerializeAsString()));
    const auto decoded = DecodeSampleBlock(parsed);
    EXPECT_TRUE(decoded.ok()) << decoded.status();
    received.insert(received.end(), decoded->begin(), decoded->end());
  }
  EXPECT_EQ(received, samples);
  return received;
}

EnergyReport ReportOf(const fs::path& file) {
  const std::vector<RawCounts> samples = OverTheWire(ReadTrace(file));
  v1::MarkedWindow window;
  window.set_kind(v1::WINDOW_KIND_INFERENCE);
  window.set_start_mono_ns(samples.front().t_ns);
  window.set_end_mono_ns(samples.back().t_ns);
  window.set_inference_count(1);
  const auto report = ComputeEnergy(TraceSensor(0), samples, {window});
  EXPECT_TRUE(report.ok()) << report.status();
  return *report;
}

TEST(PublishedTraces, EveryLed64EnergyWithinHalfAMillijoule) {
  const auto folder = TraceFolder();
  if (!folder) GTEST_SKIP() << "TINYJOULE_TEST_DATA_DIR has no ina219_rpi3_traces";
  std::ifstream in(*folder / "led64/published_led_64_no_pad.csv");
  std::string line;
  std::getline(in, line);
  int checked = 0;
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    ASSERT_GE(cells.size(), 6U);
    const std::string name(absl::StripAsciiWhitespace(cells[0]));
    const fs::path trace = *folder / "led64" / (name + ".csv");
    // Traces are there for ten of the thirty published runs.
    if (!fs::exists(trace)) continue;
    const EnergyReport report = ReportOf(trace);
    EXPECT_NEAR(report.summary.energy_j(), Number(cells[5]), 0.0005 + 1e-9) << name;
    EXPECT_EQ(report.summary.coverage(), 1) << name;
    ++checked;
  }
  EXPECT_EQ(checked, 10);
}

// Means to half of their last printed digit, lengths within half a millisecond.
TEST(PublishedTraces, EveryUsecaseMeanToItsLastDigit) {
  const auto folder = TraceFolder();
  if (!folder) GTEST_SKIP() << "TINYJOULE_TEST_DATA_DIR has no ina219_rpi3_traces";
  std::ifstream in(*folder / "usecase_cpp/published_statistics_cpp.csv");
  std::string line;
  std::getline(in, line);
  int checked = 0;
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    ASSERT_GE(cells.size(), 5U);
    const std::string name(absl::StripAsciiWhitespace(cells[0]));
    const fs::path trace = *folder / "usecase_cpp" / (name + ".csv");
    // Traces are there for twenty of the published runs.
    if (!fs::exists(trace)) continue;
    const std::vector<RawCounts> samples = OverTheWire(ReadTrace(trace));
    const CountConverter converter(TraceSensor(0));
    std::vector<double> voltage_v, current_a, power_w;
    for (const RawCounts& counts : samples) {
      const PowerSample sample = converter.Convert(counts);
      voltage_v.push_back(sample.bus_voltage_v);
      current_a.push_back(sample.current_a);
      power_w.push_back(sample.power_w);
    }
    EXPECT_NEAR(SecondsFromNs(samples.back().t_ns), SecondsFromNs(TimeNs(cells[1])), 0.0005)
        << name;
    EXPECT_NEAR(Mean(voltage_v), Number(cells[2]), 0.0005 + 1e-9) << name;
    EXPECT_NEAR(Mean(current_a) * 1e3, Number(cells[3]), 0.0005 + 1e-9) << name;
    EXPECT_NEAR(Mean(power_w) * 1e3, Number(cells[4]), 0.0005 + 1e-9) << name;
    // The energy is that mean over that time, but for the first and last half intervals.
    const double seconds = SecondsFromNs(samples.back().t_ns - samples.front().t_ns);
    EXPECT_NEAR(ReportOf(trace).summary.energy_j() / (Mean(power_w) * seconds), 1, 0.005) << name;
    ++checked;
  }
  EXPECT_EQ(checked, 20);
}

// Energies and lengths by the trapezoid rule over the power column, in numpy.
TEST(PublishedTraces, LongTracesAgreeWithNumpy) {
  const auto folder = TraceFolder();
  if (!folder) GTEST_SKIP() << "TINYJOULE_TEST_DATA_DIR has no ina219_rpi3_traces";
  struct Expected {
    const char* part;
    double joules;
    double seconds;
  };
  const Expected expected[] = {{"sysbench_cpu_3.csv", 685.78, 218.15},
                               {"sysbench_cpu_4.csv", 639.05, 176.37},
                               {"_gemm.csv", 471.92, 244.17},
                               {"_correlation.csv", 108.16, 56.04}};
  for (const Expected& want : expected) {
    int found = 0;
    for (const auto& entry : fs::recursive_directory_iterator(*folder)) {
      if (!absl::EndsWith(entry.path().string(), want.part)) continue;
      const EnergyReport report = ReportOf(entry.path());
      EXPECT_NEAR(report.summary.energy_j(), want.joules, 0.005 + 1e-9) << want.part;
      const double seconds = (report.windows[0].end_ns() - report.windows[0].start_ns()) / 1e9;
      // Lengths are published from the trace's zero; the first sample lies up to 7 ms later.
      EXPECT_NEAR(seconds, want.seconds, 0.03) << want.part;
      ++found;
    }
    EXPECT_EQ(found, 1) << want.part;
  }
}

}  // namespace
}  // namespace tinyjoule

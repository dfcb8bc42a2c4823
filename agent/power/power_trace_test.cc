// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/power_trace.h"

#include <cstdlib>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/power/replay_sensor.h"
#include "common/base/file_system.h"
#include "common/energy/conversion.h"
#include "common/energy/energy_report.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

constexpr char kTrace[] =
    "TimeStamp, Voltage (V), Current (mA), Power (mW)\n"
    "0:00:00.000131,5.120,257.463,1325.366\n"
    "0:00:00.004166,5.124,-0.171,0.976\n"
    "1:02:03.500000,5.124,258.171,1349.756\n";

TEST(PowerTraceTest, KeepsEveryDigit) {
  const auto trace = ParsePowerTrace(kTrace, "t.csv");
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->samples.size(), 3u);
  EXPECT_EQ(trace->samples[0].t_ns, 131'000);
  EXPECT_EQ(trace->samples[2].t_ns, 3'723'500'000'000);
  const CountConverter converter(DescribeTrace(*trace));
  EXPECT_DOUBLE_EQ(converter.Convert(trace->samples[0]).bus_voltage_v, 5.120);
  EXPECT_DOUBLE_EQ(converter.Convert(trace->samples[0]).current_a, 0.257463);
  EXPECT_DOUBLE_EQ(converter.Convert(trace->samples[0]).power_w, 1.325366);
  EXPECT_DOUBLE_EQ(converter.Convert(trace->samples[1]).current_a, -0.000171);
}

TEST(PowerTraceTest, ErrorsNameTheLine) {
  const std::string header = "TimeStamp, Voltage (V), Current (mA), Power (mW)\n";
  const auto error = [](const std::string& text) {
    const auto trace = ParsePowerTrace(text, "t.csv");
    EXPECT_EQ(trace.status().code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(trace.status().message());
  };
  EXPECT_THAT(error(""), HasSubstr("t.csv:1: the header"));
  EXPECT_THAT(error("a,b\n"), HasSubstr("t.csv:1: the header"));
  EXPECT_THAT(error(header), HasSubstr("fewer than two samples"));
  EXPECT_THAT(error(header + "0:00:01,5,1\n"), HasSubstr("t.csv:2: there are 3 cells"));
  EXPECT_THAT(error(header + "0:61:01,5,1,2\n"), HasSubstr("t.csv:2: \"0:61:01\" is not h:mm:ss"));
  EXPECT_THAT(error(header + "0:00:01,5,nan,2\n"), HasSubstr("\"nan\" is not a number"));
  EXPECT_THAT(error(header + "0:00:01,5,1,1e99\n"), HasSubstr("\"1e99\" is not a number in range"));
  EXPECT_THAT(error(header + "0:00:01,5,1,2\n0:00:01,5,1,2\n"),
              HasSubstr("t.csv:3: the time does not grow"));
}

TEST(ReplaySensorTest, PlaysAtTheTracesPaceAndLoops) {
  FakeClock clock;
  const int64_t start_ns = clock.MonotonicNs();
  const PowerTrace trace = *ParsePowerTrace(
      "TimeStamp, Voltage (V), Current (mA), Power (mW)\n"
      "0:00:00.001,5,1,5\n0:00:00.006,5,2,10\n0:00:00.011,5,3,15\n",
      "t.csv");
  ReplaySensor sensor("replay:t.csv", trace, /*loop=*/true, clock);
  ASSERT_TRUE(sensor.Start().ok());
  std::vector<int64_t> times_ms;
  RawSample sample;
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(sensor.ReadConversion(&sample), ReadOutcome::kSample);
    EXPECT_EQ(clock.MonotonicNs(), sample.t_ns);
    times_ms.push_back((sample.t_ns - start_ns) / kNsPerMs);
  }
  EXPECT_THAT(times_ms, ::testing::ElementsAre(1, 6, 11, 16, 21, 26));
  ReplaySensor once("replay:t.csv", trace, /*loop=*/false, clock);
  ASSERT_TRUE(once.Start().ok());
  for (int i = 0; i < 3; ++i) ASSERT_EQ(once.ReadConversion(&sample), ReadOutcome::kSample);
  EXPECT_EQ(once.ReadConversion(&sample), ReadOutcome::kEnd);
}

// Energy of each run of led64 as its author published it (SOURCE.md beside the traces).
std::map<std::string, double> PublishedEnergies(const std::string& folder) {
  std::map<std::string, double> energies;
  const auto text = PosixFileSystem().ReadFile(folder + "/published_led_64_no_pad.csv");
  for (absl::string_view line : absl::StrSplit(text.value_or(""), '\n')) {
    const std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
    double energy_j = 0;
    if (cells.size() == 6 && absl::SimpleAtod(cells[5], &energy_j)) {
      energies[std::string(absl::StripAsciiWhitespace(cells[0]))] = energy_j;
    }
  }
  return energies;
}

// As the agent measures: through the sensor, its description and the arithmetic of every run.
TEST(ReplaySensorTest, Led64TracesGiveThePublishedEnergies) {
  const char* data = std::getenv("TINYJOULE_TEST_DATA_DIR");
  if (data == nullptr) GTEST_SKIP() << "TINYJOULE_TEST_DATA_DIR is not set";
  const std::string folder = absl::StrCat(data, "/ina219_rpi3_traces/led64");
  if (!PosixFileSystem().Exists(folder)) GTEST_SKIP() << folder << " is not there";
  int compared = 0;
  for (const auto& [name, energy_j] : PublishedEnergies(folder)) {
    const auto text = PosixFileSystem().ReadFile(absl::StrCat(folder, "/", name, ".csv"));
    if (!text.ok()) continue;
    FakeClock clock;
    ReplaySensor sensor("replay:", *ParsePowerTrace(*text, name), /*loop=*/false, clock);
    ASSERT_TRUE(sensor.Start().ok());
    std::vector<RawSample> samples;
    RawSample sample;
    while (sensor.ReadConversion(&sample) == ReadOutcome::kSample) samples.push_back(sample);
    v1::MarkedWindow window;
    window.set_kind(v1::WINDOW_KIND_INFERENCE);
    window.set_start_mono_ns(samples.front().t_ns);
    window.set_end_mono_ns(samples.back().t_ns);
    window.set_inference_count(64);
    const auto report = ComputeEnergy(sensor.Describe(), samples, {window});
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_NEAR(report->summary.energy_j(), energy_j, 0.0005 + 1e-9) << name;
    EXPECT_EQ(report->summary.power_source(), "replay");
    EXPECT_EQ(report->flags.front().name(), "SIMULATED");
    ++compared;
  }
  EXPECT_EQ(compared, 10);
}

}  // namespace
}  // namespace tinyjoule

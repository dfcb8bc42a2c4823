// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/simulated_sensor.h"

#include <cmath>
#include <vector>

#include "common/energy/conversion.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace tinyjoule {
namespace {

// Uses a share of the test's own time.
class FakeLoad final : public CpuTimeSource {
 public:
  explicit FakeLoad(FakeClock& clock) : clock_(clock), since_ns_(clock.MonotonicNs()) {}
  int64_t CpuTimeNs() const override {
    return used_ns_ +
           static_cast<int64_t>(cores_ * static_cast<double>(clock_.MonotonicNs() - since_ns_));
  }
  void Use(double cores) {
    used_ns_ = CpuTimeNs();
    since_ns_ = clock_.MonotonicNs();
    cores_ = cores;
  }
  void NewProcess() {
    used_ns_ = 0;
    since_ns_ = clock_.MonotonicNs();
  }

 private:
  FakeClock& clock_;
  int64_t since_ns_;
  int64_t used_ns_ = 0;
  double cores_ = 0;
};

class SimulatedSensorTest : public ::testing::Test {
 protected:
  double MeanPower(PowerSensor& sensor, int count) {
    const CountConverter converter(sensor.Describe());
    double sum = 0;
    RawSample sample;
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(sensor.ReadConversion(&sample), ReadOutcome::kSample);
      sum += converter.Convert(sample).power_w;
    }
    return sum / count;
  }
  FakeClock clock_;
  FakeLoad load_{clock_};
};

TEST_F(SimulatedSensorTest, PowerFollowsTheProcessorTime) {
  SimulatedSensor sensor({}, clock_, load_);
  ASSERT_TRUE(sensor.Start().ok());
  // Rounding to counts (4 mV, 10 uV) is at most 0.1 %; the mean of the noise far less.
  EXPECT_NEAR(MeanPower(sensor, 2000), 2.6, 0.005);
  load_.Use(1);
  MeanPower(sensor, 1);
  EXPECT_NEAR(MeanPower(sensor, 2000), 4.9, 0.01);
  load_.Use(0.5);
  MeanPower(sensor, 1);
  EXPECT_NEAR(MeanPower(sensor, 2000), 3.75, 0.01);
  load_.Use(0);
  MeanPower(sensor, 1);
  load_.NewProcess();
  EXPECT_NEAR(MeanPower(sensor, 2000), 2.6, 0.005) << "a new process is no negative load";
}

TEST_F(SimulatedSensorTest, ConvertsEvery4790Microseconds) {
  SimulatedSensor sensor({}, clock_, load_);
  ASSERT_TRUE(sensor.Start().ok());
  RawSample last;
  ASSERT_EQ(sensor.ReadConversion(&last), ReadOutcome::kSample);
  for (int i = 0; i < 100; ++i) {
    RawSample sample;
    ASSERT_EQ(sensor.ReadConversion(&sample), ReadOutcome::kSample);
    EXPECT_EQ(sample.t_ns - last.t_ns, 4'790'000);
    EXPECT_EQ(sample.flags, 0);
    last = sample;
  }
}

TEST_F(SimulatedSensorTest, ALateReaderLosesNothingAndTheEnergyStaysRight) {
  SimulatedSensor::Options options;
  options.noise_w = 0;
  SimulatedSensor sensor(options, clock_, load_);
  ASSERT_TRUE(sensor.Start().ok());
  load_.Use(1);
  clock_.Advance(10 * SimulatedSensor::kCycleNs);
  RawSample sample;
  const CountConverter converter(sensor.Describe());
  for (int i = 0; i < 9; ++i) {
    ASSERT_EQ(sensor.ReadConversion(&sample), ReadOutcome::kSample);
    EXPECT_EQ(sample.flags, v1::SAMPLE_FLAG_LATE);
    EXPECT_NEAR(converter.Convert(sample).power_w, 4.9, 0.005);
  }
}

TEST_F(SimulatedSensorTest, TheSameSeedGivesTheSameNoise) {
  const auto read = [this](uint64_t seed) {
    FakeClock clock;
    SimulatedSensor::Options options;
    options.seed = seed;
    SimulatedSensor sensor(options, clock, load_);
    EXPECT_TRUE(sensor.Start().ok());
    std::vector<int32_t> counts(50);
    for (int32_t& count : counts) {
      RawSample sample;
      EXPECT_EQ(sensor.ReadConversion(&sample), ReadOutcome::kSample);
      count = sample.shunt;
    }
    return counts;
  };
  EXPECT_EQ(read(7), read(7));
  EXPECT_NE(read(7), read(8));
}

TEST_F(SimulatedSensorTest, NoiseHasItsStandardDeviation) {
  SimulatedSensor::Options options;
  options.noise_w = 0.1;
  SimulatedSensor sensor(options, clock_, load_);
  ASSERT_TRUE(sensor.Start().ok());
  const CountConverter converter(sensor.Describe());
  double sum = 0;
  constexpr int kCount = 20'000;
  for (int i = 0; i < kCount; ++i) {
    RawSample sample;
    ASSERT_EQ(sensor.ReadConversion(&sample), ReadOutcome::kSample);
    sum += std::pow(converter.Convert(sample).power_w - 2.6, 2);
  }
  EXPECT_NEAR(std::sqrt(sum / kCount), 0.1, 0.003);
}

TEST_F(SimulatedSensorTest, ALoadBeyondTheRangeIsClippedAndSaysSo) {
  SimulatedSensor::Options options;
  options.busy_w = 90;
  SimulatedSensor sensor(options, clock_, load_);
  ASSERT_TRUE(sensor.Start().ok());
  load_.Use(1);
  RawSample sample;
  ASSERT_EQ(sensor.ReadConversion(&sample), ReadOutcome::kSample);
  EXPECT_EQ(sample.shunt, 32'000);
  EXPECT_TRUE(sample.flags & v1::SAMPLE_FLAG_CLIPPED);
}

TEST(ProcessCpuTimeTest, FollowsThisProcess) {
  ProcessCpuTime load;
  EXPECT_EQ(load.CpuTimeNs(), 0);
  load.Follow(getpid());
  const int64_t before = load.CpuTimeNs();
  EXPECT_GT(before, 0);
  volatile double work = 0;
  while (load.CpuTimeNs() - before < 2'000'000) work = work + 1;
  EXPECT_GE(load.CpuTimeNs() - before, 2'000'000);
  load.Follow(0);
  EXPECT_EQ(load.CpuTimeNs(), 0);
}

}  // namespace
}  // namespace tinyjoule

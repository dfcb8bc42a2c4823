// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/calibration.h"

#include <cmath>
#include <functional>

#include "agent/core/calibrated_sensor.h"
#include "agent/core/calibration_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_power_sensor.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kTenSecondsNs = 10 * kNsPerSecond;

class CalibrationTest : public ::testing::Test {
 protected:
  // What the sensor gives in ten seconds of the current.
  CalibrationReadings Read(std::function<double(int64_t)> current_a,
                           int64_t duration_ns = kTenSecondsNs) {
    sensor_.current_a = std::move(current_a);
    EXPECT_TRUE(sensor_.Start().ok());
    CalibrationReadings readings(sensor_.Describe(), clock_.MonotonicNs(), duration_ns);
    clock_.Advance(duration_ns + kNsPerSecond);
    RawSample sample;
    while (sensor_.ReadConversion(&sample) == ReadOutcome::kSample) readings.Add({sample});
    sensor_.Stop();
    return readings;
  }
  CalibrationReadings ReadSteady(double current_a) {
    return Read([current_a](int64_t) { return current_a; });
  }
  static v1::CalibrationTask Point(double current_a, double uncertainty = 0) {
    v1::CalibrationTask task;
    task.set_action(v1::CALIBRATION_ACTION_ONE_POINT);
    task.set_reference_current_a(current_a);
    task.set_reference_uncertainty(uncertainty);
    task.set_note("bench");
    return task;
  }
  absl::StatusOr<v1::Calibration> Gain(double current_a, const CalibrationReadings& readings,
                                       const v1::Calibration& previous = {}) {
    return CalibrateGain(Point(current_a), sensor_.Describe(), previous, readings);
  }
  // The current that the calibrated sensor shows of a true one.
  double Shown(double current_a, const v1::Calibration& calibration) {
    const CalibrationReadings readings = ReadSteady(current_a);
    const v1::SensorDescription sensor = ApplyCalibration(sensor_.Describe(), calibration);
    return sensor.gain() * (readings.shunt_counts() - sensor.shunt_offset_counts()) *
           sensor.shunt_lsb_v() / (sensor.shunt_uohm() * 1e-6);
  }

  FakeClock clock_;
  FakePowerSensor sensor_{clock_};
};

TEST_F(CalibrationTest, TheGainIsWhatTheShuntWasDeclaredWrongBy) {
  sensor_.true_shunt_ohm = 0.1025;
  const auto calibration = Gain(0.5, ReadSteady(0.5));
  ASSERT_TRUE(calibration.ok()) << calibration.status();
  // 0.5 A over 0.1025 ohm are 5125 counts, which 0.1 ohm would show of 0.5125 A.
  EXPECT_NEAR(calibration->measured_current_a(), 0.5125, 1e-9);
  EXPECT_NEAR(GainOf(*calibration), 0.1 / 0.1025, 1e-9);
  EXPECT_EQ(calibration->version(), 1u);
  EXPECT_EQ(calibration->sample_count(), 1999u) << "one in 5 ms, the one at the end left out";
  EXPECT_EQ(calibration->note(), "bench");
  EXPECT_NEAR(Shown(1.2, *calibration), 1.2, 1e-4);
}

TEST_F(CalibrationTest, UncertaintyIsTheRootSumSquareOfWhatIsLeft) {
  const auto calibration =
      CalibrateGain(Point(0.5, 0.003), sensor_.Describe(), {}, ReadSteady(0.5));
  ASSERT_TRUE(calibration.ok()) << calibration.status();
  // Meter 0.3 %, no scatter, 100 uV of offset over 50 mV, bus voltage 0.5 %.
  const double expected = std::sqrt(0.003 * 0.003 + 0.002 * 0.002 + 0.005 * 0.005);
  EXPECT_NEAR(ApplyCalibration(sensor_.Describe(), *calibration).relative_uncertainty(), expected,
              1e-9);
}

TEST_F(CalibrationTest, AScatterOfTheCurrentIsPartOfTheUncertainty) {
  // Seconds of 0.499 and 0.501 A in turn: ten means with a deviation of 1 mA sqrt(10 / 9).
  const int64_t begin_ns = clock_.MonotonicNs();
  const auto calibration = Gain(0.5, Read([begin_ns](int64_t t_ns) {
                                  return (t_ns - begin_ns) / kNsPerSecond % 2 == 0 ? 0.499 : 0.501;
                                }));
  ASSERT_TRUE(calibration.ok()) << calibration.status();
  const double scatter_a = 1e-3 * std::sqrt(10.0 / 9);
  EXPECT_NEAR(calibration->current_stddev_a(), scatter_a, 1e-6);
  const double share = scatter_a / 0.5;
  EXPECT_NEAR(ApplyCalibration(sensor_.Describe(), *calibration).relative_uncertainty(),
              std::sqrt(share * share + 0.002 * 0.002 + 0.005 * 0.005), 1e-5);
}

TEST_F(CalibrationTest, AWrongShuntIsNamedAndTheLikelyOneSuggested) {
  sensor_.true_shunt_ohm = 0.02;
  const absl::Status status = Gain(0.5, ReadSteady(0.5)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("100000 uohm is wrong by about 5.0 x"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("shunt_uohm=20000 "));
  // A meter that was read in milliamperes.
  EXPECT_THAT(std::string(Gain(50, ReadSteady(0.5)).status().message()),
              HasSubstr("the meter 50.0000 A"));
}

TEST_F(CalibrationTest, LimitsOfTheGain) {
  for (const double ratio : {0.51, 1.99}) {
    EXPECT_TRUE(Gain(0.5 * ratio, ReadSteady(0.5)).ok()) << ratio;
  }
  for (const double ratio : {0.49, 2.01}) {
    EXPECT_FALSE(Gain(0.5 * ratio, ReadSteady(0.5)).ok()) << ratio;
  }
}

TEST_F(CalibrationTest, RefusesReadingsThatSayNothing) {
  const auto refusal = [this](const CalibrationReadings& readings) {
    const absl::Status status = Gain(0.5, readings).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  };
  EXPECT_THAT(refusal(ReadSteady(-0.5)), HasSubstr("leads are swapped"));
  EXPECT_THAT(refusal(ReadSteady(0.049)), HasSubstr("too small"));
  EXPECT_THAT(refusal(Read([](int64_t t) { return t / kNsPerSecond % 2 == 0 ? 0.49 : 0.51; })),
              HasSubstr("not steady"));
  EXPECT_THAT(refusal(ReadSteady(3.3)), HasSubstr("1999 of 1999 conversions are clipped"));
  EXPECT_THAT(refusal(CalibrationReadings(sensor_.Describe(), 0, kTenSecondsNs)),
              HasSubstr("0 conversions"));
}

TEST_F(CalibrationTest, ZeroAndOnePointTogetherAreRightAtEveryCurrent) {
  sensor_.true_shunt_ohm = 0.1025;
  sensor_.true_offset_counts = 15;
  const auto point = Gain(0.5, ReadSteady(0.5));
  ASSERT_TRUE(point.ok()) << point.status();
  EXPECT_NEAR(Shown(0.5, *point), 0.5, 1e-5);
  // The offset of 1.5 mA is 1.5 % at 0.1 A, and 0.3 % of it went into the gain.
  EXPECT_NEAR(Shown(0.1, *point) / 0.1, 1.0117, 1e-3);
  const auto both = CalibrateOffset(Point(0), sensor_.Describe(), *point, ReadSteady(0));
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->version(), 2u);
  EXPECT_NEAR(both->zero_offset_counts(), 15, 1e-9);
  EXPECT_NEAR(both->zero_offset_uncertainty_counts(), std::sqrt(1.0 / 12), 1e-9);
  for (const double current_a : {0.1, 0.5, 1.2}) {
    EXPECT_NEAR(Shown(current_a, *both), current_a, 1e-4);
  }
  // In the other order, the same.
  const auto zero = CalibrateOffset(Point(0), sensor_.Describe(), {}, ReadSteady(0));
  ASSERT_TRUE(zero.ok()) << zero.status();
  EXPECT_EQ(ApplyCalibration(sensor_.Describe(), *zero).gain(), 1);
  EXPECT_FALSE(ApplyCalibration(sensor_.Describe(), *zero).has_relative_uncertainty());
  const auto other = Gain(0.5, ReadSteady(0.5), *zero);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NEAR(GainOf(*other), GainOf(*both), 1e-9);
}

TEST_F(CalibrationTest, ZeroWithACurrentIsRefused) {
  const absl::Status status =
      CalibrateOffset(Point(0), sensor_.Describe(), {}, ReadSteady(0.02)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("2.000 mV"));
}

TEST_F(CalibrationTest, WhatIsClearedChangesNothingAndItsVersionIsNotUsedAgain) {
  const auto first = Gain(0.51, ReadSteady(0.5));
  ASSERT_TRUE(first.ok());
  const v1::Calibration cleared = ClearedCalibration(Point(0), *first);
  EXPECT_EQ(cleared.version(), 2u);
  EXPECT_EQ(ApplyCalibration(sensor_.Describe(), cleared).SerializeAsString(),
            sensor_.Describe().SerializeAsString());
  const auto next = Gain(0.52, ReadSteady(0.5), cleared);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->version(), 3u);
  EXPECT_FALSE(next->cleared());
  EXPECT_EQ(ApplyCalibration(sensor_.Describe(), *next).calibration_version(), 3u);
}

TEST_F(CalibrationTest, ASimulatedSensorIsNeverCalibrated) {
  const auto calibration = Gain(0.51, ReadSteady(0.5));
  ASSERT_TRUE(calibration.ok());
  EXPECT_TRUE(CheckCanCalibrate(sensor_.Describe()).ok());
  sensor_.description.set_simulated(true);
  EXPECT_THAT(std::string(CheckCanCalibrate(sensor_.Describe()).message()),
              HasSubstr("never calibrated"));
  EXPECT_EQ(ApplyCalibration(sensor_.Describe(), *calibration).gain(), 1);
  sensor_.description.set_simulated(false);
  sensor_.description.set_has_power_channel(true);
  EXPECT_THAT(std::string(CheckCanCalibrate(sensor_.Describe()).message()),
              HasSubstr("power by itself"));
}

TEST_F(CalibrationTest, RawCountsPassAsTheyAre) {
  const auto calibration = Gain(0.6, ReadSteady(0.5));
  ASSERT_TRUE(calibration.ok());
  int64_t cpu_ns = 0;
  CalibratedSensor calibrated(sensor_, [&cpu_ns] { return cpu_ns += 1000; });
  calibrated.SetCalibration(*calibration);
  EXPECT_NEAR(calibrated.Describe().gain(), 1.2, 1e-9);
  EXPECT_EQ(calibrated.DescribeUncalibrated().gain(), 1);
  ASSERT_TRUE(calibrated.Start().ok());
  clock_.Advance(kNsPerSecond);
  RawSample sample;
  ASSERT_EQ(calibrated.ReadConversion(&sample), ReadOutcome::kSample);
  EXPECT_NEAR(sample.shunt, 5000, 1);
  EXPECT_EQ(cpu_ns, 0) << "nobody asked";
  calibrated.NoteReaderTime(true);
  int conversions = 1;
  while (calibrated.ReadConversion(&sample) == ReadOutcome::kSample) ++conversions;
  EXPECT_EQ(conversions, 200);
  EXPECT_EQ(cpu_ns, 10 * 1000) << "noted every 100 ms";
}

TEST(SensorIdentityTest, LeavesOutWhatACalibrationReplacesOrDoesNotDependOn) {
  EXPECT_EQ(SensorIdentity("i2c:/dev/i2c-1@0x40"), "i2c:/dev/i2c-1@0x40");
  EXPECT_EQ(SensorIdentity("i2c:/dev/i2c-1@0x40?gain=1.02&adc=x32&idle_min_w=1"),
            "i2c:/dev/i2c-1@0x40");
  EXPECT_EQ(SensorIdentity("i2c:/dev/i2c-1@0x40?shunt_uohm=20000&offset=3&pga=2"),
            SensorIdentity("i2c:/dev/i2c-1@0x40?pga=2&shunt_uohm=20000"));
  EXPECT_NE(SensorIdentity("i2c:/dev/i2c-1@0x40?shunt_uohm=20000"),
            SensorIdentity("i2c:/dev/i2c-1@0x40"));
  EXPECT_NE(SensorIdentity("i2c:/dev/i2c-1@0x41"), SensorIdentity("i2c:/dev/i2c-1@0x40"));
}

class CalibrationStoreTest : public ::testing::Test {
 protected:
  CalibrationStore OpenStore() {
    return *CalibrationStore::Open(files_, "/state/calibration.json");
  }
  static v1::Calibration Some(uint32_t version) {
    v1::Calibration calibration;
    calibration.set_version(version);
    calibration.set_reference_current_a(0.1);
    calibration.set_measured_current_a(0.1 + 1e-12);
    calibration.mutable_made_at()->set_seconds(1'767'225'600);
    return calibration;
  }
  FaultFileSystem files_;
};

TEST_F(CalibrationStoreTest, SurvivesALossOfPowerToTheLastBit) {
  CalibrationStore store = OpenStore();
  EXPECT_EQ(store.Get("a").version(), 0u);
  ASSERT_TRUE(store.Put("a", Some(1)).ok());
  ASSERT_TRUE(store.Put("b", Some(7)).ok());
  v1::ObserverCosts costs;
  costs.add_costs()->set_power_w(1.0 / 3);
  ASSERT_TRUE(store.PutCosts("a", costs).ok());
  files_.LosePower();
  EXPECT_EQ(OpenStore().GetCosts("a").SerializeAsString(), costs.SerializeAsString());
  EXPECT_EQ(OpenStore().GetCosts("b").costs_size(), 0);
  EXPECT_EQ(OpenStore().Get("a").SerializeAsString(), Some(1).SerializeAsString());
  EXPECT_EQ(OpenStore().Get("b").version(), 7u);
}

TEST_F(CalibrationStoreTest, AFailedWriteChangesNothing) {
  CalibrationStore store = OpenStore();
  ASSERT_TRUE(store.Put("a", Some(1)).ok());
  files_.FailWritesAfter(0, absl::ResourceExhaustedError("No space left on device"));
  EXPECT_TRUE(absl::IsResourceExhausted(store.Put("a", Some(2))));
  EXPECT_GT(files_.faults_fired(), 0u);
  EXPECT_EQ(store.Get("a").version(), 1u);
  EXPECT_EQ(OpenStore().Get("a").version(), 1u);
}

TEST_F(CalibrationStoreTest, AFileThatMakesNoSenseIsRefusedWithItsName) {
  for (const char* text :
       {"{", "{\"sensors\": {\"a\": {\"version\": 0}}}",
        "{\"sensors\": {\"a\": {\"version\": 1, \"reference_current_a\": 1}}}",
        "{\"sensors\": {\"a\": {\"version\": 1, \"reference_current_a\": -1}}}"}) {
    ASSERT_TRUE(files_.WriteFileAtomically("/state/calibration.json", text).ok());
    const absl::Status status = CalibrationStore::Open(files_, "/state/calibration.json").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("/state/calibration.json")) << text;
  }
}

}  // namespace
}  // namespace tinyjoule

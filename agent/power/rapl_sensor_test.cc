// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/rapl_sensor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "common/energy/conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/other_user.h"

namespace tinyjoule {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kPowercap[] = "/pc/sys/class/powercap/";
constexpr int64_t kRangeUj = 262'143'328'850;

class RaplSensorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    AddZone("intel-rapl:0", "package-0", 1'000'000);
    AddZone("intel-rapl:0:0", "core", 500'000);
    AddZone("intel-rapl:0:1", "dram", 100'000);
    AddZone("intel-rapl:1", "package-1", 5'000'000);
    AddZone("intel-rapl:1:0", "dram", 200'000);
    AddZone("intel-rapl-mmio:0", "package-0", 1'000'000);
    Write("dtpm", "enabled", "0");
  }
  void Write(const std::string& zone, const std::string& file, const std::string& text) {
    ASSERT_TRUE(files_.WriteFileAtomically(kPowercap + zone + "/" + file, text + "\n").ok());
  }
  void SetEnergy(const std::string& zone, int64_t uj) {
    Write(zone, "energy_uj", std::to_string(uj));
  }
  void AddZone(const std::string& zone, const std::string& name, int64_t uj) {
    Write(zone, "name", name);
    Write(zone, "max_energy_range_uj", std::to_string(kRangeUj));
    SetEnergy(zone, uj);
  }
  absl::StatusOr<std::unique_ptr<PowerSensor>> Make(const std::string& uri) {
    return MakePowerSensor(uri, {clock_, files_, load_, "/pc"});
  }
  void MakeStarted(const std::string& uri) {
    auto sensor = Make(uri);
    ASSERT_TRUE(sensor.ok()) << sensor.status();
    sensor_ = *std::move(sensor);
    ASSERT_TRUE(sensor_->Start().ok());
  }
  double ReadW() {
    RawSample sample;
    EXPECT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kSample);
    return CountConverter(sensor_->Describe()).Convert(sample).power_w;
  }

  FakeClock clock_;
  FaultFileSystem files_;
  ProcessCpuTime load_;
  std::unique_ptr<PowerSensor> sensor_;
};

TEST_F(RaplSensorTest, PowerIsTheEnergySinceTheLastReading) {
  MakeStarted("rapl:package-0");
  SetEnergy("intel-rapl:0", 1'200'000);  // 0.2 J in 20 ms
  EXPECT_DOUBLE_EQ(ReadW(), 10);
  EXPECT_DOUBLE_EQ(ReadW(), 0);
  // A reader that comes late sees the mean of the whole time.
  clock_.Advance(80 * kNsPerMs);
  SetEnergy("intel-rapl:0", 1'700'000);
  EXPECT_DOUBLE_EQ(ReadW(), 0.5 / 0.08);
}

TEST_F(RaplSensorTest, TheCounterWrapsAround) {
  SetEnergy("intel-rapl:0", kRangeUj - 50'000);
  MakeStarted("rapl:package-0");
  SetEnergy("intel-rapl:0", 150'000);
  EXPECT_DOUBLE_EQ(ReadW(), 10);
}

TEST_F(RaplSensorTest, AllPackagesAreSummedAndNoneCountsTwice) {
  MakeStarted("rapl:");
  EXPECT_EQ(sensor_->Describe().resolution(), "package-0 + package-1, 1 uJ");
  SetEnergy("intel-rapl:0", 1'200'000);
  SetEnergy("intel-rapl:1", 5'100'000);
  SetEnergy("intel-rapl:0:1", 90'000'000);
  SetEnergy("intel-rapl-mmio:0", 90'000'000);
  EXPECT_DOUBLE_EQ(ReadW(), 15);
}

TEST_F(RaplSensorTest, AZoneIsChosenByName) {
  MakeStarted("rapl:dram?interval_ms=100");
  SetEnergy("intel-rapl:0:1", 200'000);
  SetEnergy("intel-rapl:1:0", 300'000);
  EXPECT_DOUBLE_EQ(ReadW(), 2);
  const auto none = Make("rapl:psys");
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(none.status().message()),
              HasSubstr("no such zone; it has core, dram, package-0, package-1"));
}

TEST_F(RaplSensorTest, DescribesPowerAlone) {
  MakeStarted("rapl:");
  const v1::SensorDescription description = sensor_->Describe();
  EXPECT_EQ(description.kind(), "rapl");
  EXPECT_FALSE(description.simulated());
  EXPECT_TRUE(description.has_power_channel());
  EXPECT_FALSE(MeasuresVoltage(description));
  EXPECT_EQ(description.cycle_ns(), 20'000'000);
  EXPECT_TRUE(CheckSensorDescription(description).ok());
}

TEST_F(RaplSensorTest, ACounterThatGoesAwayIsAFailedReading) {
  MakeStarted("rapl:package-0");
  ASSERT_TRUE(files_.RemoveFile(std::string(kPowercap) + "intel-rapl:0/energy_uj").ok());
  RawSample sample;
  EXPECT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kFailed);
  SetEnergy("intel-rapl:0", 1'400'000);
  EXPECT_DOUBLE_EQ(ReadW(), 10) << "no energy is lost";
  Write("intel-rapl:0", "energy_uj", "nonsense");
  EXPECT_EQ(sensor_->ReadConversion(&sample), ReadOutcome::kFailed);
}

TEST_F(RaplSensorTest, AMachineWithoutSaysSo) {
  const auto sensor = MakePowerSensor("rapl:", {clock_, files_, load_, "/pi"});
  EXPECT_EQ(sensor.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(sensor.status().message()),
              AllOf(HasSubstr("/pi/sys/class/powercap"), HasSubstr("intel_rapl_msr")));
  EXPECT_EQ(Make("rapl:?interval_ms=1").status().code(), absl::StatusCode::kInvalidArgument);
}

// A real tree: only the kernel refuses a file.
TEST_F(RaplSensorTest, WhatOnlyRootMayReadSaysHowToShareIt) {
  if (!CanBeNobody()) GTEST_SKIP() << "this user name space has root alone";
  std::string root = ::testing::TempDir() + "/rapl_XXXXXX";
  ASSERT_NE(mkdtemp(root.data()), nullptr);
  const std::string zone = root + "/sys/class/powercap/intel-rapl:0";
  PosixFileSystem real;
  ASSERT_TRUE(real.CreateFolder(zone).ok());
  ASSERT_TRUE(real.WriteFileAtomically(zone + "/name", "package-0\n").ok());
  ASSERT_TRUE(real.WriteFileAtomically(zone + "/max_energy_range_uj", "1000\n").ok());
  ASSERT_TRUE(real.WriteFileAtomically(zone + "/energy_uj", "7\n").ok());
  ASSERT_EQ(chmod((zone + "/energy_uj").c_str(), 0), 0);
  ASSERT_EQ(chmod(root.c_str(), 0755), 0);
  const bool is_root = geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  const auto sensor = MakePowerSensor("rapl:", {clock_, real, load_, root});
  if (is_root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_EQ(sensor.status().code(), absl::StatusCode::kPermissionDenied) << sensor.status();
  EXPECT_THAT(std::string(sensor.status().message()),
              AllOf(HasSubstr("only root may read it"), HasSubstr("chmod g+r")));
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace tinyjoule

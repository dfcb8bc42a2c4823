// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Transfers are tested on a preloaded bus (tests/emulated_pi/preload) and on a real kernel's.
#include "agent/power/linux_i2c_device.h"

#include <cerrno>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kChip[] = "/pi/sys/bus/i2c/devices/1-0040";

TEST(LinuxI2cDeviceTest, AKernelDriverIsNamedWithTheWayOut) {
  FaultFileSystem files;
  EXPECT_TRUE(CheckNoKernelDriver(files, "/pi", "/dev/i2c-1", 0x40).ok()) << "no such chip";
  ASSERT_TRUE(files
                  .WriteFileAtomically(std::string(kChip) + "/uevent",
                                       "OF_NAME=ina219\nMODALIAS=i2c:ina219\n")
                  .ok());
  EXPECT_TRUE(CheckNoKernelDriver(files, "/pi", "/dev/i2c-1", 0x40).ok()) << "no driver";
  ASSERT_TRUE(files
                  .WriteFileAtomically(std::string(kChip) + "/uevent",
                                       "DRIVER=ina2xx\nMODALIAS=i2c:ina219\n")
                  .ok());
  const absl::Status status = CheckNoKernelDriver(files, "/pi", "/dev/i2c-1", 0x40);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("driver ina2xx has the chip at 0x40 on /dev/i2c-1"), HasSubstr("hwmon:"),
            HasSubstr("echo 1-0040 | sudo tee /sys/bus/i2c/drivers/ina2xx/unbind")));
  EXPECT_TRUE(CheckNoKernelDriver(files, "/pi", "/dev/i2c-2", 0x40).ok());
  EXPECT_TRUE(CheckNoKernelDriver(files, "/pi", "/dev/i2c-1", 0x41).ok());
}

TEST(LinuxI2cDeviceTest, AMissingBusSaysHowToTurnItOn) {
  const auto device = LinuxI2cDevice::Open("/dev/i2c-987", 0x40);
  EXPECT_EQ(device.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(device.status().message()),
              AllOf(HasSubstr("/dev/i2c-987"), HasSubstr("dtparam=i2c_arm=on"),
                    HasSubstr("modprobe i2c-dev")));
}

TEST(LinuxI2cDeviceTest, AForbiddenBusSaysWhichGroup) {
  const absl::Status status = I2cBusError(EACCES, "/dev/i2c-1");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr("group i2c"));
  EXPECT_THAT(std::string(I2cBusError(EMFILE, "/dev/i2c-1").message()),
              HasSubstr("Too many open files"));
}

TEST(LinuxI2cDeviceTest, WhatIsNoBusIsRefused) {
  const auto device = LinuxI2cDevice::Open("/dev/null", 0x40);
  EXPECT_THAT(std::string(device.status().message()), HasSubstr("cannot ask /dev/null"));
}

}  // namespace
}  // namespace tinyjoule

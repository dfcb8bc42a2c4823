// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/board/vcio_firmware.h"

#include "common/base/file_system.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

TEST(VcioFirmwareTest, WhatIsNoMailboxTellsNothing) {
  EXPECT_FALSE(VcioFirmware("/dev/null").Throttled().has_value());
  EXPECT_FALSE(VcioFirmware(::testing::TempDir() + "/missing").Throttled().has_value());
}

TEST(VcioFirmwareTest, ARaspberryPiAnswers) {
  if (!PosixFileSystem().Exists("/dev/vcio")) GTEST_SKIP() << "this machine has no /dev/vcio";
  const std::optional<uint32_t> bits = VcioFirmware().Throttled();
  if (!bits) GTEST_SKIP() << "/dev/vcio cannot be asked: group video?";
  EXPECT_EQ(*bits & ~uint32_t{0xF000F}, 0u) << "bits 0 to 3 and 16 to 19 are all there are";
}

}  // namespace
}  // namespace tinyjoule

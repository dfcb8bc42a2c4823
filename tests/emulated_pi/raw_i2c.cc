// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_pi/raw_i2c.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

int Transfer(int fd, std::vector<i2c_msg> messages) {
  i2c_rdwr_ioctl_data transfer = {messages.data(), static_cast<uint32_t>(messages.size())};
  return ioctl(fd, I2C_RDWR, &transfer) < 0 ? errno : 0;
}

uint16_t Word(const uint8_t* bytes) { return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]); }

}  // namespace

RawI2c::RawI2c() : fd_(open("/dev/i2c-1", O_RDWR | O_CLOEXEC)) { EXPECT_GE(fd_, 0) << errno; }

RawI2c::~RawI2c() { close(fd_); }

int RawI2c::Write(uint16_t address, uint8_t chip_register, uint16_t word) {
  uint8_t bytes[] = {chip_register, static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)};
  return Transfer(fd_, {{address, 0, sizeof(bytes), bytes}});
}

int RawI2c::Read(uint16_t address, uint8_t chip_register, uint16_t* word) {
  uint8_t bytes[2] = {};
  const int error =
      Transfer(fd_, {{address, 0, 1, &chip_register}, {address, I2C_M_RD, sizeof(bytes), bytes}});
  *word = Word(bytes);
  return error;
}

int RawI2c::ReadTwo(uint16_t address, uint8_t first, uint8_t second, std::vector<uint16_t>* words) {
  uint8_t bytes[4] = {};
  const int error = Transfer(fd_, {{address, 0, 1, &first},
                                   {address, I2C_M_RD, 2, bytes},
                                   {address, 0, 1, &second},
                                   {address, I2C_M_RD, 2, bytes + 2}});
  *words = {Word(bytes), Word(bytes + 2)};
  return error;
}

int RawI2c::ReadSmbus(uint16_t address, uint8_t chip_register, uint16_t* word) {
  if (ioctl(fd_, I2C_SLAVE, address) < 0) return errno;
  i2c_smbus_data data = {};
  i2c_smbus_ioctl_data call = {I2C_SMBUS_READ, chip_register, I2C_SMBUS_WORD_DATA, &data};
  if (ioctl(fd_, I2C_SMBUS, &call) < 0) return errno;
  *word = static_cast<uint16_t>(data.word << 8 | data.word >> 8);
  return 0;
}

}  // namespace tinyjoule

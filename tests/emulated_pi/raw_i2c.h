// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_EMULATED_PI_RAW_I2C_H_
#define TESTS_EMULATED_PI_RAW_I2C_H_

#include <cstdint>
#include <vector>

namespace tinyjoule {

// /dev/i2c-1 without our own driver, so that the two cannot be wrong together. Calls give 0 or an
// errno.
class RawI2c {
 public:
  RawI2c();
  ~RawI2c();
  RawI2c(const RawI2c&) = delete;
  RawI2c& operator=(const RawI2c&) = delete;

  int Write(uint16_t address, uint8_t chip_register, uint16_t word);
  int Read(uint16_t address, uint8_t chip_register, uint16_t* word);
  // Both registers in one transfer of four messages.
  int ReadTwo(uint16_t address, uint8_t first, uint8_t second, std::vector<uint16_t>* words);
  // SMBus "read word", which has the bytes the other way round.
  int ReadSmbus(uint16_t address, uint8_t chip_register, uint16_t* word);

 private:
  int fd_;
};

}  // namespace tinyjoule

#endif  // TESTS_EMULATED_PI_RAW_I2C_H_

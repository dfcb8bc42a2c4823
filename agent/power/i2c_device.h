// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_I2C_DEVICE_H_
#define AGENT_POWER_I2C_DEVICE_H_

#include <cstdint>

namespace tinyjoule {

// One chip with 16-bit registers on an I2C bus, most significant byte first on the wire. Each call
// is one transfer of one register: the Pi's own adapter (i2c-bcm2835) takes no more.
// Results are 0, or the errno of the transfer (EREMOTEIO or ENXIO: no answer; ETIMEDOUT; EIO):
// nothing here allocates, so that the sampler may call it. One thread at a time.
class I2cDevice {
 public:
  virtual ~I2cDevice() = default;
  [[nodiscard]] virtual int ReadRegister(uint8_t address, uint16_t* word) = 0;
  [[nodiscard]] virtual int WriteRegister(uint8_t address, uint16_t word) = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_POWER_I2C_DEVICE_H_

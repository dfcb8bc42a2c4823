// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_LINUX_I2C_DEVICE_H_
#define AGENT_POWER_LINUX_I2C_DEVICE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/power/i2c_device.h"
#include "common/base/file_system.h"

namespace tinyjoule {

// A chip behind Linux's i2c-dev. It reads with SMBus "read word", or with one I2C_RDWR of a write
// and a read where the adapter has no SMBus (docs/adr/0015-one-register-per-transfer.md).
class LinuxI2cDevice final : public I2cDevice {
 public:
  // bus: "/dev/i2c-1". FailedPrecondition: a kernel driver has the chip, or the adapter cannot do
  // either transfer. Else as I2cBusError.
  static absl::StatusOr<std::unique_ptr<I2cDevice>> Open(const std::string& bus, uint8_t address);
  ~LinuxI2cDevice() override;
  LinuxI2cDevice(const LinuxI2cDevice&) = delete;
  LinuxI2cDevice& operator=(const LinuxI2cDevice&) = delete;

  int ReadRegister(uint8_t address, uint16_t* word) override;
  int WriteRegister(uint8_t address, uint16_t word) override;

 private:
  LinuxI2cDevice(int fd, uint8_t chip) : fd_(fd), chip_(chip) {}
  int Transfer(uint8_t address, bool read, uint16_t* word);
  int SmbusTransfer(uint8_t address, bool read, uint16_t* word);
  int PlainTransfer(uint8_t address, bool read, uint16_t* word);

  const int fd_;
  const uint8_t chip_;
  bool has_smbus_word_ = false;
};

// Why a bus cannot be opened, and what to do about it.
absl::Status I2cBusError(int error_number, const std::string& bus);

// FailedPrecondition when sysfs below `root` shows a kernel driver at the address: it names the
// driver and how to unbind it. I2C_RDWR would not tell.
absl::Status CheckNoKernelDriver(FileSystem& file_system, const std::string& root,
                                 const std::string& bus, uint8_t address);

}  // namespace tinyjoule

#endif  // AGENT_POWER_LINUX_I2C_DEVICE_H_

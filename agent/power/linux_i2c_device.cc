// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/linux_i2c_device.h"

#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

// SMBus sends the low byte first, the chips here the high byte.
constexpr uint16_t SwapBytes(uint16_t word) { return static_cast<uint16_t>(word << 8 | word >> 8); }

// "1-0040": how sysfs names a chip.
std::string SysfsName(const std::string& bus, uint8_t address) {
  return absl::StrFormat("%s-%04x", bus.substr(bus.find_last_of('-') + 1), address);
}

// driver: empty when it is not known.
absl::Status DriverError(const std::string& bus, uint8_t address, absl::string_view driver) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s has the chip at 0x%02x on %s. Read it through the driver with the sensor hwmon:, or free "
      "the chip: echo %s | sudo tee /sys/bus/i2c/drivers/%s/unbind",
      driver.empty() ? "a kernel driver" : absl::StrCat("the kernel driver ", driver), address, bus,
      SysfsName(bus, address), driver.empty() ? "DRIVER" : driver));
}

}  // namespace

absl::Status I2cBusError(int error_number, const std::string& bus) {
  const absl::Status status = ErrnoStatus(error_number, absl::StrCat("cannot open ", bus));
  if (error_number == ENOENT || error_number == ENXIO || error_number == ENODEV) {
    return absl::NotFoundError(absl::StrCat(
        status.message(), ": there is no such bus. Turn I2C on (dtparam=i2c_arm=on in ",
        "config.txt, or raspi-config), load i2c-dev (sudo modprobe i2c-dev), and see ",
        "\"ls /dev/i2c-*\""));
  }
  if (error_number == EACCES || error_number == EPERM) {
    return absl::PermissionDeniedError(absl::StrCat(
        status.message(), ": this user may not. Add it to the group i2c (sudo adduser ",
        "USER i2c) and log in again"));
  }
  return status;
}

absl::Status CheckNoKernelDriver(FileSystem& file_system, const std::string& root,
                                 const std::string& bus, uint8_t address) {
  const std::string folder = absl::StrCat(root, "/sys/bus/i2c/devices/", SysfsName(bus, address));
  constexpr uint64_t kMaxBytes = 4096;
  const absl::StatusOr<std::string> events =
      file_system.ReadRange(absl::StrCat(folder, "/uevent"), 0, kMaxBytes);
  if (!events.ok()) return absl::OkStatus();
  for (absl::string_view line : absl::StrSplit(*events, '\n')) {
    if (absl::ConsumePrefix(&line, "DRIVER=")) return DriverError(bus, address, line);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<I2cDevice>> LinuxI2cDevice::Open(const std::string& bus,
                                                                uint8_t address) {
  const int fd = open(bus.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return I2cBusError(errno, bus);
  std::unique_ptr<LinuxI2cDevice> device(new LinuxI2cDevice(fd, address));
  unsigned long functions = 0;
  if (ioctl(fd, I2C_FUNCS, &functions) != 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot ask ", bus, " what it can do"));
  }
  device->has_smbus_word_ = (functions & I2C_FUNC_SMBUS_WORD_DATA) == I2C_FUNC_SMBUS_WORD_DATA;
  if (!device->has_smbus_word_ && (functions & I2C_FUNC_I2C) == 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the adapter of %s has neither SMBus words nor plain I2C (functions 0x%08x)", bus,
        functions));
  }
  if (ioctl(fd, I2C_SLAVE, static_cast<unsigned long>(address)) == 0) return device;
  if (errno == EBUSY) return DriverError(bus, address, "");
  return ErrnoStatus(errno, absl::StrFormat("cannot choose 0x%02x on %s", address, bus));
}

LinuxI2cDevice::~LinuxI2cDevice() { close(fd_); }

int LinuxI2cDevice::ReadRegister(uint8_t address, uint16_t* word) {
  return Transfer(address, true, word);
}

int LinuxI2cDevice::WriteRegister(uint8_t address, uint16_t word) {
  return Transfer(address, false, &word);
}

int LinuxI2cDevice::Transfer(uint8_t address, bool read, uint16_t* word) {
  return has_smbus_word_ ? SmbusTransfer(address, read, word) : PlainTransfer(address, read, word);
}

int LinuxI2cDevice::SmbusTransfer(uint8_t address, bool read, uint16_t* word) {
  i2c_smbus_data data{};
  data.word = SwapBytes(*word);
  i2c_smbus_ioctl_data transfer{};
  transfer.read_write = read ? I2C_SMBUS_READ : I2C_SMBUS_WRITE;
  transfer.command = address;
  transfer.size = I2C_SMBUS_WORD_DATA;
  transfer.data = &data;
  if (ioctl(fd_, I2C_SMBUS, &transfer) < 0) return errno;
  *word = SwapBytes(data.word);
  return 0;
}

int LinuxI2cDevice::PlainTransfer(uint8_t address, bool read, uint16_t* word) {
  uint8_t out[3] = {address, static_cast<uint8_t>(*word >> 8), static_cast<uint8_t>(*word)};
  uint8_t in[2] = {0, 0};
  i2c_msg messages[2] = {{chip_, 0, static_cast<uint16_t>(read ? 1 : 3), out},
                         {chip_, I2C_M_RD, 2, in}};
  i2c_rdwr_ioctl_data transfer{messages, read ? 2U : 1U};
  if (ioctl(fd_, I2C_RDWR, &transfer) < 0) return errno;
  if (read) *word = static_cast<uint16_t>(in[0] << 8 | in[1]);
  return 0;
}

}  // namespace tinyjoule

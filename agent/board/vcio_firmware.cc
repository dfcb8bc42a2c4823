// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/board/vcio_firmware.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>

namespace tinyjoule {
namespace {

// The mailbox property interface of the Raspberry Pi firmware's wiki: a buffer of words with one
// tag in it, answered in place.
struct PropertyMessage {
  uint32_t size = sizeof(PropertyMessage);
  uint32_t code = 0;
  uint32_t tag = 0;
  uint32_t value_size = sizeof(uint32_t);
  uint32_t value_code = 0;
  uint32_t value = 0;
  uint32_t end_tag = 0;
};

constexpr unsigned long kPropertyRequest = _IOWR(100, 0, char*);
constexpr uint32_t kSucceeded = 0x80000000;
// Its value is a mask of since-boot bits to clear: with 0 it only reads.
constexpr uint32_t kGetThrottledTag = 0x00030046;

}  // namespace

std::optional<uint32_t> VcioFirmware::Throttled() const {
  const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  PropertyMessage message;
  message.tag = kGetThrottledTag;
  const int result = ioctl(fd, kPropertyRequest, &message);
  close(fd);
  if (result < 0 || message.code != kSucceeded || (message.value_code & kSucceeded) == 0) {
    return std::nullopt;
  }
  return message.value;
}

}  // namespace tinyjoule

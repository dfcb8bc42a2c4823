// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_BOARD_VCIO_FIRMWARE_H_
#define AGENT_BOARD_VCIO_FIRMWARE_H_

#include <optional>
#include <string>

#include "agent/core/board_state.h"

namespace tinyjoule {

// A Raspberry Pi's firmware behind its mailbox /dev/vcio, as vcgencmd asks it. The device belongs
// to group video.
class VcioFirmware final : public Firmware {
 public:
  explicit VcioFirmware(std::string path = "/dev/vcio") : path_(std::move(path)) {}
  std::optional<uint32_t> Throttled() const override;

 private:
  const std::string path_;
};

}  // namespace tinyjoule

#endif  // AGENT_BOARD_VCIO_FIRMWARE_H_

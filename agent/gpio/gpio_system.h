// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_GPIO_GPIO_SYSTEM_H_
#define AGENT_GPIO_GPIO_SYSTEM_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/gpio/marker_line.h"

namespace tinyjoule {

struct GpioChip {
  // "/dev/gpiochip0": the number moves with kernel and boot order, the label stays.
  std::string path;
  std::string label;
};

struct GpioLine {
  // May be empty.
  std::string name;
  bool used = false;
  // By whom, if the kernel knows.
  std::string consumer;
};

// The GPIO chips of a machine.
// Errors: PermissionDenied, NotFound, FailedPrecondition (a line in use), Unimplemented (a build
// without libgpiod); each names the device.
class GpioSystem {
 public:
  virtual ~GpioSystem() = default;
  // Paths of all devices that look like one, whether they can be opened or not.
  virtual std::vector<std::string> ListPaths() = 0;
  virtual absl::StatusOr<GpioChip> ReadChip(const std::string& path) = 0;
  // By number.
  virtual absl::StatusOr<std::vector<GpioLine>> ReadLines(const std::string& path) = 0;
  // An output, low.
  virtual absl::StatusOr<std::unique_ptr<MarkerLine>> RequestOutput(const std::string& path,
                                                                    unsigned number) = 0;
};

// On libgpiod, of the version that the program was built with; null: built without.
std::unique_ptr<GpioSystem> MakeGpioSystem();

}  // namespace tinyjoule

#endif  // AGENT_GPIO_GPIO_SYSTEM_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/gpio/gpiod_paths.h"

#include "absl/strings/match.h"
#include "common/base/file_system.h"

namespace tinyjoule {

std::vector<std::string> GpioDevicePaths() {
  std::vector<std::string> paths;
  const auto names = PosixFileSystem().ListFolder("/dev");
  if (!names.ok()) return paths;
  for (const std::string& name : *names) {
    if (absl::StartsWith(name, "gpiochip")) paths.push_back("/dev/" + name);
  }
  return paths;
}

}  // namespace tinyjoule

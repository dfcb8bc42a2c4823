// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_GPIO_GPIOD_PATHS_H_
#define AGENT_GPIO_GPIOD_PATHS_H_

#include <string>
#include <vector>

namespace tinyjoule {

// Every /dev/gpiochip*.
std::vector<std::string> GpioDevicePaths();

}  // namespace tinyjoule

#endif  // AGENT_GPIO_GPIOD_PATHS_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/gpio/gpio_system.h"

namespace tinyjoule {

std::unique_ptr<GpioSystem> MakeGpioSystem() { return nullptr; }

}  // namespace tinyjoule

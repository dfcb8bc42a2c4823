// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_LOGGING_H_
#define COMMON_BASE_LOGGING_H_

#include <string>

#include "absl/status/status.h"

namespace tinyjoule {

// spdlog's default logger on standard error: "text" or "json" lines. level: trace | debug | info |
// warn | error. Call once, first in main.
absl::Status SetUpLogging(const std::string& program, const std::string& format,
                          const std::string& level);

}  // namespace tinyjoule

#endif  // COMMON_BASE_LOGGING_H_

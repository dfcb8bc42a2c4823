// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_LOG_IF_ERROR_H_
#define SERVER_CORE_LOG_IF_ERROR_H_

#include <spdlog/spdlog.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// For what failed where nobody waits for an answer.
inline void LogIfError(const absl::Status& status, absl::string_view what) {
  if (!status.ok()) spdlog::error("{}: {}", std::string(what), status.ToString());
}

}  // namespace tinyjoule

#endif  // SERVER_CORE_LOG_IF_ERROR_H_

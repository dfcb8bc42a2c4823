// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_GPIO_MARKER_LINE_H_
#define AGENT_GPIO_MARKER_LINE_H_

#include "absl/status/status.h"

namespace tinyjoule {

// A GPIO line that is high during each measured window, so that another instrument sees it. It
// belongs to its owner, low at first, until it is destroyed. One thread.
class MarkerLine {
 public:
  virtual ~MarkerLine() = default;
  // Called next to the marks of a window: one system call, no allocation when all is well.
  [[nodiscard]] virtual absl::Status Set(bool high) = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_GPIO_MARKER_LINE_H_

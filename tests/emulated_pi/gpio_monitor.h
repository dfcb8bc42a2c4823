// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_EMULATED_PI_GPIO_MONITOR_H_
#define TESTS_EMULATED_PI_GPIO_MONITOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// A change of an output line as the kernel saw it, CLOCK_MONOTONIC_RAW.
struct GpioEdge {
  int64_t t_ns = 0;
  bool high = false;
};

// The changes among the kernel's records of written values (tracepoint gpio_value), from low; of
// one line, which is all that a test drives. Times are whole microseconds.
std::vector<GpioEdge> ParseGpioTrace(absl::string_view trace);

// The kernel's own record of every value that a program gives to an output line, while it lives:
// what an oscilloscope on the line would show. Root.
class GpioMonitor {
 public:
  GpioMonitor();
  ~GpioMonitor();
  GpioMonitor(const GpioMonitor&) = delete;
  GpioMonitor& operator=(const GpioMonitor&) = delete;
  std::vector<GpioEdge> Edges() const;
};

}  // namespace tinyjoule

#endif  // TESTS_EMULATED_PI_GPIO_MONITOR_H_

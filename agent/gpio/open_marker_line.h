// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_GPIO_OPEN_MARKER_LINE_H_
#define AGENT_GPIO_OPEN_MARKER_LINE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/gpio/gpio_system.h"
#include "agent/gpio/marker_line.h"

namespace tinyjoule {

// "gpio:LABEL/LINE": a chip by its label, a line of it by number or by name.
struct MarkerAddress {
  std::string label;
  std::string line;
};

// InvalidArgument: no such address.
absl::StatusOr<MarkerAddress> ParseMarkerAddress(absl::string_view text);

// The line, as a low output of this process. Errors name what is there instead: NotFound (the
// labels, the line's range), FailedPrecondition (who has the line), PermissionDenied (the group),
// Unimplemented (a build without libgpiod: `system` is null).
absl::StatusOr<std::unique_ptr<MarkerLine>> OpenMarkerLine(absl::string_view text,
                                                           GpioSystem* system);
// On this machine.
absl::StatusOr<std::unique_ptr<MarkerLine>> OpenMarkerLine(absl::string_view text);

}  // namespace tinyjoule

#endif  // AGENT_GPIO_OPEN_MARKER_LINE_H_

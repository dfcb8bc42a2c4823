// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_AGENT_CHECK_H_
#define AGENT_AGENT_CHECK_H_

#include <ostream>

#include "absl/status/status.h"
#include "agent/core/board_state.h"
#include "agent/core/power_sensor.h"

namespace tinyjoule {

// Prints what the board says and what the sensor (null: none) gives in a second.
[[nodiscard]] absl::Status PrintCheck(const BoardReader& board, PowerSensor* sensor,
                                      std::ostream& out);

}  // namespace tinyjoule

#endif  // AGENT_AGENT_CHECK_H_

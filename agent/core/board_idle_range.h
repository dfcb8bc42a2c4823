// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_BOARD_IDLE_RANGE_H_
#define AGENT_CORE_BOARD_IDLE_RANGE_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// Idle power that a board can have. Outside it the sensor measures something else than the board,
// or is set up wrongly.
struct IdleRange {
  double min_w;
  double max_w;
};

// By the label board= ("rpi4"), else by the device tree's model ("Raspberry Pi 4 Model B Rev 1.5").
// Nothing for a board that is not in the table: no range is better than a guess.
std::optional<IdleRange> FindIdleRange(absl::string_view board_label,
                                       absl::string_view device_tree_model);

}  // namespace tinyjoule

#endif  // AGENT_CORE_BOARD_IDLE_RANGE_H_

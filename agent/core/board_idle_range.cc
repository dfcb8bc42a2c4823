// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/board_idle_range.h"

#include "absl/strings/match.h"

namespace tinyjoule {
namespace {

struct Board {
  absl::string_view label;
  // Beginning of the device tree's model. "3 Model B Plus" comes before "3 Model B".
  absl::string_view model;
  IdleRange idle;
};

// Published idle power at 5 V without peripherals, and a range around it that holds a tuned board
// (HDMI, WLAN and LEDs off: about 0.7 times) and one with a screen, a stick and a fixed high clock
// (about 1.8 times): a wrong shunt or a wrong wire is off by more.
//   Zero 2 W  0.38 W (tuned) to 0.60 W  cnx-software.com, "A deep dive into Raspberry Pi Zero 2 W's
//                                       power consumption", 2021
//   3B 1.4 W, 3B+ 1.9 W, 4B 2.7 W       pidramble.com, "Power Consumption Benchmarks"
//   5         up to 4 W (800 mA, bare board active)  raspberrypi.com/documentation, "Power supply"
constexpr Board kBoards[] = {
    {"rpizero2w", "Raspberry Pi Zero 2 W", {0.25, 1.5}},
    {"rpi3b+", "Raspberry Pi 3 Model B Plus", {1.3, 3.6}},
    {"rpi3bplus", "Raspberry Pi 3 Model B Plus", {1.3, 3.6}},
    {"rpi3b", "Raspberry Pi 3 Model B", {0.9, 2.8}},
    {"rpi3", "Raspberry Pi 3 Model B", {0.9, 2.8}},
    {"rpi4", "Raspberry Pi 4 Model B", {1.8, 5.0}},
    {"rpi4b", "Raspberry Pi 4 Model B", {1.8, 5.0}},
    {"rpi5", "Raspberry Pi 5", {1.8, 6.0}},
};

}  // namespace

std::optional<IdleRange> FindIdleRange(absl::string_view board_label,
                                       absl::string_view device_tree_model) {
  for (const Board& board : kBoards) {
    if (board_label == board.label) return board.idle;
  }
  // A label that names another board is believed.
  if (!board_label.empty()) return std::nullopt;
  for (const Board& board : kBoards) {
    if (absl::StartsWith(device_tree_model, board.model)) return board.idle;
  }
  return std::nullopt;
}

}  // namespace tinyjoule

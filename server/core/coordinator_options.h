// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_COORDINATOR_OPTIONS_H_
#define SERVER_CORE_COORDINATOR_OPTIONS_H_

#include <cstdint>
#include <string>

#include "common/base/clock.h"

namespace tinyjoule {

struct CoordinatorOptions {
  std::string version = TINYJOULE_VERSION;
  std::string data_dir;
  uint32_t trainers = 1;
  // An attempt that its agent does not confirm for so long is lost.
  int64_t lease_ns = 30 * kNsPerSecond;
  int64_t heartbeat_interval_ns = 5 * kNsPerSecond;
  // An agent that is silent for so long is disconnected.
  int64_t silence_limit_ns = 15 * kNsPerSecond;
  // An offer that is not answered for so long is withdrawn.
  int64_t offer_timeout_ns = 10 * kNsPerSecond;
  // A run that was declined is not offered to that agent again before this.
  int64_t decline_delay_ns = 5 * kNsPerSecond;
  // After a restart, and while its agent is away, a run that only that agent can make is waited
  // for so long.
  int64_t absence_limit_ns = 24 * 3600 * kNsPerSecond;
  uint32_t max_attempts = 3;
  // Runs start as soon as their own trial is trained, instead of when all trials of the sweep are.
  bool measure_while_training = false;
  // Longest time that a chunk waits for others to share its commit.
  int64_t group_commit_delay_ns = 5 * kNsPerMs;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_COORDINATOR_OPTIONS_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_WATCHING_H_
#define CLIENT_WATCHING_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "client/session.h"

namespace tinyjoule {

struct SweepEnd {
  v1::SweepState state = v1::SWEEP_STATE_UNSPECIFIED;
  v1::SweepCounts counts;
};

// Follows the sweep until it ends, through restarts of the coordinator: events are resumed by
// sequence. Cancelled when interrupted. DeadlineExceeded after timeout_ns (0: none).
absl::StatusOr<SweepEnd> FollowSweep(
    Session& session, const std::string& sweep_id, int64_t timeout_ns,
    const std::function<void(const v1::WatchSweepResponse&)>& on_event,
    const std::function<void(const std::string&)>& on_trouble);

// FollowSweep with progress on standard error and a last line; the exit code.
int WatchUntilTheEnd(Session& session, const std::string& sweep_id);

}  // namespace tinyjoule

#endif  // CLIENT_WATCHING_H_

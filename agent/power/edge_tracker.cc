// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/edge_tracker.h"

#include <algorithm>

#include "common/base/clock.h"

namespace tinyjoule {

void EdgeTracker::Begin(int64_t now_ns, int64_t cycle_ns, int64_t poll_ns) {
  cycle_ns_ = cycle_ns;
  poll_ns_ = poll_ns;
  // A tenth of a long cycle would be dozens of polls for nothing.
  shortest_lead_ns_ = std::min(cycle_ns, std::max(std::min(cycle_ns / 10, kNsPerMs), 2 * poll_ns));
  lead_ns_ = shortest_lead_ns_;
  edge_ns_ = now_ns;
}

EdgeTracker::Edge EdgeTracker::Notice(int64_t not_ready_ns, int64_t ready_ns) {
  const bool seen = not_ready_ns >= 0;
  Edge edge;
  edge.t_ns = std::min(Predict(ready_ns), ready_ns);
  if (seen) edge.t_ns = std::max(edge.t_ns, not_ready_ns);
  edge.lateness_ns = std::max<int64_t>(0, ready_ns - std::max(edge_ns_ + cycle_ns_, not_ready_ns));
  // Without a poll that says "not yet" nothing corrects a cycle that has become shorter.
  lead_ns_ = seen ? lead_ns_ - (lead_ns_ - shortest_lead_ns_) / 16
                  : std::max(shortest_lead_ns_, std::min(lead_ns_ + poll_ns_, cycle_ns_ / 2));
  edge_ns_ = edge.t_ns;
  return edge;
}

void EdgeTracker::Skip(int64_t now_ns) { edge_ns_ = Predict(now_ns); }

int64_t EdgeTracker::Predict(int64_t now_ns) const {
  return edge_ns_ + std::max<int64_t>(1, (now_ns - edge_ns_) / cycle_ns_) * cycle_ns_;
}

}  // namespace tinyjoule

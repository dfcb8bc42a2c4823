// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_EDGE_TRACKER_H_
#define AGENT_POWER_EDGE_TRACKER_H_

#include <cstdint>

namespace tinyjoule {

// Follows the ends of a free-running converter's conversions, which are seen only by polling: each
// end is where the last one and the cycle put it, corrected to what the polls allow. So a poll that
// takes long, or a reader that wakes late, neither shifts the times nor slips past conversions.
// One thread; allocates nothing.
class EdgeTracker {
 public:
  struct Edge {
    int64_t t_ns = 0;
    // From the end that was waited for to the poll that showed it.
    int64_t lateness_ns = 0;
  };

  // A conversion begins at `now_ns`. poll_ns: how long a poll takes.
  void Begin(int64_t now_ns, int64_t cycle_ns, int64_t poll_ns);
  int64_t last_ns() const { return edge_ns_; }
  // When to begin polling for the next end: early enough to see that it has not come yet.
  int64_t wake_ns() const { return edge_ns_ + cycle_ns_ - lead_ns_; }
  // The poll that ended at `ready_ns` showed an end; the last one before it that did not ended at
  // `not_ready_ns`, or there was none (negative).
  Edge Notice(int64_t not_ready_ns, int64_t ready_ns);
  // The next end will not be known.
  void Skip(int64_t now_ns);

 private:
  // The last end that can have come by then, at least one cycle after the last known one.
  int64_t Predict(int64_t now_ns) const;

  int64_t cycle_ns_ = 0;
  int64_t poll_ns_ = 0;
  int64_t shortest_lead_ns_ = 0;
  int64_t lead_ns_ = 0;
  int64_t edge_ns_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_POWER_EDGE_TRACKER_H_

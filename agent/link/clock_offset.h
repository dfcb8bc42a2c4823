// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_LINK_CLOCK_OFFSET_H_
#define AGENT_LINK_CLOCK_OFFSET_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace tinyjoule {

// How far a peer's wall clock is ahead of this machine's monotonic one, by the four time stamps of
// an exchange (RFC 5905, section 8):
//   offset = ((received - sent) + (answered - arrived)) / 2
//   round trip = (arrived - sent) - (answered - received)
// The error of an offset is at most half its round trip, so of the last 16 exchanges the one with
// the shortest counts. One sequence.
class ClockOffset {
 public:
  struct Estimate {
    int64_t offset_ns;
    int64_t round_trip_ns;
  };
  static constexpr size_t kExchanges = 16;

  // sent and arrived on the monotonic clock here, received and answered on the peer's wall clock.
  void Add(int64_t sent_ns, int64_t received_ns, int64_t answered_ns, int64_t arrived_ns) {
    // The halves one by one: the sum of two wall clocks would be close to the end of 63 bits.
    const int64_t offset_ns = (received_ns - sent_ns) / 2 + (answered_ns - arrived_ns) / 2;
    const int64_t round_trip_ns = (arrived_ns - sent_ns) - (answered_ns - received_ns);
    exchanges_.push_back({offset_ns, round_trip_ns});
    if (exchanges_.size() > kExchanges) exchanges_.pop_front();
  }
  // Nothing before the first exchange.
  std::optional<Estimate> Best() const {
    const auto best = std::min_element(
        exchanges_.begin(), exchanges_.end(),
        [](const Estimate& a, const Estimate& b) { return a.round_trip_ns < b.round_trip_ns; });
    return best == exchanges_.end() ? std::nullopt : std::optional<Estimate>(*best);
  }

 private:
  std::deque<Estimate> exchanges_;
};

}  // namespace tinyjoule

#endif  // AGENT_LINK_CLOCK_OFFSET_H_

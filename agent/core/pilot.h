// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_PILOT_H_
#define AGENT_CORE_PILOT_H_

#include <cstdint>
#include <deque>

#include "tinyjoule/v1/runner.pb.h"

namespace tinyjoule {

// Decides from the pilot runs of the warm-up when the latency is steady, and how many inferences
// fill a window.
class Pilot {
 public:
  // This many pilots in a row within this share of their mean are steady.
  static constexpr size_t kAgreeing = 3;
  static constexpr double kTolerance = 0.03;
  static constexpr uint64_t kMinInferences = 10;

  void Add(const v1::WindowDone& done);
  bool steady() const;
  // Mean latency of the last pilots; 0 before the first inference.
  double latency_ns() const;
  // Inferences for a window of at least window_min_ns: 5 % more than the fastest of the last pilots
  // asks for, since a window that runs faster than they did must not come out short.
  uint64_t SizeWindow(int64_t window_min_ns) const;
  // After a window of `count` inferences that came out short all the same.
  static uint64_t Resize(uint64_t count, int64_t duration_ns, int64_t window_min_ns);

 private:
  // The last kAgreeing ones.
  std::deque<double> latencies_ns_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_PILOT_H_

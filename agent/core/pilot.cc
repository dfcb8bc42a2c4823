// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/pilot.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tinyjoule {
namespace {

constexpr double kWindowMargin = 1.05;
// A window of a month at 1 us an inference.
constexpr double kMaxInferences = 1e12;

uint64_t CountFor(double latency_ns, int64_t window_min_ns) {
  const double wanted = static_cast<double>(window_min_ns) * kWindowMargin;
  const double count = std::ceil(wanted / std::max(latency_ns, 1.0));
  return std::max(Pilot::kMinInferences, static_cast<uint64_t>(std::min(count, kMaxInferences)));
}

}  // namespace

void Pilot::Add(const v1::WindowDone& done) {
  if (done.inference_count() == 0) return;
  const auto duration_ns = static_cast<double>(done.end_mono_ns() - done.start_mono_ns());
  latencies_ns_.push_back(duration_ns / static_cast<double>(done.inference_count()));
  if (latencies_ns_.size() > kAgreeing) latencies_ns_.pop_front();
}

bool Pilot::steady() const {
  if (latencies_ns_.size() < kAgreeing) return false;
  const double mean = latency_ns();
  return std::all_of(latencies_ns_.begin(), latencies_ns_.end(), [mean](double latency) {
    return std::abs(latency - mean) <= kTolerance * mean;
  });
}

double Pilot::latency_ns() const {
  if (latencies_ns_.empty()) return 0;
  return std::accumulate(latencies_ns_.begin(), latencies_ns_.end(), 0.0) /
         static_cast<double>(latencies_ns_.size());
}

uint64_t Pilot::SizeWindow(int64_t window_min_ns) const {
  const auto fastest = std::min_element(latencies_ns_.begin(), latencies_ns_.end());
  return CountFor(fastest == latencies_ns_.end() ? 0 : *fastest, window_min_ns);
}

uint64_t Pilot::Resize(uint64_t count, int64_t duration_ns, int64_t window_min_ns) {
  const double latency_ns = static_cast<double>(duration_ns) / static_cast<double>(count);
  return std::max(count + 1, CountFor(latency_ns, window_min_ns));
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_LOAD_PROFILE_H_
#define TESTS_SUPPORT_LOAD_PROFILE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/energy/integral.h"

namespace tinyjoule {

// The power of a board over time, constant by pieces, so that its energy is known exactly:
// idle_w, and in each busy span a pattern of levels that repeats for as long as the span lasts.
// One thread.
class LoadProfile {
 public:
  struct Level {
    int64_t duration_ns;
    double power_w;
  };
  // A quantity that follows from the power at the same moment, such as the current.
  struct Quantity {
    double idle = 0;
    std::vector<double> levels;
    // Integral over the pattern up to the beginning of each level, and over all of it, in seconds.
    std::vector<double> before;
  };

  explicit LoadProfile(double idle_w, std::vector<Level> pattern = {})
      : idle_w_(idle_w), pattern_(std::move(pattern)) {
    starts_ns_.push_back(0);
    for (const Level& level : pattern_) {
      starts_ns_.push_back(starts_ns_.back() + level.duration_ns);
    }
    power_ = Derive([](double power_w) { return power_w; });
  }

  // Spans come in order of time and do not overlap. The pattern begins `phase_ns` in.
  void AddBusy(TimeSpan span, int64_t phase_ns = 0) { busy_.push_back({span, phase_ns}); }

  double EnergyJ(TimeSpan span) const { return Integral(power_, span); }
  double PowerAt(int64_t t_ns) const { return ValueAt(power_, t_ns); }
  const std::vector<Level>& pattern() const { return pattern_; }

  template <typename Function>
  Quantity Derive(Function of_power) const {
    Quantity quantity;
    quantity.idle = of_power(idle_w_);
    quantity.before.push_back(0);
    for (const Level& level : pattern_) {
      quantity.levels.push_back(of_power(level.power_w));
      quantity.before.push_back(quantity.before.back() +
                                quantity.levels.back() * SecondsFromNs(level.duration_ns));
    }
    return quantity;
  }
  // Over a span, times seconds.
  double Integral(const Quantity& quantity, TimeSpan span) const {
    double integral = quantity.idle * SecondsFromNs(span.end_ns - span.start_ns);
    for (auto busy = FirstBusyAfter(span.start_ns);
         busy != busy_.end() && busy->span.start_ns < span.end_ns; ++busy) {
      const int64_t from_ns = std::max(busy->span.start_ns, span.start_ns);
      const int64_t to_ns = std::min(busy->span.end_ns, span.end_ns);
      const int64_t origin_ns = busy->span.start_ns - busy->phase_ns;
      integral += PatternIntegral(quantity, from_ns - origin_ns, to_ns - origin_ns) -
                  quantity.idle * SecondsFromNs(to_ns - from_ns);
    }
    return integral;
  }
  double ValueAt(const Quantity& quantity, int64_t t_ns) const {
    const auto busy = FirstBusyAfter(t_ns);
    if (busy == busy_.end() || t_ns < busy->span.start_ns) return quantity.idle;
    return quantity
        .levels[LevelAt((t_ns - busy->span.start_ns + busy->phase_ns) % starts_ns_.back())];
  }

 private:
  struct Busy {
    TimeSpan span;
    int64_t phase_ns;
  };

  // The first span that ends after `t_ns`.
  std::vector<Busy>::const_iterator FirstBusyAfter(int64_t t_ns) const {
    return std::upper_bound(busy_.begin(), busy_.end(), t_ns,
                            [](int64_t t, const Busy& busy) { return t < busy.span.end_ns; });
  }
  size_t LevelAt(int64_t offset_ns) const {
    const auto next = std::upper_bound(starts_ns_.begin(), starts_ns_.end(), offset_ns);
    return static_cast<size_t>(next - starts_ns_.begin()) - 1;
  }
  // Whole repetitions are counted apart, lest a long span cost precision.
  double PatternIntegral(const Quantity& quantity, int64_t from_ns, int64_t to_ns) const {
    const int64_t period_ns = starts_ns_.back();
    const int64_t repetitions = to_ns / period_ns - from_ns / period_ns;
    return static_cast<double>(repetitions) * quantity.before.back() +
           PartialIntegral(quantity, to_ns % period_ns) -
           PartialIntegral(quantity, from_ns % period_ns);
  }
  double PartialIntegral(const Quantity& quantity, int64_t offset_ns) const {
    const size_t level = LevelAt(offset_ns);
    return quantity.before[level] +
           quantity.levels[level] * SecondsFromNs(offset_ns - starts_ns_[level]);
  }

  const double idle_w_;
  const std::vector<Level> pattern_;
  std::vector<int64_t> starts_ns_;
  Quantity power_;
  std::vector<Busy> busy_;
};

// The loads that the sampling is judged by, all over 2.6 W of idle power.
namespace loads {

inline constexpr double kIdleW = 2.6;
inline constexpr double kBusyW = 4.9;

// Inferences of 3.3 ms, back to back: memory-bound at 3.8 W, then all units at 4.9 W.
inline LoadProfile BackToBack() {
  return LoadProfile(kIdleW, {{1'300 * kNsPerUs, 3.8}, {2'000 * kNsPerUs, kBusyW}});
}
inline LoadProfile Burst20MsPer100Ms() {
  return LoadProfile(kIdleW, {{20 * kNsPerMs, kBusyW}, {80 * kNsPerMs, kIdleW}});
}
inline LoadProfile Square100Hz() {
  return LoadProfile(kIdleW, {{5 * kNsPerMs, kBusyW}, {5 * kNsPerMs, kIdleW}});
}
inline LoadProfile Burst100MsPerSecond() {
  return LoadProfile(kIdleW, {{100 * kNsPerMs, kBusyW}, {900 * kNsPerMs, kIdleW}});
}

}  // namespace loads

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_LOAD_PROFILE_H_

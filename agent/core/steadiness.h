// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_STEADINESS_H_
#define AGENT_CORE_STEADINESS_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace tinyjoule {

// How a quantity moves: its mean over the newer half of a look-back against that over the older
// half. One thread.
class Trend {
 public:
  // The last so many readings are looked at, however long ago they were.
  static constexpr size_t kLeastReadings = 3;

  explicit Trend(int64_t look_back_ns) : look_back_ns_(look_back_ns) {}

  // Times rise.
  void Add(int64_t t_ns, double value);
  // Newer less older; absent while there is no older half.
  std::optional<double> Change() const;
  // Of the newer half; 0 without readings.
  double newest_mean() const;

 private:
  struct Reading {
    int64_t t_ns;
    double value;
  };
  bool IsNewer(const Reading& reading) const;
  std::optional<double> MeanOf(bool newer) const;

  const int64_t look_back_ns_;
  std::deque<Reading> readings_;
};

// Whether a board under load has settled, from what each pilot of the warm-up showed. A board that
// heats up draws ever more power at the same latency: both must stand still.
class Steadiness {
 public:
  // Between the halves of the look-back.
  static constexpr double kPowerTolerance = 0.01;
  static constexpr double kTemperatureToleranceC = 0.5;

  explicit Steadiness(int64_t look_back_ns)
      : look_back_ns_(look_back_ns), power_w_(look_back_ns), temp_c_(look_back_ns) {}

  void AddPower(int64_t t_ns, double power_w) { power_w_.Add(t_ns, power_w); }
  void AddTemperature(int64_t t_ns, double temp_c) { temp_c_.Add(t_ns, temp_c); }
  // What still moves, in words; empty: nothing that was told does.
  std::vector<std::string> Movements() const;

 private:
  const int64_t look_back_ns_;
  Trend power_w_;
  Trend temp_c_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_STEADINESS_H_

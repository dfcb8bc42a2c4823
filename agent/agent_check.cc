// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/agent_check.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/energy/conversion.h"
#include "common/energy/statistics.h"

namespace tinyjoule {
namespace {

template <typename Optional>
std::string OrUnknown(const Optional& value) {
  return value ? absl::StrCat(*value) : "not told";
}

void PrintBoard(const BoardReader& board, std::ostream& out) {
  const BoardFacts facts = board.ReadFacts();
  const BoardReading reading = board.Read();
  out << "board:       " << facts.board << "\nsoc:         " << facts.soc
      << "\nos:          " << facts.os << "\nkernel:      " << facts.kernel
      << "\ngovernor:    " << OrUnknown(reading.governor)
      << "\ntemperature: " << OrUnknown(reading.temp_c)
      << "\nfrequency:   " << OrUnknown(reading.freq_max_hz)
      << "\nthrottled:   " << OrUnknown(reading.throttled) << "\n";
}

std::vector<RawSample> ReadOneSecond(PowerSensor& sensor) {
  std::vector<RawSample> samples;
  RawSample sample;
  while (samples.empty() || samples.back().t_ns - samples.front().t_ns < kNsPerSecond) {
    const ReadOutcome outcome = sensor.ReadConversion(&sample);
    if (outcome == ReadOutcome::kEnd) break;
    if (outcome == ReadOutcome::kSample) samples.push_back(sample);
  }
  return samples;
}

}  // namespace

absl::Status PrintCheck(const BoardReader& board, PowerSensor* sensor, std::ostream& out) {
  PrintBoard(board, out);
  if (sensor == nullptr) {
    out << "sensor:      none: (quality and latency only)\n";
    return absl::OkStatus();
  }
  const v1::SensorDescription description = sensor->Describe();
  out << "sensor:      " << description.uri() << " (" << description.kind()
      << (description.simulated() ? "; not a measurement of this board" : "") << ")\n";
  if (absl::Status status = sensor->Start(); !status.ok()) return status;
  const std::vector<RawSample> samples = ReadOneSecond(*sensor);
  sensor->Stop();
  if (samples.size() < 2) return absl::UnavailableError("the sensor gave no two samples");
  const CountConverter converter(description);
  std::vector<double> power_w;
  power_w.reserve(samples.size());
  for (const RawSample& sample : samples) power_w.push_back(converter.Convert(sample).power_w);
  const double span_s = static_cast<double>(samples.back().t_ns - samples.front().t_ns) * 1e-9;
  out << absl::StrFormat("samples:     %.1f per second; %.3f V, mean %.3f W\n",
                         static_cast<double>(samples.size() - 1) / span_s,
                         converter.Convert(samples.back()).bus_voltage_v, Mean(power_w));
  return absl::OkStatus();
}

}  // namespace tinyjoule

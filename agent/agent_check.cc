// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/agent_check.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/energy/conversion.h"
#include "common/energy/statistics.h"
#include "common/units/units.h"

namespace tinyjoule {
namespace {

// A sensor that gives nothing but failures is given up.
constexpr int kMaxFailures = 100;

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

// What a sensor of this kind was found or set to be; nothing for one that has no such thing.
void PrintSensor(const v1::SensorDescription& sensor, std::ostream& out) {
  out << "sensor:      " << sensor.uri() << " (" << sensor.kind()
      << (sensor.simulated() ? "; not a measurement of this board" : "") << ")\n";
  out << absl::StrFormat("scale:       shunt %g ohm, gain %g, offset %g counts, %s\n",
                         OhmsFromMicroohms(sensor.shunt_uohm()), sensor.gain(),
                         sensor.shunt_offset_counts(), sensor.resolution());
  out << absl::StrFormat("cycle:       %.3f ms", MillisecondsFromNs(sensor.cycle_ns()));
  if (sensor.nominal_cycle_ns() > 0) {
    out << absl::StrFormat(" (nominally %.3f)", MillisecondsFromNs(sensor.nominal_cycle_ns()));
  }
  if (sensor.read_time_ns() > 0) {
    out << absl::StrFormat(", read in %.3f ms", MillisecondsFromNs(sensor.read_time_ns()));
  }
  out << "\n";
}

std::vector<RawSample> ReadOneSecond(PowerSensor& sensor) {
  std::vector<RawSample> samples;
  RawSample sample;
  int failed = 0;
  while (samples.empty() || samples.back().t_ns - samples.front().t_ns < kNsPerSecond) {
    const ReadOutcome outcome = sensor.ReadConversion(&sample);
    if (outcome == ReadOutcome::kEnd) break;
    if (outcome == ReadOutcome::kFailed && ++failed > kMaxFailures) break;
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
  PrintSensor(description, out);
  if (absl::Status status = sensor->Start(); !status.ok()) return status;
  const std::vector<RawSample> samples = ReadOneSecond(*sensor);
  sensor->Stop();
  if (samples.size() < 2) return absl::UnavailableError("the sensor gave no two samples");
  const CountConverter converter(description);
  std::vector<double> power_w;
  power_w.reserve(samples.size());
  for (const RawSample& sample : samples) power_w.push_back(converter.Convert(sample).power_w);
  const PowerSample last = converter.Convert(samples.back());
  const double span_s = static_cast<double>(samples.back().t_ns - samples.front().t_ns) * 1e-9;
  out << absl::StrFormat("samples:     %.1f per second; %.3f V, %.4f A, mean %.3f W\n",
                         static_cast<double>(samples.size() - 1) / span_s, last.bus_voltage_v,
                         last.current_a, Mean(power_w));
  if (Mean(power_w) < 0) {
    out << "warning:     the current flows backwards: swap VIN+ and VIN-\n";
  }
  if (std::any_of(samples.begin(), samples.end(),
                  [&converter](const RawSample& each) { return converter.Clipped(each); })) {
    out << "warning:     the current leaves the sensor's range: use a smaller shunt or a larger "
           "pga\n";
  }
  return absl::OkStatus();
}

}  // namespace tinyjoule

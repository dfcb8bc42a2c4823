// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The part of Ina219Sensor before the first measurement: is it there, is it an INA219, does it keep
// what is written, how fast is it.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/power/ina219_sensor.h"
#include "common/base/status.h"
#include "common/units/units.h"

namespace tinyjoule {
namespace {

constexpr int kTimedConversions = 200;
constexpr int64_t kLongestTimingNs = 3 * kNsPerSecond;
// The data sheet allows 10 %.
constexpr double kCycleTolerance = 0.15;

// Reset values of register 0 of chips that sit at the same addresses, by their data sheets.
absl::string_view KnownChip(uint16_t word) {
  if (word == 0x4127) return " (as an INA226 does)";
  if (word == 0x7127) return " (as an INA3221 does)";
  if (word == 0x6127) return " (as an INA260 does)";
  return "";
}

// What the readings tell.
struct Timing {
  int64_t first_ns = 0;
  int64_t last_ns = 0;
  // From the first sample to the last one.
  int64_t cycles = 0;
  int64_t failed = 0;
  int64_t torn = 0;
  std::vector<int64_t> read_times_ns;

  int64_t samples() const { return static_cast<int64_t>(read_times_ns.size()); }
  int64_t lost() const { return cycles - (samples() - 1); }

  void Add(const RawSample& sample, int64_t nominal_ns, int64_t read_time_ns) {
    if (read_times_ns.empty()) first_ns = last_ns = sample.t_ns;
    cycles +=
        std::llround(static_cast<double>(sample.t_ns - last_ns) / static_cast<double>(nominal_ns));
    last_ns = sample.t_ns;
    if ((sample.flags & v1::SAMPLE_FLAG_TORN) != 0) ++torn;
    read_times_ns.push_back(read_time_ns);
  }
  int64_t MedianReadTimeNs() {
    const auto middle = read_times_ns.begin() + samples() / 2;
    std::nth_element(read_times_ns.begin(), middle, read_times_ns.end());
    return *middle;
  }
};

}  // namespace

std::string Ina219Sensor::Place() const {
  return absl::StrFormat("0x%02x on %s", options_.address, options_.bus);
}

absl::Status Ina219Sensor::TransferError(int error_number, absl::string_view attempt) const {
  const std::string what = absl::StrCat("cannot ", attempt, " of the INA219 at ", Place());
  const absl::Status status = ErrnoStatus(error_number, what);
  if (error_number == EREMOTEIO || error_number == ENXIO) {
    return absl::NotFoundError(absl::StrCat(
        status.message(), ": no chip answers there. Check power, SDA, SCL and ground, and the ",
        "address that the board's A0 and A1 select; \"i2cdetect -y ",
        options_.bus.substr(options_.bus.find_last_of('-') + 1), "\" shows what answers"));
  }
  if (error_number == ETIMEDOUT || error_number == EIO || error_number == EAGAIN) {
    return absl::UnavailableError(
        absl::StrCat(status.message(), ": the bus is stuck or disturbed. Check the wiring and the ",
                     "pull-ups, and shorten the cable"));
  }
  return status;
}

absl::Status Ina219Sensor::Qualify() {
  TJ_RETURN_IF_ERROR(CheckIdentity());
  TJ_RETURN_IF_ERROR(CheckReadBack());
  const absl::Status timed = TimeConversions();
  stopped_ = true;
  return timed;
}

absl::Status Ina219Sensor::CheckIdentity() {
  if (const int error_number = Write(kIna219ResetBit)) {
    return TransferError(error_number, "reset the configuration");
  }
  TJ_ASSIGN_OR_RETURN(const uint16_t word, ReadConfiguration());
  if (word == kIna219ResetConfiguration) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "the chip at %s is no INA219: after a reset its register 0 holds 0x%04X%s, an INA219's "
      "0x%04X. Check the address",
      Place(), word, KnownChip(word), kIna219ResetConfiguration));
}

absl::Status Ina219Sensor::CheckReadBack() {
  const uint16_t written = Ina219ConfigurationWord(Settings());
  if (const int error_number = Write(written)) {
    return TransferError(error_number, "write the configuration");
  }
  TJ_ASSIGN_OR_RETURN(const uint16_t word, ReadConfiguration());
  if (word == written) return absl::OkStatus();
  return absl::UnavailableError(absl::StrFormat(
      "the INA219 at %s does not keep its configuration: 0x%04X was written, 0x%04X came back. "
      "Check the wiring and its supply, and that no other program uses it",
      Place(), written, word));
}

absl::StatusOr<uint16_t> Ina219Sensor::ReadConfiguration() {
  uint16_t word = 0;
  const int error_number =
      Read(kIna219Configuration, clock_.MonotonicNs() + CycleNs(Settings()), &word);
  if (error_number != 0) return TransferError(error_number, "read the configuration");
  return word;
}

absl::Status Ina219Sensor::TimeConversions() {
  cycle_ratio_ = 1;
  read_time_ns_ = 0;
  const int64_t nominal_ns = CycleNs(Settings());
  TJ_RETURN_IF_ERROR(BeginConversions(nominal_ns));
  const int64_t wanted =
      std::clamp<int64_t>(kLongestTimingNs / nominal_ns, 1, kTimedConversions) + 1;
  Timing timing;
  while (timing.samples() < wanted && timing.failed <= wanted / 2) {
    RawSample sample;
    if (ReadConversion(&sample) == ReadOutcome::kSample) {
      timing.Add(sample, nominal_ns, last_read_time_ns_);
    } else {
      ++timing.failed;
    }
  }
  if (timing.samples() < wanted) return NotConverting();
  if (timing.torn + timing.lost() > wanted / 2) return TooSlow(timing.MedianReadTimeNs());
  const double cycle_ns =
      static_cast<double>(timing.last_ns - timing.first_ns) / static_cast<double>(timing.cycles);
  const double ratio = cycle_ns / static_cast<double>(nominal_ns);
  if (std::abs(ratio - 1) > kCycleTolerance) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the INA219 at %s converts every %.3f ms, and its data sheet says %.3f ms: it is no "
        "INA219, or the board's clock is wrong",
        Place(), cycle_ns * 1e-6, MillisecondsFromNs(nominal_ns)));
  }
  cycle_ratio_ = ratio;
  read_time_ns_ = timing.MedianReadTimeNs();
  return absl::OkStatus();
}

absl::Status Ina219Sensor::NotConverting() const {
  if (last_error_ != 0) return TransferError(last_error_, "read conversions");
  return absl::UnavailableError(
      absl::StrFormat("the INA219 at %s answers and does not convert: it does not say within two "
                      "cycles (%.1f ms) that a conversion is ready. Take its power away and try "
                      "again; the chip may be broken",
                      Place(), 2 * MillisecondsFromNs(cycle_ns_)));
}

absl::Status Ina219Sensor::TooSlow(int64_t read_time_ns) const {
  return absl::FailedPreconditionError(absl::StrFormat(
      "the bus is too slow for the INA219 at %s: a conversion takes %.2f ms to read, a new one "
      "comes every %.2f ms and its shunt is valid for %.2f ms. Raise the bus clock "
      "(dtparam=i2c_arm_baudrate=400000 on a Pi) or the averaging (adc=x8&bus_adc=12bit)",
      Place(), MillisecondsFromNs(read_time_ns), MillisecondsFromNs(cycle_ns_),
      MillisecondsFromNs(shunt_valid_ns_)));
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/ina219_sensor.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/energy/conversion.h"

namespace tinyjoule {
namespace {

// What an adapter says of a transfer that may work the next time.
bool MayRetry(int error_number) {
  return error_number == EREMOTEIO || error_number == ETIMEDOUT || error_number == EIO ||
         error_number == EAGAIN || error_number == ENXIO;
}

int64_t WholeMicroseconds(int64_t t_ns) { return t_ns - t_ns % kTimeUnitNs; }

// Conversions between two turns, and how they are spread: evenly, and never in a rhythm.
constexpr int kShortestTurn = 14;
constexpr int kTurnSpread = 29;
constexpr double kGoldenRatio = 0.6180339887498949;
// A turn takes a read and a write more than a conversion, all of it unseen: only where a conversion
// is read in less than this part of a cycle.
constexpr int64_t kCyclesPerRead = 7;

}  // namespace

Ina219Sensor::Ina219Sensor(Options options, std::unique_ptr<I2cDevice> device, Clock& clock)
    : options_(std::move(options)),
      device_(std::move(device)),
      clock_(clock),
      shunt_adc_(options_.settings.shunt_adc) {}

Ina219Settings Ina219Sensor::Settings() const {
  Ina219Settings settings = options_.settings;
  settings.shunt_adc = shunt_adc_;
  return settings;
}

Ina219Settings Ina219Sensor::PresentSettings() const {
  Ina219Settings settings = Settings();
  if (turned_) settings.bus_adc = FindIna219AdcMode("11bit");
  return settings;
}

int64_t Ina219Sensor::CycleNs(const Ina219Settings& settings) const {
  return std::llround(cycle_ratio_ * static_cast<double>(Ina219CycleNs(settings)));
}

bool Ina219Sensor::CanTurn() const {
  return options_.mixed_bus_adc && read_time_ns_ > 0 &&
         kCyclesPerRead * read_time_ns_ <= CycleNs(Settings());
}

void Ina219Sensor::PlanTurn() {
  turn_phase_ += kGoldenRatio;
  turn_phase_ -= std::floor(turn_phase_);
  until_turn_ = kShortestTurn + static_cast<int>(kTurnSpread * turn_phase_);
}

bool Ina219Sensor::TurnBusAdc() {
  PlanTurn();
  // The bus may have become slower than it was.
  if (kCyclesPerRead * last_read_time_ns_ > cycle_ns_ || !CheckConfiguration()) return false;
  turned_ = !turned_;
  if (Write(Ina219ConfigurationWord(PresentSettings())) != 0) {
    turned_ = !turned_;
    return false;
  }
  cycle_ns_ = CycleNs(PresentSettings());
  edges_.Begin(clock_.MonotonicNs(), cycle_ns_, read_time_ns_ / 3);
  return true;
}

v1::SensorDescription Ina219Sensor::Describe() const {
  const Ina219Settings settings = Settings();
  v1::SensorDescription description;
  description.set_uri(options_.uri);
  description.set_kind("ina219");
  description.set_shunt_lsb_v(kIna219ShuntLsbV);
  description.set_shunt_offset_counts(options_.shunt_offset_counts);
  description.set_bus_lsb_v(kIna219BusLsbV);
  description.set_shunt_uohm(options_.shunt_uohm);
  description.set_gain(options_.gain);
  description.set_cycle_ns(CycleNs(settings));
  description.set_nominal_cycle_ns(Ina219CycleNs(settings));
  description.set_read_time_ns(read_time_ns_);
  description.set_shunt_clip_counts(static_cast<uint32_t>(Ina219ShuntRail(settings)));
  description.set_resolution(
      absl::StrCat(settings.shunt_adc->name, "/", CanTurn() ? "11-" : "", settings.bus_adc->name));
  if (options_.idle_min_w) description.set_idle_min_w(*options_.idle_min_w);
  if (options_.idle_max_w) description.set_idle_max_w(*options_.idle_max_w);
  return description;
}

absl::Status Ina219Sensor::Start() {
  // Until it is qualified, nothing is known of the bus: poll all the time.
  return BeginConversions(read_time_ns_ > 0 ? read_time_ns_ / 3 : CycleNs(Settings()));
}

absl::Status Ina219Sensor::BeginConversions(int64_t poll_ns) {
  turned_ = false;
  until_turn_ = 0;
  if (CanTurn()) PlanTurn();
  const Ina219Settings settings = Settings();
  configuration_written_ = Ina219ConfigurationWord(settings);
  if (const int error_number = Write(configuration_written_)) {
    return TransferError(error_number, "write the configuration");
  }
  // Writing the mode begins a conversion and takes "ready" back.
  cycle_ns_ = CycleNs(settings);
  edges_.Begin(clock_.MonotonicNs(), cycle_ns_, poll_ns);
  shunt_valid_ns_ =
      std::llround(cycle_ratio_ * static_cast<double>(settings.shunt_adc->conversion_ns));
  ready_is_stale_ = false;
  reads_ = 0;
  retried_reads_ = 0;
  configuration_checks_ = 0;
  reset_seen_ = false;
  configuration_changed_ = false;
  configuration_found_ = 0;
  check_requested_ = false;
  statistics_.Clear();
  stopped_ = false;
  return absl::OkStatus();
}

ReadOutcome Ina219Sensor::ReadConversion(RawSample* sample) {
  if (stopped_) return ReadOutcome::kEnd;
  const ReadOutcome outcome = ReadNext(sample);
  if (outcome == ReadOutcome::kFailed) {
    // What broke the transfer may have reset the chip.
    check_requested_ = true;
  } else if (outcome == ReadOutcome::kSample && check_requested_.exchange(false)) {
    CheckConfiguration();
  }
  return outcome;
}

ReadOutcome Ina219Sensor::ReadNext(RawSample* sample) {
  Ready ready;
  const ReadOutcome outcome = AwaitConversion(&ready);
  if (outcome == ReadOutcome::kFailed) edges_.Skip(clock_.MonotonicNs());
  if (outcome != ReadOutcome::kSample) return outcome;
  const EdgeTracker::Edge edge = edges_.Notice(ready.not_ready_ns, ready.end_ns);
  uint16_t shunt_word = 0;
  if (Read(kIna219Shunt, edge.t_ns + shunt_valid_ns_, &shunt_word) != 0) {
    return ReadOutcome::kFailed;
  }
  const int64_t shunt_ns = clock_.MonotonicNs();
  if (until_turn_ > 0 && --until_turn_ == 0 && TurnBusAdc()) {
    ready_is_stale_ = false;
  } else {
    uint16_t power_word = 0;
    ready_is_stale_ = Read(kIna219Power, edge.t_ns + shunt_valid_ns_, &power_word) != 0;
    last_read_time_ns_ = clock_.MonotonicNs() - ready.begin_ns;
  }
  statistics_.Add(last_read_time_ns_, edge.lateness_ns);

  sample->t_ns = WholeMicroseconds(edge.t_ns);
  sample->bus = Ina219BusCounts(ready.bus_word);
  sample->shunt = Ina219ShuntCounts(shunt_word);
  sample->power = 0;
  sample->flags = 0;
  if (Ina219MathOverflow(ready.bus_word)) sample->flags |= v1::SAMPLE_FLAG_MATH_OVERFLOW;
  if (shunt_ns - edge.t_ns > shunt_valid_ns_) sample->flags |= v1::SAMPLE_FLAG_TORN;
  if (edge.lateness_ns > cycle_ns_ / 2) sample->flags |= v1::SAMPLE_FLAG_LATE;
  if (std::abs(sample->shunt) >= Ina219ShuntRail(options_.settings) ||
      sample->bus >= Ina219BusRail(options_.settings)) {
    sample->flags |= v1::SAMPLE_FLAG_CLIPPED;
  }
  return ReadOutcome::kSample;
}

ReadOutcome Ina219Sensor::AwaitConversion(Ready* ready) {
  if (ready_is_stale_) {
    // Not before the end of the conversion that was given up: it would say "ready" once more.
    clock_.SleepUntil(edges_.last_ns() + cycle_ns_ / 8);
    ready_is_stale_ = !ClearReady();
  }
  clock_.SleepUntil(edges_.wake_ns());
  if (stopped_) return ReadOutcome::kEnd;
  if (ready_is_stale_ && !ClearReady()) return ReadOutcome::kFailed;
  // Until the power has been read.
  ready_is_stale_ = true;
  return PollUntilReady(ready);
}

ReadOutcome Ina219Sensor::PollUntilReady(Ready* ready) {
  const int64_t deadline_ns = clock_.MonotonicNs() + 2 * cycle_ns_;
  while (!stopped_) {
    ready->begin_ns = clock_.MonotonicNs();
    if (ready->begin_ns > deadline_ns) return ReadOutcome::kFailed;
    if (Read(kIna219Bus, deadline_ns, &ready->bus_word) != 0) return ReadOutcome::kFailed;
    ready->end_ns = clock_.MonotonicNs();
    if (Ina219ConversionReady(ready->bus_word)) return ReadOutcome::kSample;
    ready->not_ready_ns = ready->end_ns;
  }
  return ReadOutcome::kEnd;
}

int Ina219Sensor::Read(uint8_t address, int64_t deadline_ns, uint16_t* word) {
  constexpr int kPausesPerCycle = 16;
  reads_.fetch_add(1, std::memory_order_relaxed);
  last_error_ = device_->ReadRegister(address, word);
  if (last_error_ == 0) return 0;
  while (MayRetry(last_error_)) {
    const int64_t again_ns = clock_.MonotonicNs() + cycle_ns_ / kPausesPerCycle;
    if (again_ns > deadline_ns) break;
    clock_.SleepUntil(again_ns);
    last_error_ = device_->ReadRegister(address, word);
    if (last_error_ == 0) {
      retried_reads_.fetch_add(1, std::memory_order_relaxed);
      return 0;
    }
  }
  return last_error_;
}

int Ina219Sensor::Write(uint16_t word) {
  constexpr int kAttempts = 3;
  int error_number = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    error_number = device_->WriteRegister(kIna219Configuration, word);
    if (!MayRetry(error_number)) break;
    clock_.SleepUntil(clock_.MonotonicNs() + kNsPerMs);
  }
  return error_number;
}

bool Ina219Sensor::ClearReady() {
  uint16_t power_word = 0;
  return device_->ReadRegister(kIna219Power, &power_word) == 0;
}

bool Ina219Sensor::CheckConfiguration() {
  uint16_t found = 0;
  if (Read(kIna219Configuration, clock_.MonotonicNs() + cycle_ns_ / 4, &found) != 0) {
    check_requested_ = true;
    return false;
  }
  configuration_checks_.fetch_add(1);
  if (found == Ina219ConfigurationWord(PresentSettings())) {
    const bool untouched = !reset_seen_ && !configuration_changed_;
    if (untouched) configuration_found_ = configuration_written_.load();
    return true;
  }
  configuration_found_ = found;
  (found == kIna219ResetConfiguration ? reset_seen_ : configuration_changed_) = true;
  return false;
}

SensorHealth Ina219Sensor::Health() const {
  SensorHealth health;
  health.reads = reads_;
  health.retried_reads = retried_reads_;
  health.configuration_checks = configuration_checks_;
  health.reset_seen = reset_seen_;
  health.configuration_changed = configuration_changed_;
  health.configuration_written = configuration_written_;
  health.configuration_found = configuration_found_;
  health.read_time_ns = statistics_.read_time_ns();
  health.read_time_worst_ns = statistics_.read_time_worst_ns();
  health.lateness_p99_ns = statistics_.lateness_p99_ns();
  return health;
}

std::vector<std::string> Ina219Sensor::Resolutions() const {
  std::vector<std::string> words;
  for (const Ina219AdcMode& mode : kIna219AdcModes) {
    if (mode.conversion_ns > read_time_ns_) words.emplace_back(mode.name);
  }
  return words;
}

absl::Status Ina219Sensor::SetResolution(const std::string& word) {
  const std::vector<std::string> words = Resolutions();
  if (std::find(words.begin(), words.end(), word) == words.end()) {
    return absl::InvalidArgumentError(absl::StrCat("the INA219 at ", Place(),
                                                   " has no resolution \"", word, "\"; it has ",
                                                   absl::StrJoin(words, ", ")));
  }
  shunt_adc_ = FindIna219AdcMode(word);
  return absl::OkStatus();
}

}  // namespace tinyjoule

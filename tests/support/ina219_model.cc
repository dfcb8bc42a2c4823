// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ina219_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tinyjoule {
namespace {

constexpr uint16_t kResetBit = 0x8000;
constexpr double kShuntStepV = 10e-6;
constexpr double kBusStepV = 4e-3;
constexpr double kMaxCycleError = 0.10;

unsigned Bits(uint16_t word, int lowest, unsigned mask) { return (word >> lowest) & mask; }
unsigned BusAdc(uint16_t config) { return Bits(config, 7, 0xF); }
unsigned ShuntAdc(uint16_t config) { return Bits(config, 3, 0xF); }
unsigned Mode(uint16_t config) { return config & 7u; }
bool ConvertsShunt(uint16_t config) { return (Mode(config) & 1) != 0; }
bool ConvertsBus(uint16_t config) { return (Mode(config) & 2) != 0; }
bool Continuous(uint16_t config) { return Mode(config) > 4; }
// 40, 80, 160, 320 mV.
int ShuntLimit(uint16_t config) { return 4000 << Bits(config, 11, 3); }
int BusLimit(uint16_t config) { return Bits(config, 13, 1) != 0 ? 8000 : 4000; }

// Bits that a converter of 9, 10 or 11 bits lacks of 12; averages are of 12 bits.
int MissingBits(unsigned adc) { return adc < 8 ? 3 - static_cast<int>(adc & 3) : 0; }

// SBOS448G, the table of ADC settings.
int64_t NominalNs(unsigned adc) {
  constexpr int64_t kSingle[] = {84, 148, 276, 532};
  constexpr int64_t kAveraged[] = {532, 1060, 2130, 4260, 8510, 17020, 34050, 68100};
  return (adc < 8 ? kSingle[adc & 3] : kAveraged[adc & 7]) * kNsPerUs;
}

int Quantise(double volts, double step_v, int missing_bits, int low, int high) {
  const double step = step_v * (1 << missing_bits);
  const auto counts = static_cast<int>(std::lround(volts / step)) * (1 << missing_bits);
  return std::clamp(counts, low, high);
}

double Uniform(SeededRandom& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

}  // namespace

Ina219Model::Ina219Model(FakeClock& clock, const LoadProfile& load, const Options& options)
    : clock_(clock),
      load_(load),
      options_(options),
      random_(options.seed),
      now_ns_(clock.MonotonicNs()) {
  const double drawn = kMaxCycleError * (2 * Uniform(random_) - 1);
  time_factor_ = 1 + options.cycle_error.value_or(drawn);
  DeriveQuantities();
  BeginCycle(now_ns_);
}

// P = V I and V = supply - R I: the smaller solution for I.
void Ina219Model::DeriveQuantities() {
  const double supply_v = options_.supply_v;
  const double ohm = options_.series_ohm;
  const auto current = [supply_v, ohm](double power_w) {
    if (ohm == 0) return power_w / supply_v;
    return (supply_v - std::sqrt(supply_v * supply_v - 4 * ohm * power_w)) / (2 * ohm);
  };
  current_a_ = load_.Derive(current);
  // With swapped leads VIN- is the supply's side of the shunt.
  const double drop_ohm = options_.swapped_leads ? ohm - options_.shunt_ohm : ohm;
  bus_v_ = load_.Derive([current, supply_v, drop_ohm](double power_w) {
    return supply_v - drop_ohm * current(power_w);
  });
}

uint16_t Ina219Model::Read(uint8_t address) {
  CatchUp();
  switch (address) {
    case kConfig:
      return config_;
    case kShunt:
      return static_cast<uint16_t>(shunt_);
    case kBus:
      return static_cast<uint16_t>(bus_ << 3 | (ready_ ? 2 : 0) | (overflow_ ? 1 : 0));
    case kPower:
      ready_ = false;
      return power_;
    case kCurrent:
      return static_cast<uint16_t>(current_);
    case kCalibration:
      return calibration_;
    default:
      return 0;
  }
}

void Ina219Model::Write(uint8_t address, uint16_t word) {
  CatchUp();
  if (address == kConfig) Configure(word);
  if (address == kCalibration) Calibrate(word);
}

void Ina219Model::Configure(uint16_t config) {
  if ((config & kResetBit) != 0) {
    calibration_ = 0;
    shunt_ = 0;
    bus_ = 0;
    current_ = 0;
    power_ = 0;
    overflow_ = false;
    config = kResetConfig;
  }
  // Bit 14 is not used.
  config_ = config & 0xBFFF;
  if (ConvertsShunt(config_) || ConvertsBus(config_)) ready_ = false;
  BeginCycle(now_ns_);
}

void Ina219Model::BrownOut() {
  Fire();
  Configure(kResetBit);
}

void Ina219Model::WriteForeign(uint16_t config) {
  Fire();
  Configure(config);
}

void Ina219Model::CalibrateForeign(uint16_t calibration) {
  Fire();
  Calibrate(calibration);
}

void Ina219Model::SetSupplyV(double supply_v) {
  Fire();
  options_.supply_v = supply_v;
  DeriveQuantities();
}

void Ina219Model::CatchUp() {
  const int64_t now_ns = clock_.MonotonicNs();
  // Nothing is given back: a reader that must not allocate may be the caller.
  while (next_scheduled_ < schedule_.size() && schedule_[next_scheduled_].t_ns <= now_ns) {
    const Scheduled& next = schedule_[next_scheduled_++];
    ConvertUntil(next.t_ns);
    now_ns_ = std::max(now_ns_, next.t_ns);
    next.action(*this);
  }
  ConvertUntil(now_ns);
  now_ns_ = now_ns;
}

void Ina219Model::ConvertUntil(int64_t t_ns) {
  while (phase_ != Phase::kIdle && !halted_) {
    const bool shunt = phase_ == Phase::kShunt;
    const int64_t end_ns = phase_start_ns_ + (shunt ? ShuntTimeNs() : BusTimeNs());
    if (end_ns > t_ns) return;
    const TimeSpan span{phase_start_ns_, end_ns};
    if (shunt) {
      EndShunt(span);
    } else {
      EndBus(span);
    }
    if (shunt && ConvertsBus(config_)) {
      phase_ = Phase::kBus;
      phase_start_ns_ = end_ns;
    } else {
      EndCycle();
      phase_ = Phase::kIdle;
      if (Continuous(config_)) BeginCycle(end_ns);
    }
  }
}

void Ina219Model::BeginCycle(int64_t t_ns) {
  phase_start_ns_ = t_ns;
  phase_ = ConvertsShunt(config_) ? Phase::kShunt
           : ConvertsBus(config_) ? Phase::kBus
                                  : Phase::kIdle;
}

void Ina219Model::EndShunt(TimeSpan span) {
  if (stuck_) return;
  const double mean_a =
      load_.Integral(current_a_, span) / SecondsFromNs(span.end_ns - span.start_ns);
  const double sign = options_.swapped_leads ? -1 : 1;
  const double shunt_v = sign * mean_a * options_.shunt_ohm + Noise(options_.shunt_noise_v);
  const int limit = ShuntLimit(config_);
  shunt_ = static_cast<int16_t>(
      Quantise(shunt_v, kShuntStepV, MissingBits(ShuntAdc(config_)), -limit, limit));
}

void Ina219Model::EndBus(TimeSpan span) {
  if (stuck_) return;
  const double mean_v = load_.Integral(bus_v_, span) / SecondsFromNs(span.end_ns - span.start_ns);
  bus_ = static_cast<uint16_t>(Quantise(mean_v + Noise(options_.bus_noise_v), kBusStepV,
                                        MissingBits(BusAdc(config_)), 0, BusLimit(config_)));
}

void Ina219Model::EndCycle() {
  ++cycles_;
  ready_ = true;
  const int64_t current = int64_t{shunt_} * calibration_ / 4096;
  const int64_t power = std::abs(current) * bus_ / 5000;
  overflow_ = current > INT16_MAX || current < INT16_MIN || power > UINT16_MAX;
  current_ = static_cast<int16_t>(current);
  power_ = static_cast<uint16_t>(power);
}

int64_t Ina219Model::ShuntTimeNs() const {
  return ConvertsShunt(config_) ? TimeNs(ShuntAdc(config_)) : 0;
}

int64_t Ina219Model::BusTimeNs() const {
  return ConvertsBus(config_) ? TimeNs(BusAdc(config_)) : 0;
}

int64_t Ina219Model::TimeNs(unsigned adc_bits) const {
  return std::llround(static_cast<double>(NominalNs(adc_bits)) * time_factor_);
}

// Near a normal distribution: the sum of twelve uniforms less six.
double Ina219Model::Noise(double stddev) {
  if (stddev == 0) return 0;
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += Uniform(random_);
  return sum * stddev;
}

int ModelI2cDevice::ReadRegister(uint8_t address, uint16_t* word) {
  if (Fails()) return error_number_;
  Pass(29);
  *word = model_.Read(address);
  Pass(19);
  return 0;
}

int ModelI2cDevice::WriteRegister(uint8_t address, uint16_t word) {
  if (Fails()) return error_number_;
  Pass(38);
  model_.Write(address, word);
  return 0;
}

void ModelI2cDevice::FailNext(int transfers, int error_number, int64_t takes_ns) {
  fail_next_ = transfers;
  error_number_ = error_number;
  failure_ns_ = takes_ns;
}

void ModelI2cDevice::FailAtRandom(double probability, int error_number, uint64_t seed) {
  fail_probability_ = probability;
  error_number_ = error_number;
  random_ = SeededRandom(seed);
}

bool ModelI2cDevice::Fails() {
  // What is due by now may be a fault of the bus.
  model_.CatchUp();
  ++transfers_;
  const bool counted = fail_next_ > 0;
  if (counted) --fail_next_;
  if (!counted && (fail_probability_ == 0 || Uniform(random_) >= fail_probability_)) return false;
  ++failures_;
  clock_.Advance(failure_ns_);
  return true;
}

}  // namespace tinyjoule

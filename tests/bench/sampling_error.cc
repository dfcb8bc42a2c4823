// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/sampling_error.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "common/energy/conversion.h"
#include "common/energy/integral.h"
#include "tests/support/ina219_rig.h"

namespace tinyjoule {
namespace {

constexpr int64_t kFarNs = 1'000 * kNsPerSecond;
constexpr int64_t kLeadNs = 100 * kNsPerMs;
constexpr int64_t kInferenceNs = 3'300 * kNsPerUs;
constexpr double kShuntOhm = 0.1;

LoadProfile Telegraph(SeededRandom& random) {
  std::vector<LoadProfile::Level> levels;
  for (int i = 0; i < 4096; ++i) {
    const double dwell_ns = -7e6 * std::log(1 - Uniform(random));
    levels.push_back(
        {static_cast<int64_t>(dwell_ns) + 1, i % 2 == 0 ? loads::kBusyW : loads::kIdleW});
  }
  return LoadProfile(loads::kIdleW, std::move(levels));
}

LoadProfile MakeLoad(SampledLoad load, SeededRandom& random) {
  switch (load) {
    case SampledLoad::kBackToBack:
      return loads::BackToBack();
    case SampledLoad::kBurst20MsPer100Ms:
      return loads::Burst20MsPer100Ms();
    case SampledLoad::kSquare100Hz:
      return loads::Square100Hz();
    case SampledLoad::kBurst100MsPerSecond:
      return loads::Burst100MsPerSecond();
    case SampledLoad::kTelegraph:
      break;
  }
  return Telegraph(random);
}

// A chip in the supply of a board, and the window to measure.
class Bench {
 public:
  Bench(const SamplingCase& sampling, uint64_t seed)
      : sampling_(sampling), random_(seed), load_(MakeLoad(sampling.load, random_)) {
    // Inferences begin at the window's mark; the other loads do not know of it.
    if (sampling.load != SampledLoad::kBackToBack) {
      load_.AddBusy({0, kFarNs}, static_cast<int64_t>(Uniform(random_) * 1e9));
    }
    options_.chip.seed = random_();
    options_.chip.shunt_ohm = kShuntOhm;
    options_.chip.supply_v = 5.0 + 0.2 * Uniform(random_);
    options_.chip.series_ohm = sampling.series_ohm;
  }

  double Error() {
    Ina219Rig rig(load_, options_);
    if (!rig.Qualify().ok()) throw std::runtime_error("the model does not qualify");
    ChooseWindow(rig.clock.MonotonicNs());
    const double measured_j = sampling_.method == SamplingMethod::kEveryConversion
                                  ? EveryConversion(rig)
                                  : PointSamples(rig);
    const double true_j = load_.EnergyJ(window_);
    return (measured_j - true_j) / true_j;
  }

 private:
  void ChooseWindow(int64_t now_ns) {
    window_.start_ns = now_ns + kLeadNs + static_cast<int64_t>(Uniform(random_) * 20e6);
    int64_t length_ns = sampling_.window_ns;
    if (sampling_.load == SampledLoad::kBackToBack) {
      length_ns = (length_ns + kInferenceNs - 1) / kInferenceNs * kInferenceNs;
    }
    window_.end_ns = window_.start_ns + length_ns;
    if (sampling_.load == SampledLoad::kBackToBack) load_.AddBusy(window_);
  }

  double EveryConversion(Ina219Rig& rig) {
    if (!rig.Start().ok()) throw std::runtime_error("the model does not start");
    rig.EndAt(window_.end_ns + kLeadNs);
    const v1::SensorDescription sensor = rig.Describe();
    const CountConverter converter(sensor);
    std::vector<PowerSample> samples;
    for (const RawSample& raw : rig.ReadAll()) samples.push_back(converter.Convert(raw));
    IntegrationOptions options;
    options.cycle_ns = sensor.cycle_ns();
    return Integrate(samples, window_, options, std::nullopt).energy_j;
  }

  // A loop as one writes it first: read, multiply by the time since the last reading, sleep.
  double PointSamples(Ina219Rig& rig) {
    Write(rig, Ina219Model::kConfig, Ina219Model::kResetConfig);
    const bool sleeps = sampling_.method == SamplingMethod::kSleepLoop;
    const int64_t period_ns = sleeps ? 10 * kNsPerMs : 100 * kNsPerMs;
    rig.late_clock.SleepUntil(window_.start_ns);
    int64_t last_ns = window_.start_ns;
    int64_t next_ns = window_.start_ns;
    double energy_j = 0;
    while (last_ns < window_.end_ns) {
      next_ns = (sleeps ? rig.clock.MonotonicNs() : next_ns) + period_ns;
      rig.late_clock.SleepUntil(std::min(next_ns, window_.end_ns));
      const double power_w = ReadPower(rig);
      const int64_t now_ns = std::min(rig.clock.MonotonicNs(), window_.end_ns);
      energy_j += power_w * SecondsFromNs(now_ns - last_ns);
      last_ns = now_ns;
    }
    return energy_j;
  }

  static void Write(Ina219Rig& rig, uint8_t address, uint16_t word) {
    if (rig.device->WriteRegister(address, word) != 0) throw std::runtime_error("no bus");
  }
  static uint16_t Read(Ina219Rig& rig, uint8_t address) {
    uint16_t word = 0;
    if (rig.device->ReadRegister(address, &word) != 0) throw std::runtime_error("no bus");
    return word;
  }
  static double ReadPower(Ina219Rig& rig) {
    const double shunt_v = 10e-6 * static_cast<int16_t>(Read(rig, Ina219Model::kShunt));
    const double bus_v = 4e-3 * (Read(rig, Ina219Model::kBus) >> 3);
    return bus_v * shunt_v / kShuntOhm;
  }

  const SamplingCase sampling_;
  SeededRandom random_;
  LoadProfile load_;
  Ina219Rig::Options options_;
  TimeSpan window_;
};

}  // namespace

absl::string_view NameOf(SamplingMethod method) {
  switch (method) {
    case SamplingMethod::kEveryConversion:
      return "every conversion x8/12bit";
    case SamplingMethod::kSleepLoop:
      return "sleep(10 ms) loop";
    case SamplingMethod::kPoll10Hz:
      break;
  }
  return "poll at 10 Hz";
}

absl::string_view NameOf(SampledLoad load) {
  switch (load) {
    case SampledLoad::kBackToBack:
      return "back-to-back 3.3 ms";
    case SampledLoad::kBurst20MsPer100Ms:
      return "20 ms burst per 100 ms";
    case SampledLoad::kSquare100Hz:
      return "100 Hz square";
    case SampledLoad::kBurst100MsPerSecond:
      return "100 ms burst per 1 s";
    case SampledLoad::kTelegraph:
      break;
  }
  return "random telegraph 7 ms";
}

double SamplingError(const SamplingCase& sampling, uint64_t seed) {
  return Bench(sampling, seed).Error();
}

RelativeError SamplingErrorOver(const SamplingCase& sampling, uint64_t seeds) {
  RelativeError error;
  double squares = 0;
  std::vector<double> errors;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    const double one = SamplingError(sampling, seed);
    squares += one * one;
    errors.push_back(std::abs(one));
    if (std::abs(one) <= error.worst) continue;
    error.worst = std::abs(one);
    error.worst_seed = seed;
  }
  error.rms = std::sqrt(squares / static_cast<double>(seeds));
  const auto p99 = errors.begin() + static_cast<ptrdiff_t>(errors.size() * 99 / 100);
  std::nth_element(errors.begin(), p99, errors.end());
  error.p99 = *p99;
  return error;
}

}  // namespace tinyjoule

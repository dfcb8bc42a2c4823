// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/sampling_error.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "common/energy/conversion.h"
#include "common/energy/integral.h"
#include "common/energy/uncertainty.h"
#include "tests/support/ina219_rig.h"

namespace tinyjoule {
namespace {

constexpr int64_t kFarNs = 1'000 * kNsPerSecond;
constexpr int64_t kLeadNs = 100 * kNsPerMs;
constexpr int64_t kInferenceNs = 3'300 * kNsPerUs;
constexpr double kShuntOhm = 0.1;
constexpr double kPi = 3.14159265358979323846;

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

// V = a + b I by least squares.
class SupplyLine {
 public:
  void Add(double current_a, double voltage_v) {
    n_ += 1;
    i_ += current_a;
    v_ += voltage_v;
    ii_ += current_a * current_a;
    iv_ += current_a * voltage_v;
  }
  // Of a charge, and of the integral of the square of the current.
  double EnergyJ(double charge, double square) const {
    const double spread = n_ * ii_ - i_ * i_;
    const double b = spread > 1e-9 * n_ * ii_ ? (n_ * iv_ - i_ * v_) / spread : 0;
    return (v_ - b * i_) / n_ * charge + b * square;
  }

 private:
  double n_ = 0;
  double i_ = 0;
  double v_ = 0;
  double ii_ = 0;
  double iv_ = 0;
};

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
    options_.driver.settings.shunt_adc = FindIna219AdcMode(sampling.shunt_adc);
    options_.driver.mixed_bus_adc = sampling.bus_adc == "mixed";
    if (!options_.driver.mixed_bus_adc) {
      options_.driver.settings.bus_adc = FindIna219AdcMode(sampling.bus_adc);
    }
  }

  SampledWindow Sample() {
    Ina219Rig rig(load_, options_);
    if (!rig.Qualify().ok()) throw std::runtime_error("the model does not qualify");
    ChooseWindow(rig.clock.MonotonicNs());
    const double true_j = load_.EnergyJ(window_);
    SampledWindow sampled;
    if (sampling_.method == SamplingMethod::kEveryConversion) {
      const SpanIntegral integral = EveryConversion(rig);
      sampled.error = (integral.energy_j - true_j) / true_j;
      sampled.stated = StatedJ(integral, rig.Describe()) / true_j;
      sampled.cycle_ns = rig.model.CycleNs();
      sampled.aliasing = Aliasing(rig.model) / (true_j / SecondsFromNs(Length()));
    } else {
      const bool alone = sampling_.method == SamplingMethod::kShuntAlone;
      const double measured_j = alone ? ShuntAlone(rig) : PointSamples(rig);
      sampled.error = (measured_j - true_j) / true_j;
    }
    return sampled;
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

  static double StatedJ(const SpanIntegral& integral, v1::SensorDescription sensor) {
    sensor.set_relative_uncertainty(0);
    sensor.set_shunt_offset_uncertainty_v(0);
    const WindowUncertainty random = RandomUncertainty(integral, /*idle_error_w=*/0);
    const double rounding_j = SystematicErrorOf(sensor, integral.voltage_mean_v)
                                  .GrossJ(integral.energy_j, integral.covered_s());
    return std::hypot(random.within_j, random.edges_j, rounding_j);
  }
  int64_t Length() const { return window_.end_ns - window_.start_ns; }

  // The mean of n conversions of length w, one in every cycle C, passes a harmonic k of a load of
  // period T with sinc(k w / T) sin(pi n k C / T) / (n sin(pi k C / T)): not at all as a rule, and
  // nearly whole where k C / T is close to a whole number. Sum over the harmonics, W.
  double Aliasing(const Ina219Model& model) const {
    constexpr int kHarmonics = 1000;
    if (sampling_.load == SampledLoad::kTelegraph) return 0;
    const double period_ns = static_cast<double>(PeriodNs());
    const double turns = static_cast<double>(model.CycleNs()) / period_ns;
    const double seen = static_cast<double>(model.ShuntTimeNs()) / period_ns;
    const double n =
        std::floor(static_cast<double>(Length()) / static_cast<double>(model.CycleNs()));
    double sum_w = 0;
    for (int k = 1; k <= kHarmonics; ++k) {
      const double sine = std::sin(kPi * k * turns);
      const double passed =
          std::abs(sine) < 1e-9 ? 1 : std::abs(std::sin(kPi * n * k * turns) / (n * sine));
      const double boxcar = std::abs(std::sin(kPi * k * seen) / (kPi * k * seen));
      sum_w += 2 * HarmonicW(k) * boxcar * passed;
    }
    return sum_w;
  }
  int64_t PeriodNs() const {
    int64_t period_ns = 0;
    for (const LoadProfile::Level& level : load_.pattern()) period_ns += level.duration_ns;
    return period_ns;
  }
  // The absolute value of the load's Fourier coefficient.
  double HarmonicW(int k) const {
    std::complex<double> coefficient = 0;
    const double turn = 2 * kPi * k / static_cast<double>(PeriodNs());
    double angle = 0;
    for (const LoadProfile::Level& level : load_.pattern()) {
      const double next = angle + turn * static_cast<double>(level.duration_ns);
      coefficient += level.power_w * (std::polar(1.0, -angle) - std::polar(1.0, -next));
      angle = next;
    }
    return std::abs(coefficient) / (2 * kPi * k);
  }

  SpanIntegral EveryConversion(Ina219Rig& rig) {
    if (!rig.Start().ok()) throw std::runtime_error("the model does not start");
    rig.EndAt(window_.end_ns + kLeadNs);
    const v1::SensorDescription sensor = rig.Describe();
    const CountConverter converter(sensor);
    std::vector<PowerSample> samples;
    for (const RawSample& raw : rig.ReadAll()) samples.push_back(converter.Convert(raw));
    IntegrationOptions options;
    options.cycle_ns = sensor.cycle_ns();
    return Integrate(samples, window_, options, std::nullopt);
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

  double ShuntAlone(Ina219Rig& rig) {
    const uint16_t both = Ina219ConfigurationWord(options_.driver.settings);
    const auto alone = static_cast<uint16_t>((both & ~7U) | 5U);
    rig.late_clock.SleepUntil(window_.start_ns - kLeadNs / 2);
    Write(rig, Ina219Model::kConfig, alone);
    SupplyLine supply;
    double charge = 0;
    double square = 0;
    int64_t last_ns = rig.clock.MonotonicNs();
    for (uint64_t left = 0; last_ns < window_.end_ns;
         left = left == 0 ? 44 + random_() % 41 : left - 1) {
      if (left == 0) Write(rig, Ina219Model::kConfig, both);
      const double bus_v = AwaitConversion(rig);
      const int64_t now_ns = rig.clock.MonotonicNs();
      const double current_a = ReadCurrent(rig);
      if (left == 0) {
        supply.Add(current_a, bus_v);
        Write(rig, Ina219Model::kConfig, alone);
      } else {
        Read(rig, Ina219Model::kPower);
      }
      const double seconds = SecondsFromNs(std::max<int64_t>(
          0, std::min(now_ns, window_.end_ns) - std::max(last_ns, window_.start_ns)));
      charge += current_a * seconds;
      square += current_a * current_a * seconds;
      last_ns = now_ns;
    }
    return supply.EnergyJ(charge, square);
  }
  // Until the chip is ready; the bus voltage that it says.
  static double AwaitConversion(Ina219Rig& rig) {
    constexpr int64_t kNoSoonerNs = 3'200 * kNsPerUs;
    rig.late_clock.SleepUntil(rig.clock.MonotonicNs() + kNoSoonerNs);
    uint16_t word = 0;
    while (!Ina219ConversionReady(word)) word = Read(rig, Ina219Model::kBus);
    return 4e-3 * (word >> 3);
  }
  static double ReadCurrent(Ina219Rig& rig) {
    return 10e-6 * static_cast<int16_t>(Read(rig, Ina219Model::kShunt)) / kShuntOhm;
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
    const double current_a = ReadCurrent(rig);
    return 4e-3 * (Read(rig, Ina219Model::kBus) >> 3) * current_a;
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
      return "every conversion";
    case SamplingMethod::kSleepLoop:
      return "sleep(10 ms) loop";
    case SamplingMethod::kPoll10Hz:
      return "poll at 10 Hz";
    case SamplingMethod::kShuntAlone:
      break;
  }
  return "shunt alone (no product)";
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

SampledWindow SampleWindow(const SamplingCase& sampling, uint64_t seed) {
  return Bench(sampling, seed).Sample();
}

std::vector<SampledWindow> SampleWindows(const SamplingCase& sampling, uint64_t seeds) {
  std::vector<SampledWindow> windows;
  for (uint64_t seed = 0; seed < seeds; ++seed) windows.push_back(SampleWindow(sampling, seed));
  return windows;
}

RelativeError ErrorOf(const std::vector<SampledWindow>& windows) {
  RelativeError error;
  double squares = 0;
  std::vector<double> errors;
  for (const SampledWindow& window : windows) {
    const double one = std::abs(window.error);
    squares += one * one;
    if (one <= 2 * window.stated) error.held += 1;
    if (one > error.worst) error.worst_seed = errors.size();
    error.worst = std::max(error.worst, one);
    errors.push_back(one);
  }
  const auto count = static_cast<double>(windows.size());
  error.held /= count;
  error.rms = std::sqrt(squares / count);
  const auto p99 = errors.begin() + static_cast<ptrdiff_t>(errors.size() * 99 / 100);
  std::nth_element(errors.begin(), p99, errors.end());
  error.p99 = *p99;
  return error;
}

}  // namespace tinyjoule

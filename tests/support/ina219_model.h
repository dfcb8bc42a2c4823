// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_INA219_MODEL_H_
#define TESTS_SUPPORT_INA219_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "agent/power/i2c_device.h"
#include "common/base/random_source.h"
#include "tests/support/fake_clock.h"
#include "tests/support/load_profile.h"

namespace tinyjoule {

// An INA219 at the level of its registers (TI SBOS448G), in virtual time, in the supply of a board
// with a known load.
//
// In a continuous mode with both inputs the shunt converts first, all its averages, and then the
// bus, during which the shunt is blind. SHUNT and BUS are renewed at the end of their own
// conversion; CURRENT, POWER, CNVR and OVF at the end of the cycle. A conversion gives the exact
// mean of its input over its own time, with noise where asked for, rounded to the mode's step and
// cut off at the range. CNVR is cleared by reading POWER and by writing CONFIG, never by reading
// BUS. One thread.
class Ina219Model {
 public:
  enum Register : uint8_t {
    kConfig = 0,
    kShunt = 1,
    kBus = 2,
    kPower = 3,
    kCurrent = 4,
    kCalibration = 5
  };
  static constexpr uint16_t kResetConfig = 0x399F;

  struct Options {
    // Of the oscillator and of the noise.
    uint64_t seed = 1;
    double shunt_ohm = 0.1;
    // At the chip without load, and what the source, the cable and the shunt add in series.
    double supply_v = 5.1;
    double series_ohm = 0;
    // How far conversions are from their nominal time; absent: uniform in +-10 % by the seed.
    std::optional<double> cycle_error;
    // Standard deviation of one conversion's result.
    double shunt_noise_v = 0;
    double bus_noise_v = 0;
    bool swapped_leads = false;
  };
  using Action = std::function<void(Ina219Model&)>;

  // The clock and the load outlive the model; the load may still get busy spans in the future. The
  // chip is switched on now.
  Ina219Model(FakeClock& clock, const LoadProfile& load, const Options& options);
  Ina219Model(const Ina219Model&) = delete;
  Ina219Model& operator=(const Ina219Model&) = delete;

  // What the registers do at the clock's present moment.
  uint16_t Read(uint8_t address);
  void Write(uint8_t address, uint16_t word);

  // Faults, at once. Each that took effect is counted.
  // The supply of the chip broke down for a moment: every register at its reset value.
  void BrownOut();
  // Somebody else on the bus writes a configuration.
  void WriteForeign(uint16_t config);
  // Somebody else makes the chip calculate current and power.
  void CalibrateForeign(uint16_t calibration);
  // Conversions go on and always give what they gave last.
  void Stick() { stuck_ = Fire(); }
  // No conversion ends any more.
  void Halt() { halted_ = Fire(); }
  void SetSupplyV(double supply_v);
  // Or at a moment of the future, in order of time: carried out when the clock has passed it.
  void At(int64_t t_ns, Action action) { schedule_.push_back({t_ns, std::move(action)}); }
  uint64_t faults_fired() const { return faults_fired_; }

  // One cycle of the present configuration, as this chip does it; 0 when it does not convert.
  int64_t CycleNs() const { return ShuntTimeNs() + BusTimeNs(); }
  // The part of it in which the shunt is seen.
  int64_t ShuntTimeNs() const;
  // Ends of cycles since it was switched on.
  uint64_t cycles() const { return cycles_; }

 private:
  friend class ModelI2cDevice;
  enum class Phase { kIdle, kShunt, kBus };
  struct Scheduled {
    int64_t t_ns;
    Action action;
  };

  void CatchUp();
  // Conversions that end until `t_ns`.
  void ConvertUntil(int64_t t_ns);
  void Configure(uint16_t config);
  // Bit 0 is not used.
  void Calibrate(uint16_t calibration) { calibration_ = calibration & 0xFFFE; }
  void BeginCycle(int64_t t_ns);
  void EndShunt(TimeSpan span);
  void EndBus(TimeSpan span);
  void EndCycle();
  void DeriveQuantities();
  int64_t BusTimeNs() const;
  int64_t TimeNs(unsigned adc_bits) const;
  double Noise(double stddev);
  bool Fire() {
    ++faults_fired_;
    return true;
  }

  FakeClock& clock_;
  const LoadProfile& load_;
  Options options_;
  SeededRandom random_;
  double time_factor_ = 1;
  LoadProfile::Quantity current_a_;
  LoadProfile::Quantity bus_v_;

  uint16_t config_ = kResetConfig;
  uint16_t calibration_ = 0;
  int16_t shunt_ = 0;
  uint16_t bus_ = 0;
  int16_t current_ = 0;
  uint16_t power_ = 0;
  bool ready_ = false;
  bool overflow_ = false;

  // The moment that the registers show.
  int64_t now_ns_;
  Phase phase_ = Phase::kIdle;
  int64_t phase_start_ns_ = 0;
  std::vector<Scheduled> schedule_;
  size_t next_scheduled_ = 0;
  bool stuck_ = false;
  bool halted_ = false;
  uint64_t faults_fired_ = 0;
  uint64_t cycles_ = 0;
};

// The bus to the model: each transfer takes its time on the clock. A read of a register is 48 bit
// times, and the chip gives its answer after the first 29; a write is 38.
class ModelI2cDevice final : public I2cDevice {
 public:
  static constexpr int64_t kFastModeHz = 400'000;

  // Both outlive the device.
  ModelI2cDevice(FakeClock& clock, Ina219Model& model) : clock_(clock), model_(model) {}

  int ReadRegister(uint8_t address, uint16_t* word) override;
  int WriteRegister(uint8_t address, uint16_t word) override;

  void set_bus_hz(int64_t hz) { bus_hz_ = hz; }
  // The next transfers fail with this errno, each after the time that one takes.
  void FailNext(int transfers, int error_number, int64_t takes_ns = 25 * kNsPerUs);
  // Every transfer fails with this probability.
  void FailAtRandom(double probability, int error_number, uint64_t seed);
  uint64_t transfers() const { return transfers_; }
  uint64_t failures() const { return failures_; }

 private:
  bool Fails();
  void Pass(int bits) { clock_.Advance(bits * kNsPerSecond / bus_hz_); }

  FakeClock& clock_;
  Ina219Model& model_;
  int64_t bus_hz_ = kFastModeHz;
  int fail_next_ = 0;
  double fail_probability_ = 0;
  int error_number_ = 0;
  int64_t failure_ns_ = 25 * kNsPerUs;
  SeededRandom random_{1};
  uint64_t transfers_ = 0;
  uint64_t failures_ = 0;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_INA219_MODEL_H_

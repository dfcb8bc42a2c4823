// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_SCRIPTED_INA219_H_
#define TESTS_SUPPORT_SCRIPTED_INA219_H_

#include <cstdint>
#include <functional>
#include <map>

#include "agent/power/i2c_device.h"
#include "tests/support/fake_clock.h"

namespace tinyjoule {

// A bus with one INA219 whose conversions are numbered: number n measures shunt(n) and bus(n). It
// converts freely on the test's clock, which each transfer moves by its own time. What a test wants
// to go wrong is a member.
class ScriptedIna219 {
 public:
  explicit ScriptedIna219(FakeClock& test_clock) : clock(test_clock) {}

  FakeClock& clock;
  int64_t shunt_ns = 4'260'000;
  int64_t cycle_ns = 4'790'000;
  // 48 bits at 400 kHz.
  int64_t transfer_ns = 120'000;
  std::function<int32_t(int64_t)> shunt = [](int64_t n) { return static_cast<int32_t>(1000 + n); };
  std::function<int32_t(int64_t)> bus = [](int64_t n) {
    return static_cast<int32_t>(1250 + n % 100);
  };
  uint16_t status_bits = 0;
  uint16_t reset_word = 0x399F;
  uint16_t configuration = 0x399F;
  // Bits of the configuration that do not take what is written.
  uint16_t broken_bits = 0;
  bool converts = true;
  // Transfer number -> what it fails with, or how much longer it takes.
  std::map<int64_t, int> errors;
  std::map<int64_t, int64_t> delays_ns;
  // Every transfer fails with it.
  int error = 0;

  int64_t transfers = 0;
  int64_t began_ns = 0;

  // Conversions that have ended by now.
  int64_t Finished() const { return (clock.MonotonicNs() - began_ns) / cycle_ns; }

  int Read(uint8_t address, uint16_t* word) {
    if (const int failed = Transfer()) return failed;
    if (address == 0) *word = configuration;
    if (address == 1) *word = static_cast<uint16_t>(shunt(ShuntNumber()));
    if (address == 2) {
      const bool ready = converts && Finished() > cleared_at_;
      *word = static_cast<uint16_t>(bus(Finished()) << 3 | (ready ? 2 : 0) | status_bits);
    }
    if (address == 3) cleared_at_ = Finished();
    return 0;
  }
  int Write(uint8_t address, uint16_t word) {
    if (const int failed = Transfer()) return failed;
    if (address != 0) return 0;
    configuration = (word & 0x8000) != 0 ? reset_word : static_cast<uint16_t>(word & ~broken_bits);
    began_ns = clock.MonotonicNs();
    cleared_at_ = 0;
    return 0;
  }

 private:
  // The shunt's word changes before the bus has been converted.
  int64_t ShuntNumber() const {
    return (clock.MonotonicNs() - began_ns + cycle_ns - shunt_ns) / cycle_ns;
  }
  int Transfer() {
    const int64_t number = transfers++;
    clock.Advance(transfer_ns);
    if (const auto found = delays_ns.find(number); found != delays_ns.end()) {
      clock.Advance(found->second);
    }
    if (error != 0) return error;
    const auto found = errors.find(number);
    return found == errors.end() ? 0 : found->second;
  }

  int64_t cleared_at_ = 0;
};

// The chip outlives it.
class ScriptedI2cDevice final : public I2cDevice {
 public:
  explicit ScriptedI2cDevice(ScriptedIna219& chip) : chip_(chip) {}
  int ReadRegister(uint8_t address, uint16_t* word) override { return chip_.Read(address, word); }
  int WriteRegister(uint8_t address, uint16_t word) override { return chip_.Write(address, word); }

 private:
  ScriptedIna219& chip_;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_SCRIPTED_INA219_H_

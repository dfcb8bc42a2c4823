// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Turns of the bus voltage's resolution, on the register model of the chip.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "agent/power/ina219_sensor.h"
#include "common/energy/integral.h"
#include "tests/support/ina219_rig.h"

namespace tinyjoule {
namespace {

constexpr int64_t kRunNs = 2 * kNsPerSecond;
constexpr uint16_t kWith12Bit = 0x39DF;
constexpr uint16_t kWith11Bit = 0x395F;

class Ina219TurnsTest : public ::testing::Test {
 protected:
  Ina219TurnsTest() : load_(loads::kIdleW) {}

  // Two seconds of readings; `prepare` may plan faults.
  template <typename Prepare>
  std::vector<RawSample> Read(const Ina219Rig::Options& options, Prepare prepare,
                              int64_t bus_hz = ModelI2cDevice::kFastModeHz) {
    rig_ = std::make_unique<Ina219Rig>(load_, options);
    rig_->device->set_bus_hz(bus_hz);
    EXPECT_TRUE(rig_->Qualify().ok());
    EXPECT_TRUE(rig_->Start().ok());
    begin_ns_ = rig_->clock.MonotonicNs();
    prepare(*rig_);
    rig_->EndAt(begin_ns_ + kRunNs);
    return rig_->ReadAll();
  }

  LoadProfile load_;
  std::unique_ptr<Ina219Rig> rig_;
  int64_t begin_ns_ = 0;
};

TEST_F(Ina219TurnsTest, ChangesBehindFourteenToFortyTwoConversionsAndLosesNone) {
  std::set<uint16_t> words;
  const auto watch = [&words](Ina219Rig& rig) {
    for (int64_t t_ns = 0; t_ns < kRunNs; t_ns += 10 * kNsPerMs) {
      rig.Do(rig.clock.MonotonicNs() + t_ns,
             [&] { words.insert(rig.model.Read(Ina219Model::kConfig)); });
    }
  };
  const std::vector<RawSample> samples = Read({}, watch);
  EXPECT_EQ(words, (std::set<uint16_t>{kWith11Bit, kWith12Bit}));
  EXPECT_EQ(rig_->Describe().resolution(), "x8/11-12bit");
  // 2 s hold 425 conversions and their turns.
  EXPECT_NEAR(static_cast<double>(samples.size()), 425, 50);
  const uint64_t turns = rig_->Health().configuration_checks;
  EXPECT_GE(turns, samples.size() / 42);
  EXPECT_LE(turns, samples.size() / 14);
  // Nothing is a gap for the integral, which takes what is within 25 % of the cycle as whole.
  const CountConverter converter(rig_->Describe());
  std::vector<PowerSample> power;
  for (const RawSample& sample : samples) {
    EXPECT_EQ(sample.flags, 0);
    power.push_back(converter.Convert(sample));
  }
  IntegrationOptions integration;
  integration.cycle_ns = rig_->Describe().cycle_ns();
  const TimeSpan span = {begin_ns_ + kRunNs / 4, begin_ns_ + kRunNs * 3 / 4};
  const SpanIntegral integral = Integrate(power, span, integration, std::nullopt);
  EXPECT_EQ(integral.covered_ns, integral.duration_ns);
  EXPECT_NEAR(integral.energy_j, load_.EnergyJ(span), 1e-3 * load_.EnergyJ(span));
  // What is told does not depend on the moment: the word that the settings stand for.
  EXPECT_EQ(rig_->Health().configuration_written, kWith12Bit);
  EXPECT_EQ(rig_->Health().configuration_found, kWith12Bit);
  EXPECT_FALSE(rig_->Health().reset_seen || rig_->Health().configuration_changed);
}

TEST_F(Ina219TurnsTest, DoesNotHealWhatHappenedToTheChip) {
  Read({}, [](Ina219Rig& rig) {
    rig.model.At(rig.clock.MonotonicNs() + kRunNs / 2, [](Ina219Model& m) { m.BrownOut(); });
  });
  EXPECT_TRUE(rig_->Health().reset_seen);
  EXPECT_EQ(rig_->Health().configuration_found, kIna219ResetConfiguration);
  EXPECT_EQ(rig_->model.Read(Ina219Model::kConfig), kIna219ResetConfiguration);
  Read({}, [](Ina219Rig& rig) {
    rig.model.At(rig.clock.MonotonicNs() + kRunNs / 2,
                 [](Ina219Model& m) { m.WriteForeign(0x019F); });
  });
  EXPECT_TRUE(rig_->Health().configuration_changed);
  EXPECT_EQ(rig_->model.Read(Ina219Model::kConfig), 0x019F);
}

// Whether the chip took a write whose acknowledge was lost, nobody knows: it is written again.
TEST_F(Ina219TurnsTest, ALostTransferIsNoForeignWrite) {
  const std::vector<RawSample> samples =
      Read({}, [](Ina219Rig& rig) { rig.device->FailAtRandom(0.02, EREMOTEIO, 1); });
  EXPECT_GT(samples.size(), 300u);
  EXPECT_GT(rig_->Health().configuration_checks, 5u);
  EXPECT_FALSE(rig_->Health().reset_seen || rig_->Health().configuration_changed);
}

TEST_F(Ina219TurnsTest, StaysAsItIsWhereASlowBusWouldLeaveGaps) {
  Read(
      {}, [](Ina219Rig&) {}, 100'000);
  EXPECT_EQ(rig_->Describe().resolution(), "x8/12bit");
  EXPECT_EQ(rig_->Health().configuration_checks, 0u);
  // And on a bus that becomes slow.
  Read({}, [](Ina219Rig& rig) {
    rig.Do(rig.clock.MonotonicNs() + kRunNs / 2, [&rig] { rig.device->set_bus_hz(100'000); });
  });
  EXPECT_GE(rig_->Health().configuration_checks, kRunNs / 2 / (42 * rig_->model.CycleNs()));
  EXPECT_LE(rig_->Health().configuration_checks, kRunNs / 2 / (14 * rig_->model.CycleNs()) + 1);
}

TEST_F(Ina219TurnsTest, OneResolutionWhereThatWasAsked) {
  Ina219Rig::Options options;
  options.driver.mixed_bus_adc = false;
  Read(options, [](Ina219Rig&) {});
  EXPECT_EQ(rig_->Describe().resolution(), "x8/12bit");
  EXPECT_EQ(rig_->Health().configuration_checks, 0u);
}

}  // namespace
}  // namespace tinyjoule

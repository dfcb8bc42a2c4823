// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/trainer/cost/energy_meter.h"
#include "tests/support/fake_rapl_machine.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class RaplMeterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    machine_.SetEnergyUj(FakeRaplMachine::kRangeUj - 1'000'000, 5'000'000);
    machine_.SetTicks(1'000, 400);
    auto meter = OpenRaplMeter(machine_.files, FakeRaplMachine::kRoot, machine_.clock);
    ASSERT_TRUE(meter.ok()) << meter.status();
    meter_ = *std::move(meter);
    ASSERT_TRUE(meter_->Begin().ok());
  }

  FakeRaplMachine machine_;
  std::unique_ptr<EnergyMeter> meter_;
};

TEST_F(RaplMeterTest, SumsThePackagesAcrossAWrap) {
  EXPECT_EQ(meter_->source(), "rapl:package-0 + package-1");
  machine_.clock.Advance(kNsPerSecond);
  // 1 J to the end of the range, 2 J from its start; 3 J.
  machine_.SetEnergyUj(2'000'000, 8'000'000);
  EXPECT_DOUBLE_EQ(*meter_->TakeJoules(), 6);
  EXPECT_DOUBLE_EQ(*meter_->TakeJoules(), 0);
}

TEST_F(RaplMeterTest, AFailedReadingLosesNoEnergy) {
  machine_.Write(FakeRaplMachine::Counter(0), "500000");
  ASSERT_TRUE(machine_.files.RemoveFile(FakeRaplMachine::Counter(1)).ok());
  EXPECT_EQ(meter_->TakeJoules().status().code(), absl::StatusCode::kUnavailable);
  machine_.SetEnergyUj(500'000, 5'250'000);
  EXPECT_DOUBLE_EQ(*meter_->TakeJoules(), 1.75);
}

// 262 kJ are 262 s at 1 kW: after a longer pause the counter may have wrapped around twice.
TEST_F(RaplMeterTest, ALongPauseIsNoMeasurement) {
  machine_.clock.Advance(262 * kNsPerSecond);
  EXPECT_TRUE(meter_->TakeJoules().ok());
  machine_.clock.Advance(263 * kNsPerSecond);
  const auto joules = meter_->TakeJoules();
  EXPECT_EQ(joules.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(joules.status().message()), HasSubstr("not read for 263 s"));
}

TEST_F(RaplMeterTest, AnotherBusyProcessIsSeen) {
  machine_.clock.Advance(10 * kNsPerSecond);
  // 10 s of ours, 1 s of others and the rounding: a tenth of a processor.
  machine_.SetTicks(2'102, 1'400);
  EXPECT_TRUE(meter_->CheckAlone().ok()) << meter_->CheckAlone();
  machine_.SetTicks(2'103, 1'400);
  EXPECT_EQ(meter_->CheckAlone().code(), absl::StatusCode::kFailedPrecondition);
  // A second trainer.
  machine_.SetTicks(3'000, 1'400);
  EXPECT_THAT(std::string(meter_->CheckAlone().message()),
              ::testing::AllOf(HasSubstr("100 % of one processor"), HasSubstr("--trainers 1")));
}

TEST_F(RaplMeterTest, WithoutProcItIsNotKnownWhoUsedIt) {
  machine_.clock.Advance(kNsPerSecond);
  ASSERT_TRUE(machine_.files.RemoveFile("/pc/proc/stat").ok());
  EXPECT_THAT(std::string(meter_->CheckAlone().message()), HasSubstr("/pc/proc/stat"));
}

TEST_F(RaplMeterTest, AMachineWithoutSaysSo) {
  const auto meter = OpenRaplMeter(machine_.files, "/pi", machine_.clock);
  EXPECT_EQ(meter.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(meter.status().message()), HasSubstr("intel_rapl_msr"));
}

}  // namespace
}  // namespace tinyjoule

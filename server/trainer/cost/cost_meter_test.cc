// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/cost/cost_meter.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_rapl_machine.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class CostMeterTest : public ::testing::Test {
 protected:
  CostMeter Open(bool gpu = false) {
    return OpenCostMeter({FakeRaplMachine::kRoot, "libno-such-driver.so.1"}, gpu, machine_.files,
                         machine_.clock);
  }
  // `seconds` of work that take so many joules of the first package.
  void Work(double seconds, double joules) {
    machine_.clock.Advance(static_cast<int64_t>(seconds * 1e9));
    energy_uj_ += static_cast<int64_t>(joules * 1e6);
    machine_.SetEnergyUj(energy_uj_, 0);
  }

  FakeRaplMachine machine_;
  int64_t energy_uj_ = 0;
};

TEST_F(CostMeterTest, TrainingAndEvaluationApart) {
  CostMeter meter = Open();
  Work(5, 1'000);
  meter.Begin();
  Work(100, 7'200);
  meter.Poll();
  Work(100, 3'600);
  meter.EndTraining();
  Work(50, 999);
  meter.Begin();
  Work(2, 36);
  meter.EndEvaluation();
  const v1::TrainingCost& cost = meter.cost();
  EXPECT_DOUBLE_EQ(cost.training_s(), 200);
  EXPECT_DOUBLE_EQ(cost.training_energy_wh(), 3);
  EXPECT_DOUBLE_EQ(cost.evaluation_s(), 2);
  EXPECT_DOUBLE_EQ(cost.evaluation_energy_wh(), 0.01);
  EXPECT_EQ(cost.energy_source(), "rapl:package-0 + package-1");
  EXPECT_EQ(cost.why_no_energy(), "");
}

TEST_F(CostMeterTest, ATooShortEvaluationIsAbsentAndNotZero) {
  CostMeter meter = Open();
  meter.Begin();
  Work(1, 36);
  meter.EndTraining();
  meter.Begin();
  Work(0.003, 0.1);
  meter.EndEvaluation();
  EXPECT_DOUBLE_EQ(meter.cost().training_energy_wh(), 0.01);
  EXPECT_DOUBLE_EQ(meter.cost().evaluation_s(), 0.003);
  EXPECT_FALSE(meter.cost().has_evaluation_energy_wh());
  EXPECT_THAT(meter.cost().why_no_energy(),
              HasSubstr("evaluation: 0.003 s are too short for rapl:"));
}

TEST_F(CostMeterTest, ASharedProcessorIsNotOurs) {
  CostMeter meter = Open();
  meter.Begin();
  Work(10, 500);
  machine_.SetTicks(2'000, 1'000);
  meter.EndTraining();
  EXPECT_FALSE(meter.cost().has_training_energy_wh());
  EXPECT_THAT(meter.cost().why_no_energy(), HasSubstr("training: other processes used 100 %"));
}

TEST_F(CostMeterTest, ACounterThatFailsOnceEndsTheSpanOnly) {
  CostMeter meter = Open();
  meter.Begin();
  Work(1, 10);
  ASSERT_TRUE(machine_.files.RemoveFile(FakeRaplMachine::Counter(0)).ok());
  meter.Poll();
  Work(1, 10);
  meter.EndTraining();
  EXPECT_FALSE(meter.cost().has_training_energy_wh());
  EXPECT_THAT(meter.cost().why_no_energy(), HasSubstr("can no longer be read"));
  meter.Begin();
  Work(1, 3.6);
  meter.EndEvaluation();
  EXPECT_DOUBLE_EQ(meter.cost().evaluation_energy_wh(), 0.001);
}

TEST_F(CostMeterTest, WithoutACounterTimeOnlyAndTheReason) {
  CostMeter meter = OpenCostMeter({"/pi", ""}, false, machine_.files, machine_.clock);
  meter.Begin();
  Work(3, 0);
  meter.EndTraining();
  EXPECT_DOUBLE_EQ(meter.cost().training_s(), 3);
  EXPECT_FALSE(meter.cost().has_training_energy_wh());
  EXPECT_EQ(meter.cost().energy_source(), "");
  EXPECT_THAT(meter.cost().why_no_energy(), HasSubstr("no energy counters"));
}

TEST_F(CostMeterTest, AGpusWorkIsNotTheProcessorsEnergy) {
  CostMeter meter = Open(true);
  meter.Begin();
  Work(10, 500);
  meter.EndTraining();
  EXPECT_FALSE(meter.cost().has_training_energy_wh());
  EXPECT_THAT(meter.cost().why_no_energy(), HasSubstr("libno-such-driver.so.1"));
}

}  // namespace
}  // namespace tinyjoule

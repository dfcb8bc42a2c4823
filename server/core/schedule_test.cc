// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/schedule.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace tinyjoule {
namespace {

SweepRecord MakeSweep(uint64_t seed, v1::Order order) {
  SweepRecord sweep;
  sweep.sweep_id = "sweep";
  sweep.spec.set_seed(seed);
  sweep.spec.mutable_measure()->add_engine(v1::ENGINE_XNNPACK);
  sweep.spec.mutable_measure()->set_repeat(3);
  sweep.spec.mutable_measure()->set_order(order);
  return sweep;
}

std::vector<TrialRecord> MakeTrials(int count) {
  std::vector<TrialRecord> trials;
  for (int i = 0; i < count; ++i) {
    TrialRecord& trial = trials.emplace_back();
    trial.trial_id = "t" + std::to_string(i);
    trial.position = static_cast<uint32_t>(i);
  }
  return trials;
}

std::vector<std::string> OrderOf(const std::vector<RunRecord>& runs) {
  std::vector<std::string> order;
  for (const RunRecord& run : runs) {
    order.push_back(run.run.trial_id() + "/" + std::to_string(run.run.repeat()));
  }
  return order;
}

TEST(ScheduleTest, EveryBlockIsCompleteAndShuffledByItsOwn) {
  const auto runs = BuildSchedule(MakeSweep(42, v1::ORDER_BLOCKED), MakeTrials(20), {"a"}, 3);
  ASSERT_EQ(runs.size(), 60u);
  std::vector<std::vector<std::string>> blocks(3);
  for (size_t i = 0; i < runs.size(); ++i) {
    EXPECT_EQ(runs[i].run.block(), i / 20);
    EXPECT_EQ(runs[i].run.repeat(), i / 20);
    blocks[i / 20].push_back(runs[i].run.trial_id());
  }
  for (const auto& block : blocks) {
    EXPECT_EQ(std::set<std::string>(block.begin(), block.end()).size(), 20u);
  }
  EXPECT_NE(blocks[0], blocks[1]);
  EXPECT_NE(blocks[1], blocks[2]);
}

TEST(ScheduleTest, TheSeedGivesTheOrder) {
  const auto order = [](uint64_t seed) {
    return OrderOf(BuildSchedule(MakeSweep(seed, v1::ORDER_BLOCKED), MakeTrials(20), {"a"}, 3));
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
}

TEST(ScheduleTest, ListedKeepsTheOrderOfTheSweep) {
  const auto runs = BuildSchedule(MakeSweep(1, v1::ORDER_LISTED), MakeTrials(2), {"a"}, 3);
  EXPECT_EQ(OrderOf(runs),
            (std::vector<std::string>{"t0/0", "t1/0", "t0/1", "t1/1", "t0/2", "t1/2"}));
}

// Over 2000 seeds every trial stands first about equally often: chi-squared with 9 degrees of
// freedom stays under its 0.999 quantile, 27.88.
TEST(ScheduleTest, NoPlaceIsFavoured) {
  std::map<std::string, int> first;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const auto runs = BuildSchedule(MakeSweep(seed, v1::ORDER_BLOCKED), MakeTrials(10), {"a"}, 3);
    ++first[runs[0].run.trial_id()];
  }
  double chi_squared = 0;
  for (const auto& [trial, count] : first) chi_squared += (count - 200.0) * (count - 200.0) / 200;
  EXPECT_EQ(first.size(), 10u);
  EXPECT_LT(chi_squared, 27.88);
}

TEST(ScheduleTest, AnotherAgentChangesNoRunsId) {
  const auto ids = [](const std::vector<RunRecord>& runs) {
    std::set<std::string> found;
    for (const RunRecord& run : runs) found.insert(run.run.run_id());
    return found;
  };
  const auto sweep = MakeSweep(1, v1::ORDER_BLOCKED);
  const auto one = ids(BuildSchedule(sweep, MakeTrials(5), {"a"}, 3));
  const auto two = ids(BuildSchedule(sweep, MakeTrials(5), {"a", "b"}, 3));
  EXPECT_EQ(one.size(), 15u);
  EXPECT_EQ(two.size(), 30u);
  for (const std::string& id : one) EXPECT_EQ(two.count(id), 1u);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "server/core/schedule.h"
#include "server/store/memory_run_store.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A sweep of two trials, three blocks and two agents in a store, every run measured.
class DriftTest : public ::testing::Test {
 protected:
  DriftTest() {
    sweep_.sweep_id = "s1";
    sweep_.name = "s1";
    sweep_.content_sha256 = "hash";
    sweep_.state = v1::SWEEP_STATE_RUNNING;
    sweep_.spec.mutable_measure()->add_engine(v1::ENGINE_XNNPACK);
    sweep_.spec.mutable_measure()->set_repeat(3);
    sweep_.spec.add_models()->set_name("tinymlp");
    for (const char* variant : {"int8", "float32"}) {
      sweep_.spec.add_variants()->set_name(variant);
      TrialRecord& trial = trials_.emplace_back();
      trial.trial_id = std::string("t-") + variant;
      trial.sweep_id = "s1";
      trial.position = static_cast<uint32_t>(trials_.size() - 1);
      trial.task_id = "task";
      trial.summary.set_model("tinymlp");
      trial.summary.set_variant(variant);
    }
  }

  // reference_uj: of the reference trial on pi-1, by repeat.
  void Store(const std::vector<double>& reference_uj) {
    WriteBatch batch;
    batch.sweeps = {sweep_};
    batch.trials = trials_;
    TaskRecord task;
    task.task_id = "task";
    task.state = v1::TASK_STATE_WAITING;
    batch.tasks = {task};
    batch.runs = BuildSchedule(sweep_, trials_, {"pi-1", "pi-2"}, 3);
    for (RunRecord& record : batch.runs) Measure(reference_uj, record.run);
    ASSERT_TRUE(store_->Commit(batch).ok());
  }

  static void Measure(const std::vector<double>& reference_uj, v1::Run& run) {
    const bool free = run.placed_on().empty();
    run.mutable_agent()->set_name(free ? "pi-2" : run.placed_on());
    run.set_state(v1::RUN_STATE_SUCCEEDED);
    run.mutable_assembly()->set_valid(true);
    const bool moves = run.reference() && run.agent().name() == "pi-1";
    run.mutable_assembly()->mutable_energy()->set_energy_per_inference_uj(
        moves ? reference_uj[run.repeat()] : 70);
  }

  // The flags of every run of an agent as a reader finds them, one after another.
  std::vector<v1::Flag> FlagsOn(const std::string& agent) {
    std::vector<v1::Flag> flags;
    DriftFinder drift(store_->reads());
    EXPECT_TRUE(VisitRuns(store_->reads(), "s1", [&](v1::Run run) {
                  EXPECT_TRUE(drift.AddTo(run).ok());
                  if (run.agent().name() != agent) return absl::OkStatus();
                  for (const v1::Flag& flag : run.assembly().flags()) flags.push_back(flag);
                  return absl::OkStatus();
                }).ok());
    return flags;
  }

  SweepRecord sweep_;
  std::vector<TrialRecord> trials_;
  std::unique_ptr<RunStore> store_ = MakeMemoryRunStore();
};

TEST_F(DriftTest, OnePercentIsNoDrift) {
  Store({100, 101, 100.5});
  EXPECT_THAT(FlagsOn("pi-1"), IsEmpty());
}

TEST_F(DriftTest, MoreIsSaidOnEveryRunOfThatAgent) {
  Store({100, 99.5, 101});
  const std::vector<v1::Flag> flags = FlagsOn("pi-1");
  ASSERT_THAT(flags, SizeIs(6));
  for (const v1::Flag& flag : flags) {
    EXPECT_EQ(flag.name(), "DRIFT");
    EXPECT_FALSE(flag.fatal());
    EXPECT_EQ(flag.detail(),
              "tinymlp/float32 took 99.5 uJ in repeat 1 and 101 uJ in repeat 2: 1.5 % apart over 3 "
              "blocks");
  }
  EXPECT_THAT(FlagsOn("pi-2"), IsEmpty());
}

TEST_F(DriftTest, AnotherReferenceOrNoneIsTheSweepsChoice) {
  sweep_.spec.mutable_measure()->set_reference("tinymlp/int8");
  Store({50, 60, 70});
  const std::vector<v1::Flag> flags = FlagsOn("pi-1");
  ASSERT_THAT(flags, SizeIs(6));
  EXPECT_THAT(flags[0].detail(), HasSubstr("tinymlp/int8 took 50 uJ"));
}

TEST_F(DriftTest, NoneJudgesNothing) {
  sweep_.spec.mutable_measure()->set_reference("none");
  Store({50, 60, 70});
  EXPECT_THAT(FlagsOn("pi-1"), IsEmpty());
}

TEST_F(DriftTest, InvalidRunsTellNothing) {
  std::vector<v1::Run> runs(3);
  for (uint32_t i = 0; i < 3; ++i) {
    runs[i].set_repeat(i);
    runs[i].set_reference(true);
    runs[i].set_placed_on("pi-1");
    Measure({100, 150, 100.1}, runs[i]);
  }
  EXPECT_TRUE(JudgeDrift(runs).has_value());
  runs[1].mutable_assembly()->set_valid(false);
  EXPECT_FALSE(JudgeDrift(runs).has_value());
  EXPECT_FALSE(JudgeDrift(absl::MakeConstSpan(runs).subspan(0, 2)).has_value());
}

// Placement any: every agent still gets the reference once a block, and only that.
TEST_F(DriftTest, PlacementAnyAddsTheReferenceForEveryAgent) {
  sweep_.spec.mutable_agents()->set_placement(v1::PLACEMENT_ANY);
  const auto runs = BuildSchedule(sweep_, trials_, {"pi-1", "pi-2"}, 3);
  EXPECT_THAT(runs, SizeIs(2 * 3 + 2 * 3));
  for (const RunRecord& record : runs) {
    EXPECT_EQ(record.run.reference(), !record.run.placed_on().empty());
    EXPECT_TRUE(!record.run.reference() || record.run.trial_id() == "t-float32");
  }
  for (uint32_t block = 0; block < 3; ++block) {
    for (const char* agent : {"pi-1", "pi-2"}) {
      EXPECT_EQ(std::count_if(runs.begin(), runs.end(),
                              [&](const RunRecord& record) {
                                return record.run.reference() && record.run.block() == block &&
                                       record.run.placed_on() == agent;
                              }),
                1);
    }
  }
  Store({100, 102, 100});
  EXPECT_THAT(FlagsOn("pi-1"), SizeIs(3));
}

TEST_F(DriftTest, OneBlockNeedsNoReference) {
  sweep_.spec.mutable_agents()->set_placement(v1::PLACEMENT_ANY);
  sweep_.spec.mutable_measure()->set_repeat(1);
  EXPECT_THAT(BuildSchedule(sweep_, trials_, {"pi-1", "pi-2"}, 3), SizeIs(2));
}

// Placement each: the reference is one of the trials, and costs nothing.
TEST_F(DriftTest, PlacementEachAddsNoRun) {
  const auto runs = BuildSchedule(sweep_, trials_, {"pi-1", "pi-2"}, 3);
  EXPECT_THAT(runs, SizeIs(2 * 2 * 3));
  EXPECT_EQ(std::count_if(runs.begin(), runs.end(),
                          [](const RunRecord& record) { return record.run.reference(); }),
            2 * 3);
}

}  // namespace
}  // namespace tinyjoule

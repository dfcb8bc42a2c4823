// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/planner.h"

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "common/config/sweep_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/paths.h"

namespace tinyjoule {
namespace {

SweepRecord RecordOf(const std::string& yaml) {
  const ParsedSweep parsed = ParseSweep(yaml, "sweep.yaml", {});
  EXPECT_TRUE(parsed.ok()) << FormatDiagnostics(parsed.diagnostics);
  SweepRecord record;
  record.sweep_id = "s";
  record.spec = parsed.spec;
  v1::InputFile file;
  file.set_name("station.csv");
  file.set_sha256(std::string(64, 'a'));
  record.inputs.push_back(file);
  return record;
}

std::string Example(const std::string& name) {
  std::ifstream file(SourcePath("docs/examples/" + name));
  return {std::istreambuf_iterator<char>(file), {}};
}

// Each task once, and every base once for its model, fold and seed, before what starts from it.
void ExpectNothingTwice(const Plan& plan, size_t bases) {
  std::set<std::string> ids;
  std::set<std::tuple<std::string, uint32_t, uint64_t>> trained;
  for (const TaskRecord& task : plan.tasks) {
    EXPECT_TRUE(ids.insert(task.task_id).second) << task.label;
    const v1::TrialSpec& trial = task.task.trial();
    if (task.task.kind() == v1::TASK_KIND_BASE) {
      EXPECT_TRUE(trained.emplace(trial.model().name(), trial.fold(), trial.seed()).second)
          << task.label;
    } else {
      EXPECT_EQ(ids.count(task.depends_on), 1U) << task.label;
    }
  }
  EXPECT_EQ(trained.size(), bases);
}

TEST(PlannerTest, TheReferenceStudyTrainsEachBaseOnce) {
  const auto plan = PlanSweep(RecordOf(Example("reference-study.yaml")));
  ASSERT_TRUE(plan.ok()) << plan.status();
  // Three models in five folds.
  ExpectNothingTwice(*plan, 15);
  EXPECT_EQ(plan->tasks.size(), plan->trials.size());
  const auto windowed = PlanSweep(RecordOf(Example("reference-study-windowed.yaml")));
  ASSERT_TRUE(windowed.ok()) << windowed.status();
  ExpectNothingTwice(*windowed, 3);
}

// Calibration and fine-tuning too are part of a task, and equal tasks are one.
TEST(PlannerTest, EqualWorkUnderTwoNamesIsDoneOnce) {
  const auto plan = PlanSweep(RecordOf(R"(
version: 1
name: twice
dataset: {type: synthetic_weather, split: {method: holdout}}
models: [{name: tinymlp, type: tinymlp}]
variants:
  - {name: int8, compress: [{quantize: {mode: static, calibration_samples: 200}}]}
  - {name: again, compress: [{quantize: {}}]}
  - {name: fewer, compress: [{quantize: {calibration_samples: 100}}]}
)"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->trials.size(), 3U);
  EXPECT_EQ(plan->trials[0].task_id, plan->trials[1].task_id);
  EXPECT_NE(plan->trials[0].task_id, plan->trials[2].task_id);
  EXPECT_EQ(plan->tasks.size(), 3U);
}

}  // namespace
}  // namespace tinyjoule

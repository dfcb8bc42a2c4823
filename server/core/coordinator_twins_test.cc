// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Int8 models that differ in their ends alone are calibrated once, whoever asks for which.
#include <string>

#include "absl/strings/str_cat.h"
#include "server/core/planner.h"
#include "tests/support/coordinator_sweeps_fixture.h"

namespace tinyjoule {
namespace {

constexpr char kFloatEnds[] = "{name: static, compress: [{quantize: {mode: static}}]}";
constexpr char kInt8Ends[] = "{name: full, compress: [{quantize: {mode: static, io: int8}}]}";

class TwinsTest : public CoordinatorSweepsTest {
 protected:
  std::string SubmitVariants(const std::string& name, const std::string& variants) {
    return Submit(absl::StrCat("version: 1\nname: ", name, "\nseed: 7\n",
                               "dataset: {type: synthetic_weather, split: {method: holdout}}\n",
                               "models: [{name: m, type: tinymlp}]\nvariants: [", variants, "]\n"));
  }
  static bool HasInt8Ends(const v1::TrainingTask& task) {
    return task.trial().compress(0).quantize().io() == v1::QUANTIZED_IO_INT8;
  }
  // Ends the only task that the executor has, with what only such a task can have done.
  std::string FinishOnly() {
    EXPECT_EQ(executor_->tasks.size(), 1u);
    const std::string id = executor_->tasks[0].task_id();
    v1::TrainingOutcome outcome = executor_->MakeOutcome(id);
    outcome.set_compress_s(3);
    outcome.add_calibration()->set_layer("input");
    outcome.mutable_cost()->set_training_s(3);
    outcome.mutable_cost()->set_training_energy_wh(0.25);
    executor_->tasks.clear();
    executor_->listener().OnDone(id, outcome, "");
    return outcome.model().sha256();
  }
  std::string PathOf(const std::string& sha256) { return artifacts_->PathOf(sha256); }
};

// In whichever order the sweep names them.
class TwinsOrderTest : public TwinsTest, public testing::WithParamInterface<bool> {};

TEST_P(TwinsOrderTest, TheOneWithInt8EndsWaitsForTheOtherAndStartsFromItsModel) {
  Start();
  const char* const first = GetParam() ? kInt8Ends : kFloatEnds;
  const char* const second = GetParam() ? kFloatEnds : kInt8Ends;
  const std::string id = SubmitVariants("s", absl::StrCat(first, ", ", second));
  executor_->FinishFirst();
  ASSERT_EQ(executor_->tasks.size(), 1u) << "the other waits";
  EXPECT_FALSE(HasInt8Ends(executor_->tasks[0]));
  const std::string model = FinishOnly();
  ASSERT_EQ(executor_->tasks.size(), 1u);
  const v1::TrainingTask task = executor_->tasks[0];
  EXPECT_TRUE(HasInt8Ends(task));
  EXPECT_EQ(task.checkpoint_path(), PathOf(model));
  executor_->FinishAll();
  EXPECT_EQ(GetSweep(id).counts().trials_ready(), 2u);
  // All that making it took, whichever task did it.
  const auto record = store_->reads().GetTask(task.task_id());
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->outcome.compress_s(), 3);
  EXPECT_EQ(record->outcome.cost().training_s(), 3);
  EXPECT_EQ(record->outcome.cost().training_energy_wh(), 0.25);
  ASSERT_EQ(record->outcome.calibration_size(), 1);
  EXPECT_EQ(record->outcome.calibration(0).layer(), "input");
  EXPECT_EQ(record->outcome.train_s(), FakeTrainingExecutor::kTrainS);
}

INSTANTIATE_TEST_SUITE_P(Orders, TwinsOrderTest, testing::Bool(), [](const auto& test) {
  return test.param ? "Int8EndsFirst" : "FloatEndsFirst";
});

TEST_F(TwinsTest, AnEarlierSweepsModelServesToo) {
  Start();
  SubmitVariants("one", kFloatEnds);
  executor_->FinishFirst();
  const std::string model = FinishOnly();
  SubmitVariants("two", kInt8Ends);
  ASSERT_EQ(executor_->tasks.size(), 1u);
  EXPECT_EQ(executor_->tasks[0].checkpoint_path(), PathOf(model));
}

TEST_F(TwinsTest, WithoutATwinItStartsFromItsBase) {
  Start();
  SubmitVariants("alone", kInt8Ends);
  const std::string base = executor_->MakeOutcome(executor_->tasks[0].task_id()).model().sha256();
  executor_->FinishFirst();
  ASSERT_EQ(executor_->tasks.size(), 1u);
  EXPECT_EQ(executor_->tasks[0].checkpoint_path(), PathOf(base));
}

TEST_F(TwinsTest, WhenItsTwinFailsItStartsFromItsBase) {
  Start();
  SubmitVariants("s", absl::StrCat(kFloatEnds, ", ", kInt8Ends));
  const std::string base = executor_->MakeOutcome(executor_->tasks[0].task_id()).model().sha256();
  executor_->FinishFirst();
  executor_->FinishFirst(absl::InternalError("no memory"));
  ASSERT_EQ(executor_->tasks.size(), 1u);
  EXPECT_TRUE(HasInt8Ends(executor_->tasks[0]));
  EXPECT_EQ(executor_->tasks[0].checkpoint_path(), PathOf(base));
}

// What has no twin: other modes, float32 ends, and stored points, a student's too.
TEST(TwinTest, OnlyNetworksThatAreCalibratedHaveOne) {
  v1::TrainingTask task;
  task.set_kind(v1::TASK_KIND_COMPRESS);
  task.mutable_trial()->mutable_model()->set_type(v1::MODEL_TYPE_TINYCNN);
  task.mutable_trial()->add_compress()->mutable_prune();
  EXPECT_EQ(TwinWithFloatEnds(task), "");
  v1::QuantizeStep& step = *task.mutable_trial()->add_compress()->mutable_quantize();
  step.set_mode(v1::QUANTIZE_MODE_STATIC);
  EXPECT_EQ(TwinWithFloatEnds(task), "");
  step.set_io(v1::QUANTIZED_IO_INT8);
  const std::string twin = TwinWithFloatEnds(task);
  EXPECT_EQ(twin.size(), 64u);
  step.set_mode(v1::QUANTIZE_MODE_QAT);
  EXPECT_NE(TwinWithFloatEnds(task), twin);
  EXPECT_NE(TwinWithFloatEnds(task), "");
  step.set_mode(v1::QUANTIZE_MODE_DYNAMIC);
  EXPECT_EQ(TwinWithFloatEnds(task), "");
  step.set_mode(v1::QUANTIZE_MODE_STATIC);
  task.mutable_trial()->mutable_model()->set_type(v1::MODEL_TYPE_TINYKNN);
  EXPECT_EQ(TwinWithFloatEnds(task), "");
  v1::DistillStep& distill = *task.mutable_trial()->mutable_compress(0)->mutable_distill();
  distill.mutable_student()->set_type(v1::MODEL_TYPE_TINYMLP);
  EXPECT_NE(TwinWithFloatEnds(task), "");
  distill.mutable_student()->set_type(v1::MODEL_TYPE_TINYKNN);
  task.mutable_trial()->mutable_model()->set_type(v1::MODEL_TYPE_TINYMLP);
  EXPECT_EQ(TwinWithFloatEnds(task), "");
}

}  // namespace
}  // namespace tinyjoule

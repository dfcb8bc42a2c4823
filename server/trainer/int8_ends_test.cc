// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Int8 models that differ from another in their ends alone, by the trainer's border.
#include <gmock/gmock.h>

#include <string>

#include "server/trainer/task_stream_fixture.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class Int8EndsTest : public TaskStreamTest {};

// A model with int8 ends is the same by either way, and calibrated once.
TEST_F(Int8EndsTest, AreMadeFromTheModelWithFloatEnds) {
  const v1::TrainingTask base = BaseTask(v1::MODEL_TYPE_TINYCNN, "base");
  Outcome(base);
  for (const v1::QuantizeMode mode : {v1::QUANTIZE_MODE_STATIC, v1::QUANTIZE_MODE_QAT}) {
    const std::string name = v1::QuantizeMode_Name(mode);
    v1::TrainingTask twin = CompressTask(base, name + "_float");
    v1::QuantizeStep& step = *twin.mutable_trial()->add_compress()->mutable_quantize();
    step.set_mode(mode);
    step.set_io(v1::QUANTIZED_IO_FLOAT32);
    if (mode == v1::QUANTIZE_MODE_QAT) step.set_epochs(1);
    const v1::TrainingOutcome with_float_ends = Outcome(twin);
    EXPECT_GT(with_float_ends.calibration_size(), 0);
    for (const v1::LayerCalibration& layer : with_float_ends.calibration()) {
      EXPECT_TRUE(layer.has_test_clipped()) << layer.layer();
    }

    v1::TrainingTask directly = CompressTask(base, name + "_int8");
    *directly.mutable_trial() = twin.trial();
    directly.mutable_trial()->mutable_compress(0)->mutable_quantize()->set_io(
        v1::QUANTIZED_IO_INT8);
    v1::TrainingTask from_twin = directly;
    from_twin.set_checkpoint_path(JoinPath(twin.output_dir(), "model.onnx"));
    from_twin.set_output_dir(NewFolder(name + "_from_twin"));
    const v1::TrainingOutcome expected = Outcome(directly);
    const v1::TrainingOutcome outcome = Outcome(from_twin);
    EXPECT_EQ(outcome.model().sha256(), expected.model().sha256());
    EXPECT_NE(outcome.model().sha256(), with_float_ends.model().sha256());
    EXPECT_EQ(outcome.predictions().sha256(), expected.predictions().sha256());
    EXPECT_EQ(outcome.prediction_tolerance(), expected.prediction_tolerance());
    EXPECT_EQ(outcome.calibration_size(), 0) << "the coordinator has the twin's";

    v1::TrainingTask pruned = CompressTask(twin, name + "_pruned");
    pruned.mutable_trial()->clear_compress();
    pruned.mutable_trial()->add_compress()->mutable_prune()->set_sparsity(0.5);
    EXPECT_THAT(Text(Failure(pruned)), HasSubstr("only one with int8 ends"));
  }
}

// The int8 model that a task starts from may be the user's own, and not a twin.
TEST_F(Int8EndsTest, AUsersInt8ModelIsQuantisedAlready) {
  const v1::TrainingTask base = BaseTask(v1::MODEL_TYPE_TINYMLP, "base");
  Outcome(base);
  v1::TrainingTask twin = CompressTask(base, "twin");
  v1::QuantizeStep& step = *twin.mutable_trial()->add_compress()->mutable_quantize();
  step.set_mode(v1::QUANTIZE_MODE_STATIC);
  Outcome(twin);
  v1::TrainingTask task = CompressTask(twin, "mine");
  task.mutable_trial()->mutable_model()->set_type(v1::MODEL_TYPE_ONNX);
  task.mutable_trial()->mutable_model()->set_path("mine.onnx");
  task.mutable_trial()->mutable_compress(0)->mutable_quantize()->set_io(v1::QUANTIZED_IO_INT8);
  v1::InputFile& file = *task.add_inputs();
  file.set_name("mine.onnx");
  file.set_local_path(JoinPath(twin.output_dir(), "model.onnx"));
  EXPECT_THAT(Text(Failure(task)), HasSubstr("quantised already"));
  // The float model is the user's: what the task starts from is its twin.
  file.set_local_path(JoinPath(base.output_dir(), "model.onnx"));
  EXPECT_GT(Outcome(task).size().model_bytes(), 0u);
}

}  // namespace
}  // namespace tinyjoule

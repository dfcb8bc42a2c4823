// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// A trainer that trains nothing and needs no LibTorch: whatever it is asked for, it hands out one
// linear model with its test rows. For tests of what comes after training.
#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/file_system.h"
#include "common/base/status.h"
#include "common/onnx/model_file.h"
#include "common/onnx/onnx_builder.h"
#include "common/onnx/tensor_file.h"
#include "google/protobuf/util/json_util.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {
namespace {

// y = 2 x0 - x1 + 0.5.
onnx::ModelProto LinearModel() {
  OnnxBuilder builder("linear");
  builder.AddInput("x", {-1, 2});
  builder.AddOutput("y", {-1, 1});
  const std::vector<float> weights = {2, -1};
  const std::vector<float> bias = {0.5F};
  builder.AddInitializer("w", {2, 1}, absl::MakeConstSpan(weights));
  builder.AddInitializer("b", {1}, absl::MakeConstSpan(bias));
  builder.AddNode("Gemm", {"x", "w", "b"}, {"y"});
  return builder.Build();
}

absl::Status Answer(const v1::TrainingTask& task, v1::TrainingOutcome* outcome) {
  const std::string& folder = task.output_dir();
  outcome->set_output_kind(v1::OUTPUT_KIND_REGRESSION);
  outcome->set_prediction_tolerance(1e-4);
  outcome->mutable_model()->set_file_name("model.onnx");
  outcome->mutable_test_inputs()->set_file_name("inputs.pb");
  outcome->mutable_test_targets()->set_file_name("targets.pb");
  outcome->mutable_predictions()->set_file_name("predictions.pb");
  TJ_RETURN_IF_ERROR(WriteModel(JoinPath(folder, "model.onnx"), LinearModel()));
  TJ_RETURN_IF_ERROR(
      WriteTensorFile(JoinPath(folder, "inputs.pb"), "x", {{3, 2}, {0, 0, 1, 2, -1, 4}}));
  TJ_RETURN_IF_ERROR(WriteTensorFile(JoinPath(folder, "targets.pb"), "t", {{3}, {1, 0, -5}}));
  return WriteTensorFile(JoinPath(folder, "predictions.pb"), "y", {{3}, {0.5F, 0.5F, -5.5F}});
}

v1::TrainingEvent Work(const std::string& line) {
  v1::TrainingTask task;
  v1::TrainingEvent event;
  absl::Status status;
  if (!google::protobuf::util::JsonStringToMessage(line, &task).ok()) {
    status = absl::InvalidArgumentError("not a task");
  } else {
    status = Answer(task, event.mutable_outcome());
  }
  event.set_task_id(task.task_id());
  if (!status.ok()) {
    event.mutable_failure()->set_code(static_cast<int>(status.code()));
    event.mutable_failure()->set_message(std::string(status.message()));
  }
  return event;
}

}  // namespace
}  // namespace tinyjoule

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(tinyjoule::Work(line), &json).ok()) return 1;
    std::cout << json << std::endl;
  }
  return 0;
}

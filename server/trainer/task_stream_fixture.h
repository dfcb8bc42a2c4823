// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_TASK_STREAM_FIXTURE_H_
#define SERVER_TRAINER_TASK_STREAM_FIXTURE_H_

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "server/trainer/task_stream.h"

namespace tinyjoule {

// The trainer behind its own border: JSON lines in, JSON lines and files out. On the synthetic data
// set, which needs no file.
class TaskStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "tinyjoule_task_stream_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  v1::TrainingTask BaseTask(v1::ModelType model, const std::string& output) {
    v1::TrainingTask task;
    task.set_task_id(output);
    task.set_kind(v1::TASK_KIND_BASE);
    v1::TrialSpec& trial = *task.mutable_trial();
    trial.mutable_dataset()->set_type(v1::DATASET_TYPE_SYNTHETIC_WEATHER);
    trial.mutable_dataset()->mutable_synthetic_weather()->set_rows(900);
    trial.mutable_dataset()->mutable_split()->set_method(v1::SPLIT_METHOD_HOLDOUT);
    trial.mutable_model()->set_type(model);
    trial.mutable_train()->set_epochs(3);
    trial.set_seed(42);
    task.set_output_dir(NewFolder(output));
    return task;
  }

  v1::TrainingTask CompressTask(v1::TrainingTask task, const std::string& output) {
    task.set_task_id(output);
    task.set_kind(v1::TASK_KIND_COMPRESS);
    task.set_checkpoint_path(JoinPath(task.output_dir(), "model.onnx"));
    task.set_output_dir(NewFolder(output));
    return task;
  }

  std::string NewFolder(const std::string& name) {
    const std::string path = JoinPath(folder_, name);
    std::filesystem::create_directories(path);
    return path;
  }

  static std::string Json(const v1::TrainingTask& task) {
    std::string json;
    EXPECT_TRUE(google::protobuf::util::MessageToJsonString(task, &json).ok());
    return json;
  }

  // The events of the lines.
  std::vector<v1::TrainingEvent> Send(const std::string& lines) {
    std::istringstream tasks(lines);
    std::stringstream output;
    RunTaskStream(trainer_, tasks, output);
    std::vector<v1::TrainingEvent> events;
    for (std::string line; std::getline(output, line);) {
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &events.emplace_back()).ok())
          << line;
    }
    return events;
  }

  v1::TrainingOutcome Outcome(const v1::TrainingTask& task) {
    const std::vector<v1::TrainingEvent> events = Send(Json(task));
    EXPECT_FALSE(events.empty());
    EXPECT_TRUE(events.back().has_outcome()) << events.back().ShortDebugString();
    EXPECT_EQ(events.back().task_id(), task.task_id());
    return events.back().outcome();
  }

  v1::TrainingFailure Failure(const v1::TrainingTask& task) {
    const std::vector<v1::TrainingEvent> events = Send(Json(task));
    EXPECT_TRUE(events.back().has_failure()) << events.back().ShortDebugString();
    return events.back().failure();
  }

  static std::string Text(const v1::TrainingFailure& failure) { return failure.message(); }

  SystemClock clock_;
  Trainer trainer_{EngineChoice::kNative, clock_};
  std::string folder_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_TASK_STREAM_FIXTURE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_TRAINING_EXECUTOR_H_
#define TESTS_SUPPORT_FAKE_TRAINING_EXECUTOR_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/task_runner.h"
#include "server/core/artifact_store.h"
#include "server/core/training_executor.h"

namespace tinyjoule {

// Holds submitted tasks until the test finishes them; counts submissions by id.
class FakeTrainingExecutor final : public TrainingExecutor {
 public:
  FakeTrainingExecutor(TaskRunner& runner, ArtifactStore& artifacts)
      : runner_(runner), artifacts_(artifacts) {}

  void SetListener(TrainingListener* listener) override { listener_ = listener; }
  void Submit(const v1::TrainingTask& task) override {
    ++submissions[task.task_id()];
    tasks.push_back(task);
  }
  void Cancel(const std::string& task_id) override {
    Remove(task_id);
    runner_.Post(
        [this, task_id] { listener_->OnDone(task_id, absl::CancelledError("cancelled"), ""); });
  }

  static constexpr double kTrainS = 7;

  v1::TrainingOutcome MakeOutcome(const std::string& task_id) {
    v1::TrainingOutcome outcome;
    Fill(*outcome.mutable_model(), absl::StrCat("model ", task_id));
    Fill(*outcome.mutable_test_inputs(), "inputs");
    Fill(*outcome.mutable_test_targets(), "targets");
    Fill(*outcome.mutable_predictions(), absl::StrCat("predictions ", task_id));
    return outcome;
  }
  void FinishFirst(const absl::Status& failure = absl::OkStatus()) {
    const std::string id = tasks.front().task_id();
    const bool trains = tasks.front().kind() == v1::TASK_KIND_BASE;
    Remove(id);
    listener_->OnStarted(id);
    if (failure.ok()) {
      v1::TrainingOutcome outcome = MakeOutcome(id);
      if (trains) outcome.set_train_s(kTrainS);
      listener_->OnDone(id, std::move(outcome), "");
    } else {
      listener_->OnDone(id, failure, "");
    }
  }
  void FinishAll() {
    while (!tasks.empty()) FinishFirst();
  }
  TrainingListener& listener() { return *listener_; }

  std::vector<v1::TrainingTask> tasks;
  std::map<std::string, int> submissions;

 private:
  void Remove(const std::string& task_id) {
    for (auto it = tasks.begin(); it != tasks.end(); ++it) {
      if (it->task_id() != task_id) continue;
      tasks.erase(it);
      return;
    }
  }
  void Fill(v1::ArtifactFile& file, const std::string& bytes) {
    file.set_file_name("file");
    file.set_sha256(*artifacts_.Put(bytes));
    file.set_size_bytes(bytes.size());
  }

  TaskRunner& runner_;
  ArtifactStore& artifacts_;
  TrainingListener* listener_ = nullptr;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAKE_TRAINING_EXECUTOR_H_

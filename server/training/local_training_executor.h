// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINING_LOCAL_TRAINING_EXECUTOR_H_
#define SERVER_TRAINING_LOCAL_TRAINING_EXECUTOR_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/child_process.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/task_runner.h"
#include "server/core/artifact_store.h"
#include "server/core/training_executor.h"
#include "server/training/trainer_worker.h"

namespace tinyjoule {

// Trains on this machine: at most `places` trainer processes, started when there is work, used for
// many tasks and let go when idle. A place that becomes free takes the oldest waiting task, or one
// of the next few that reads the same data set as its last one, which its trainer still holds; a
// task is overtaken so only a few times. Tasks work in WORK_DIR/<task id>, removed afterwards; the
// log of each is LOG_DIR/<task id>.log. Lives on the core sequence; its destruction kills every
// trainer and waits for its thread.
class LocalTrainingExecutor final : public TrainingExecutor {
 public:
  struct Options {
    // argv of a trainer.
    std::vector<std::string> command;
    uint32_t places = 1;
    std::string work_dir;
    std::string log_dir;
    int64_t idle_limit_ns = 30 * kNsPerSecond;
    int niceness = 10;
  };
  // Everything outlives the executor.
  struct Dependencies {
    TaskRunner& core_sequence;
    Clock& clock;
    FileSystem& files;
    ProcessLauncher& launcher;
    ArtifactStore& artifacts;
    // Makes the sequence of one place; a thread of its own, unless a test says otherwise.
    std::function<std::unique_ptr<TaskRunner>()> make_place_sequence;
  };

  // Empties WORK_DIR: what lies there was left by a process that died.
  static absl::StatusOr<std::unique_ptr<LocalTrainingExecutor>> Create(
      const Options& options, const Dependencies& dependencies);
  ~LocalTrainingExecutor() override;

  void SetListener(TrainingListener* listener) override { listener_ = listener; }
  void Submit(const v1::TrainingTask& task) override;
  void Cancel(const std::string& task_id) override;

 private:
  struct Job {
    v1::TrainingTask task;
    std::string dataset_key;
    uint32_t overtaken = 0;
  };
  struct Place {
    std::unique_ptr<TrainerWorker> worker;
    // Joined before the worker is destroyed.
    std::unique_ptr<TaskRunner> sequence;
    // The task that is on; empty: free.
    std::string task_id;
    std::string dataset_key;
    bool cancelled = false;
    // Rises with every task: an idle timer of an older one does nothing.
    uint64_t turn = 0;
  };
  struct Finished {
    absl::StatusOr<v1::TrainingOutcome> outcome;
    std::string log_path;
  };

  LocalTrainingExecutor(const Options& options, const Dependencies& dependencies);
  std::unique_ptr<Place> MakePlace();
  void Dispatch();
  Place* FreePlace();
  Job TakeJob(const Place& place);
  void Begin(Place& place, Job job);
  // On the place's sequence.
  Finished Work(TrainerWorker& worker, const v1::TrainingTask& task);
  absl::StatusOr<v1::TrainingOutcome> Train(TrainerWorker& worker, const v1::TrainingTask& task);
  std::string KeepLog(TrainerWorker& worker, const std::string& task_id,
                      const absl::Status& status);
  // Back on the core sequence.
  void End(Place& place, const Finished& finished);
  void LetGoWhenIdle(Place& place);
  // Posts to the core sequence; dropped when this object is gone by then.
  void PostToCore(std::function<void()> task);

  const Options options_;
  const Dependencies dependencies_;
  TrainingListener* listener_ = nullptr;
  std::deque<Job> queue_;
  std::vector<std::unique_ptr<Place>> places_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINING_LOCAL_TRAINING_EXECUTOR_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINING_TRAINER_WORKER_H_
#define SERVER_TRAINING_TRAINER_WORKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/base/child_process.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "server/training/training_wire.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// One trainer process, and the conversation with it: 1. Run starts a child when there is none, and
// gives it one task; 2. Run again, with the same child when it is well; 3. EndChild, or
// destruction, which kills it. Run and EndChild block and belong to one thread, which must live as
// long as the child (the child dies with it); Cancel comes from anywhere.
class TrainerWorker {
 public:
  struct Options {
    // The trainer program and its arguments.
    std::vector<std::string> command;
    std::vector<std::string> environment;
    int niceness = 0;
    // The child's standard error; emptied before each task.
    std::string stderr_path;
    // Progress of one phase is passed on at most once per interval.
    int64_t progress_interval_ns = kNsPerSecond / 4;
    // How long a child may take to leave after the end of its input.
    int64_t exit_grace_ns = 5 * kNsPerSecond;
  };
  using ProgressFunction = std::function<void(const v1::TrainingProgress& progress)>;

  // Everything outlives the worker.
  TrainerWorker(Options options, ProcessLauncher& launcher, FileSystem& files, Clock& clock);
  TrainerWorker(const TrainerWorker&) = delete;
  TrainerWorker& operator=(const TrainerWorker&) = delete;

  // Trains; `on_progress` is called from inside. What the trainer reports, an error of its own
  // included (its code and message); Aborted, with the end of its log, when it died; Cancelled
  // after Cancel; Internal when it spoke no sense. After the last three the child is gone.
  absl::StatusOr<v1::TrainingOutcome> Run(const v1::TrainingTask& task,
                                          const ProgressFunction& on_progress);
  // The child's standard error since the last Run began, the last MiB of it.
  std::string ReadLog();
  // Lets the child go; nothing when there is none.
  void EndChild();
  // Ends the Run of this task: the one that is on or, when it has not begun, the coming one.
  void Cancel(const std::string& task_id);
  // Once that Run is over, so that the task may come again.
  void ForgetCancel();

 private:
  [[nodiscard]] absl::Status StartChild();
  absl::StatusOr<v1::TrainingOutcome> Converse(const v1::TrainingTask& task,
                                               const ProgressFunction& on_progress);
  absl::StatusOr<std::string> ReadFromChild();
  absl::Status DescribeDeath();
  void DropChild();
  bool ChildIsWell();
  bool IsCancelled(const std::string& task_id);
  bool MayReport(const v1::TrainingProgress& progress);

  const Options options_;
  ProcessLauncher& launcher_;
  FileSystem& files_;
  Clock& clock_;
  std::unique_ptr<LineReader> lines_;
  v1::TrainingPhase reported_phase_ = v1::TRAINING_PHASE_UNSPECIFIED;
  int64_t next_report_ns_ = 0;

  absl::Mutex mutex_;
  // Replaced under the lock, by the worker's thread alone.
  std::unique_ptr<ChildProcess> child_;
  std::string cancelled_task_ ABSL_GUARDED_BY(mutex_);
  // The child was killed, and may not have died yet.
  bool killed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINING_TRAINER_WORKER_H_

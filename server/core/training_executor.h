// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_TRAINING_EXECUTOR_H_
#define SERVER_CORE_TRAINING_EXECUTOR_H_

#include <string>

#include "absl/status/statusor.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Hears about tasks. Called on the core sequence, never from inside Submit or Cancel.
class TrainingListener {
 public:
  virtual ~TrainingListener() = default;
  // A trainer took the task.
  virtual void OnStarted(const std::string& task_id) = 0;
  virtual void OnProgress(const std::string& task_id, const v1::TrainingProgress& progress) = 0;
  // Exactly once for every submitted task, a cancelled one too (Cancelled). On success all files
  // of the outcome are in the artifact store and their hashes and sizes filled. `log_path`: the
  // trainer's log, kept; may be empty. Codes: InvalidArgument (the task's data or model cannot be
  // used: trying again does not help), Aborted (the trainer died), others as they come.
  virtual void OnDone(const std::string& task_id, absl::StatusOr<v1::TrainingOutcome> outcome,
                      const std::string& log_path) = 0;
};

// Runs training tasks somewhere: child processes here, later a cluster. Used on the core sequence.
// It keeps a queue of its own: tasks are started in the order of submission, as many at a time as
// it has places.
class TrainingExecutor {
 public:
  virtual ~TrainingExecutor() = default;
  // Once, before the first Submit; the listener outlives the executor's last call.
  virtual void SetListener(TrainingListener* listener) = 0;
  // Every input has its local_path and a COMPRESS task its checkpoint_path; the executor makes
  // output_dir. An id is submitted once at a time.
  virtual void Submit(const v1::TrainingTask& task) = 0;
  // Ends the task, started or not; nothing when it is unknown. OnDone(Cancelled) follows.
  virtual void Cancel(const std::string& task_id) = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_TRAINING_EXECUTOR_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_TASK_STREAM_H_
#define SERVER_TRAINER_TASK_STREAM_H_

#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "server/trainer/trainer.h"

namespace tinyjoule {

// The trainer as a child process: each line of `tasks` is a TrainingTask in protobuf's JSON; each
// line of `events` a TrainingEvent. A task's last event is its outcome or its failure. Returns at
// the end of `tasks`; a line that is not a task gives a failure with an empty task id.
void RunTaskStream(Trainer& trainer, std::istream& tasks, std::ostream& events);

// One task, given as JSON. The status of the failure that was written as an event, if any.
absl::Status RunTask(Trainer& trainer, const std::string& task_json, std::ostream& events);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_TASK_STREAM_H_

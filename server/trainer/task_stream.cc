// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/task_stream.h"

#include <google/protobuf/util/json_util.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <new>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

void WriteEvent(const v1::TrainingEvent& event, std::ostream& events) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(event, &json);
  if (!status.ok()) {
    spdlog::error("an event cannot be written as JSON: {}", status.ToString());
    return;
  }
  events << json << '\n' << std::flush;
}

absl::StatusOr<v1::TrainingTask> ParseTask(const std::string& json) {
  v1::TrainingTask task;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &task);
  if (status.ok()) return task;
  return absl::InvalidArgumentError(
      absl::StrCat("not a TrainingTask in JSON: ", status.ToString()));
}

// Memory is the one thing whose lack shows as an exception anywhere; it costs the task only.
absl::StatusOr<v1::TrainingOutcome> RunGuarded(Trainer& trainer, const v1::TrainingTask& task,
                                               const ProgressCallback& progress) {
  try {
    return trainer.Run(task, progress);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("unexpected exception: ", error.what()));
  }
}

}  // namespace

absl::Status RunTask(Trainer& trainer, const std::string& task_json, std::ostream& events) {
  const absl::StatusOr<v1::TrainingTask> task = ParseTask(task_json);
  v1::TrainingEvent event;
  absl::Status status = task.status();
  if (task.ok()) {
    event.set_task_id(task->task_id());
    const ProgressCallback progress = [&](const v1::TrainingProgress& update) {
      *event.mutable_progress() = update;
      WriteEvent(event, events);
    };
    absl::StatusOr<v1::TrainingOutcome> outcome = RunGuarded(trainer, *task, progress);
    status = outcome.status();
    if (outcome.ok()) *event.mutable_outcome() = *std::move(outcome);
  }
  if (!status.ok()) {
    spdlog::warn("task {} failed: {}", event.task_id(), status.ToString());
    event.mutable_failure()->set_code(static_cast<int32_t>(status.code()));
    event.mutable_failure()->set_message(std::string(status.message()));
  }
  WriteEvent(event, events);
  return status;
}

void RunTaskStream(Trainer& trainer, std::istream& tasks, std::ostream& events) {
  std::string line;
  while (std::getline(tasks, line)) {
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    // Already told as an event.
    RunTask(trainer, line, events).IgnoreError();
  }
}

}  // namespace tinyjoule

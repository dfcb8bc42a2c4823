// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/training/local_training_executor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "common/base/status.h"
#include "server/training/task_outputs.h"

namespace tinyjoule {
namespace {

constexpr size_t kAffinityWindow = 64;
constexpr uint32_t kMaxOvertakes = 8;

// Tasks of one key find their rows in a trainer that has read them already.
std::string DatasetKey(const v1::TrainingTask& task) {
  std::string key = task.trial().dataset().SerializeAsString();
  for (const v1::InputFile& input : task.inputs()) absl::StrAppend(&key, "|", input.sha256());
  return Sha256Hex(key);
}

// One thread per trainer: the machine's cores are shared by processes, not inside one.
std::vector<std::string> TrainerEnvironment() {
  return {"OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"};
}

}  // namespace

absl::StatusOr<std::unique_ptr<LocalTrainingExecutor>> LocalTrainingExecutor::Create(
    const Options& options, const Dependencies& dependencies) {
  if (options.places == 0) return absl::InvalidArgumentError("at least one trainer is needed");
  TJ_RETURN_IF_ERROR(dependencies.files.RemoveTree(options.work_dir));
  TJ_RETURN_IF_ERROR(dependencies.files.CreateFolder(options.work_dir));
  TJ_RETURN_IF_ERROR(dependencies.files.CreateFolder(options.log_dir));
  std::unique_ptr<LocalTrainingExecutor> executor(new LocalTrainingExecutor(options, dependencies));
  return executor;
}

LocalTrainingExecutor::LocalTrainingExecutor(const Options& options,
                                             const Dependencies& dependencies)
    : options_(options), dependencies_(dependencies) {}

LocalTrainingExecutor::~LocalTrainingExecutor() {
  for (auto& place : places_) place->worker->Cancel(place->task_id);
  for (auto& place : places_) place->sequence.reset();
}

void LocalTrainingExecutor::Submit(const v1::TrainingTask& task) {
  queue_.push_back({task, DatasetKey(task), 0});
  // Not from inside: the listener hears of the start later, and a burst is sorted as a whole.
  PostToCore([this] { Dispatch(); });
}

void LocalTrainingExecutor::Cancel(const std::string& task_id) {
  for (auto& place : places_) {
    if (place->task_id != task_id) continue;
    place->cancelled = true;
    place->worker->Cancel(task_id);
    return;
  }
  const auto job = std::find_if(queue_.begin(), queue_.end(), [&](const Job& candidate) {
    return candidate.task.task_id() == task_id;
  });
  if (job == queue_.end()) return;
  queue_.erase(job);
  PostToCore([this, task_id] {
    listener_->OnDone(task_id, absl::CancelledError("cancelled before it was started"), "");
  });
}

void LocalTrainingExecutor::Dispatch() {
  while (!queue_.empty()) {
    Place* const place = FreePlace();
    if (place == nullptr) return;
    Begin(*place, TakeJob(*place));
  }
}

LocalTrainingExecutor::Place* LocalTrainingExecutor::FreePlace() {
  const std::string& wanted = queue_.front().dataset_key;
  Place* free = nullptr;
  for (auto& place : places_) {
    if (!place->task_id.empty()) continue;
    if (place->dataset_key == wanted) return place.get();
    if (free == nullptr) free = place.get();
  }
  if (free != nullptr || places_.size() >= options_.places) return free;
  places_.push_back(MakePlace());
  return places_.back().get();
}

std::unique_ptr<LocalTrainingExecutor::Place> LocalTrainingExecutor::MakePlace() {
  TrainerWorker::Options worker;
  worker.command = options_.command;
  worker.environment = TrainerEnvironment();
  worker.niceness = options_.niceness;
  worker.stderr_path =
      JoinPath(options_.log_dir, absl::StrCat("trainer-", places_.size() + 1, ".log"));
  auto place = std::make_unique<Place>();
  place->worker = std::make_unique<TrainerWorker>(worker, dependencies_.launcher,
                                                  dependencies_.files, dependencies_.clock);
  place->sequence = dependencies_.make_place_sequence
                        ? dependencies_.make_place_sequence()
                        : std::make_unique<ThreadTaskRunner>("trainer");
  return place;
}

LocalTrainingExecutor::Job LocalTrainingExecutor::TakeJob(const Place& place) {
  auto chosen = queue_.begin();
  if (chosen->overtaken < kMaxOvertakes) {
    const auto end = queue_.begin() + std::min(queue_.size(), kAffinityWindow);
    const auto fitting = std::find_if(
        queue_.begin(), end, [&](const Job& job) { return job.dataset_key == place.dataset_key; });
    if (fitting != end) chosen = fitting;
  }
  if (chosen != queue_.begin()) ++queue_.front().overtaken;
  Job job = std::move(*chosen);
  queue_.erase(chosen);
  return job;
}

void LocalTrainingExecutor::Begin(Place& place, Job job) {
  place.task_id = job.task.task_id();
  place.dataset_key = job.dataset_key;
  place.cancelled = false;
  ++place.turn;
  listener_->OnStarted(place.task_id);
  place.sequence->Post([this, &place, task = std::move(job.task)] {
    Finished finished = Work(*place.worker, task);
    PostToCore([this, &place, finished = std::move(finished)] { End(place, finished); });
  });
}

LocalTrainingExecutor::Finished LocalTrainingExecutor::Work(TrainerWorker& worker,
                                                            const v1::TrainingTask& task) {
  v1::TrainingTask placed = task;
  placed.set_output_dir(JoinPath(options_.work_dir, task.task_id()));
  Finished finished;
  finished.outcome = Train(worker, placed);
  finished.log_path = KeepLog(worker, task.task_id(), finished.outcome.status());
  const absl::Status removed = dependencies_.files.RemoveTree(placed.output_dir());
  if (finished.outcome.ok() && !removed.ok()) {
    finished.outcome = Annotate(removed, "cannot clean up after the trainer");
  }
  return finished;
}

absl::StatusOr<v1::TrainingOutcome> LocalTrainingExecutor::Train(TrainerWorker& worker,
                                                                 const v1::TrainingTask& task) {
  TJ_RETURN_IF_ERROR(dependencies_.files.RemoveTree(task.output_dir()));
  TJ_RETURN_IF_ERROR(dependencies_.files.CreateFolder(task.output_dir()));
  const auto on_progress = [this, id = task.task_id()](const v1::TrainingProgress& progress) {
    PostToCore([this, id, progress] { listener_->OnProgress(id, progress); });
  };
  TJ_ASSIGN_OR_RETURN(v1::TrainingOutcome outcome, worker.Run(task, on_progress));
  TJ_RETURN_IF_ERROR(StoreTaskOutputs(task.output_dir(), dependencies_.artifacts, &outcome));
  return outcome;
}

std::string LocalTrainingExecutor::KeepLog(TrainerWorker& worker, const std::string& task_id,
                                           const absl::Status& status) {
  std::string log = worker.ReadLog();
  if (!status.ok()) {
    if (!log.empty() && log.back() != '\n') log.push_back('\n');
    absl::StrAppend(&log, "tinyjoule: ", status.ToString(), "\n");
  }
  if (log.empty()) return "";
  const std::string path = JoinPath(options_.log_dir, absl::StrCat(task_id, ".log"));
  return dependencies_.files.WriteFileAtomically(path, log).ok() ? path : "";
}

void LocalTrainingExecutor::End(Place& place, const Finished& finished) {
  const std::string task_id = std::exchange(place.task_id, "");
  place.worker->ForgetCancel();
  if (place.cancelled) {
    listener_->OnDone(task_id, absl::CancelledError("cancelled"), finished.log_path);
  } else {
    listener_->OnDone(task_id, finished.outcome, finished.log_path);
  }
  Dispatch();
  if (place.task_id.empty()) LetGoWhenIdle(place);
}

void LocalTrainingExecutor::LetGoWhenIdle(Place& place) {
  dependencies_.core_sequence.PostDelayed(
      options_.idle_limit_ns, [&place, turn = place.turn, alive = std::weak_ptr<bool>(alive_)] {
        if (alive.expired() || place.turn != turn) return;
        place.dataset_key.clear();
        place.sequence->Post([worker = place.worker.get()] { worker->EndChild(); });
      });
}

void LocalTrainingExecutor::PostToCore(std::function<void()> task) {
  dependencies_.core_sequence.Post([task = std::move(task), alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) task();
  });
}

}  // namespace tinyjoule

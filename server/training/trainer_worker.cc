// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/training/trainer_worker.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
constexpr uint64_t kKeptLogBytes = 1 << 20;
constexpr size_t kQuotedLogLines = 5;
constexpr size_t kQuotedLogBytes = 1000;
// A killed child whose own children hold its output gives no end of file: look after it.
constexpr int64_t kLookAfterChildNs = kNsPerSecond;

std::string LastLines(absl::string_view log) {
  log = absl::StripTrailingAsciiWhitespace(log);
  if (log.size() > kQuotedLogBytes) log.remove_prefix(log.size() - kQuotedLogBytes);
  std::vector<absl::string_view> lines = absl::StrSplit(log, '\n');
  if (lines.size() > kQuotedLogLines) lines.erase(lines.begin(), lines.end() - kQuotedLogLines);
  return absl::StrJoin(lines, "\n");
}

absl::Status FromFailure(const v1::TrainingFailure& failure) {
  const bool canonical = failure.code() > 0 && failure.code() <= 16;
  return absl::Status(
      canonical ? static_cast<absl::StatusCode>(failure.code()) : absl::StatusCode::kUnknown,
      failure.message());
}

}  // namespace

TrainerWorker::TrainerWorker(Options options, ProcessLauncher& launcher, FileSystem& files,
                             Clock& clock)
    : options_(std::move(options)), launcher_(launcher), files_(files), clock_(clock) {}

absl::StatusOr<v1::TrainingOutcome> TrainerWorker::Run(const v1::TrainingTask& task,
                                                       const ProgressFunction& on_progress) {
  if (files_.Exists(options_.stderr_path)) {
    TJ_RETURN_IF_ERROR(files_.Truncate(options_.stderr_path, 0));
  }
  absl::StatusOr<v1::TrainingOutcome> outcome = Converse(task, on_progress);
  if (!IsCancelled(task.task_id())) return outcome;
  DropChild();
  return absl::CancelledError("cancelled");
}

absl::StatusOr<v1::TrainingOutcome> TrainerWorker::Converse(const v1::TrainingTask& task,
                                                            const ProgressFunction& on_progress) {
  TJ_ASSIGN_OR_RETURN(const std::string task_line, EncodeTaskLine(task));
  TJ_RETURN_IF_ERROR(StartChild());
  // Only from here on is there a child that Cancel could have killed.
  if (IsCancelled(task.task_id())) return absl::CancelledError("cancelled");
  reported_phase_ = v1::TRAINING_PHASE_UNSPECIFIED;
  if (!child_->Write(task_line).ok()) return DescribeDeath();
  for (;;) {
    const absl::StatusOr<std::string> line = lines_->Next();
    if (absl::IsOutOfRange(line.status())) return DescribeDeath();
    if (!line.ok()) {
      DropChild();
      return line.status();
    }
    absl::StatusOr<v1::TrainingEvent> event = DecodeEventLine(*line, task.task_id());
    if (!event.ok()) {
      DropChild();
      return event.status();
    }
    if (event->has_outcome()) return std::move(*event->mutable_outcome());
    if (event->has_failure()) return FromFailure(event->failure());
    if (MayReport(event->progress())) on_progress(event->progress());
  }
}

absl::Status TrainerWorker::StartChild() {
  if (ChildIsWell()) return absl::OkStatus();
  DropChild();
  ProcessOptions process;
  process.arguments = options_.command;
  process.environment = options_.environment;
  process.stderr_path = options_.stderr_path;
  process.niceness = options_.niceness;
  TJ_ASSIGN_OR_RETURN(std::unique_ptr<ChildProcess> child, launcher_.Launch(process));
  lines_ = std::make_unique<LineReader>([this] { return ReadFromChild(); });
  absl::MutexLock lock(&mutex_);
  child_ = std::move(child);
  killed_ = false;
  return absl::OkStatus();
}

absl::StatusOr<std::string> TrainerWorker::ReadFromChild() {
  for (;;) {
    absl::StatusOr<std::string> bytes = child_->Read(kReadBytes, kLookAfterChildNs);
    if (!absl::IsDeadlineExceeded(bytes.status())) return bytes;
    if (child_->Poll()) return std::string();
  }
}

absl::Status TrainerWorker::DescribeDeath() {
  child_->CloseInput();
  child_->Kill(SIGKILL);  // It closed its output: whatever it still does is of no use.
  const ExitState state = child_->Wait();
  DropChild();
  const std::string log = LastLines(ReadLog());
  return absl::AbortedError(
      absl::StrCat("the trainer ", state.Describe(), " before it had finished",
                   log.empty() ? "; its log is empty" : "; its log ends with:\n", log));
}

void TrainerWorker::DropChild() {
  std::unique_ptr<ChildProcess> ended;  // Killed and reaped outside of the lock.
  absl::MutexLock lock(&mutex_);
  ended = std::move(child_);
}

std::string TrainerWorker::ReadLog() {
  const absl::StatusOr<uint64_t> size = files_.FileSize(options_.stderr_path);
  if (!size.ok()) return "";
  const uint64_t first = *size > kKeptLogBytes ? *size - kKeptLogBytes : 0;
  return files_.ReadRange(options_.stderr_path, first, kKeptLogBytes).value_or("");
}

void TrainerWorker::EndChild() {
  if (child_ == nullptr) return;
  child_->CloseInput();
  const int64_t deadline_ns = clock_.MonotonicNs() + options_.exit_grace_ns;
  absl::StatusOr<std::string> bytes;
  do {
    bytes = child_->Read(kReadBytes, std::max<int64_t>(0, deadline_ns - clock_.MonotonicNs()));
  } while (bytes.ok() && !bytes->empty());
  DropChild();
}

void TrainerWorker::Cancel(const std::string& task_id) {
  absl::MutexLock lock(&mutex_);
  cancelled_task_ = task_id;
  if (child_ == nullptr) return;
  child_->Kill(SIGKILL);
  killed_ = true;
}

void TrainerWorker::ForgetCancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_task_.clear();
}

bool TrainerWorker::ChildIsWell() {
  absl::MutexLock lock(&mutex_);
  return child_ != nullptr && !killed_ && !child_->Poll();
}

bool TrainerWorker::IsCancelled(const std::string& task_id) {
  absl::MutexLock lock(&mutex_);
  return cancelled_task_ == task_id;
}

bool TrainerWorker::MayReport(const v1::TrainingProgress& progress) {
  const int64_t now_ns = clock_.MonotonicNs();
  const bool last_epoch = progress.epochs() > 0 && progress.epoch() == progress.epochs();
  if (progress.phase() == reported_phase_ && !last_epoch && now_ns < next_report_ns_) return false;
  reported_phase_ = progress.phase();
  next_report_ns_ = now_ns + options_.progress_interval_ns;
  return true;
}

}  // namespace tinyjoule

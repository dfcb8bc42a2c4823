// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "client/words.h"

namespace tinyjoule {
namespace {

constexpr int kBarWidth = 30;
constexpr size_t kMaxActiveLines = 8;
constexpr char kClearLine[] = "\r\x1b[2K";

bool IsTerminal(v1::TaskState state) {
  return state == v1::TASK_STATE_SUCCEEDED || state == v1::TASK_STATE_FAILED ||
         state == v1::TASK_STATE_CANCELLED;
}

bool IsActive(v1::RunState state) {
  return state == v1::RUN_STATE_OFFERED || state == v1::RUN_STATE_RUNNING;
}

std::string TaskText(const v1::TaskUpdate& task) {
  const v1::TrainingProgress& progress = task.progress();
  std::string text = absl::StrCat(task.label(), ": ", Word(progress.phase()));
  if (progress.epochs() > 0) {
    absl::StrAppendFormat(&text, " %d/%d, loss %.4g", progress.epoch(), progress.epochs(),
                          progress.train_loss());
  }
  if (!progress.message().empty()) absl::StrAppend(&text, " ", progress.message());
  return text;
}

std::string RunText(const v1::RunUpdate& run) {
  std::string text = absl::StrCat(run.agent(), ": ", run.label());
  if (!run.phase().empty()) absl::StrAppend(&text, ", ", run.phase());
  if (run.phase() == "window" && run.window_count() > 0) {
    absl::StrAppend(&text, " ", run.window() + 1, "/", run.window_count());
  }
  return text;
}

}  // namespace

ElapsedSeconds::ElapsedSeconds(Console& console) : console_(console) {
  if (!console_.err_is_terminal) return;
  thread_ = std::thread([this] {
    int seconds = 0;
    do {
      console_.err << kClearLine << seconds++ << " s" << std::flush;
    } while (!over_.WaitForNotificationWithTimeout(absl::Seconds(1)));
  });
}

ElapsedSeconds::~ElapsedSeconds() {
  if (!thread_.joinable()) return;
  over_.Notify();
  thread_.join();
  console_.err << kClearLine << std::flush;
}

std::string Bar(uint64_t done, uint64_t total, int width) {
  const auto cells = static_cast<size_t>(width);
  const size_t filled = total == 0 ? 0 : std::min<size_t>(cells, done * cells / total);
  return absl::StrCat("[", std::string(filled, '#'), std::string(cells - filled, '.'), "]");
}

SweepProgress::~SweepProgress() {
  active_tasks_.clear();
  active_runs_.clear();
  if (drawn_lines_ > 0) Draw();
}

void SweepProgress::Show(const v1::WatchSweepResponse& event) {
  if (event.has_counts()) counts_ = event.counts();
  if (event.state() != v1::SWEEP_STATE_UNSPECIFIED) state_ = event.state();
  if (event.has_task()) OnTask(event.task());
  if (event.has_run()) OnRun(event.run());
  if (event.event_case() == v1::WatchSweepResponse::kNotice) Say(event.notice());
  if (console_.err_is_terminal) Draw();
}

void SweepProgress::OnTask(const v1::TaskUpdate& task) {
  if (task.state() == v1::TASK_STATE_FAILED) {
    Say(Painted(console_, Colour::kRed,
                absl::StrCat("training failed: ", task.label(), ": ", task.reason())));
  } else if (!console_.err_is_terminal && IsTerminal(task.state())) {
    Say(absl::StrCat("training ", Word(task.state()), ": ", task.label(), " (",
                     counts_.tasks_done(), "/", counts_.tasks(), ")"));
  }
  if (task.state() == v1::TASK_STATE_RUNNING) {
    active_tasks_[task.task_id()] = TaskText(task);
  } else {
    active_tasks_.erase(task.task_id());
  }
}

void SweepProgress::OnRun(const v1::RunUpdate& run) {
  if (IsActive(run.state())) {
    active_runs_[run.run_id()] = RunText(run);
    return;
  }
  active_runs_.erase(run.run_id());
  const std::string what = absl::StrCat("run ", ShortId(run.run_id()), " ", Word(run.state()), ": ",
                                        run.label(), " on ", run.agent());
  if (run.state() == v1::RUN_STATE_FAILED || run.state() == v1::RUN_STATE_LOST ||
      run.state() == v1::RUN_STATE_INVALID) {
    Say(Painted(console_, Colour::kRed, absl::StrCat(what, ": ", run.reason())));
  } else if (!console_.err_is_terminal && run.state() == v1::RUN_STATE_SUCCEEDED) {
    Say(absl::StrCat(what, " (", counts_.runs_succeeded(), "/", counts_.runs(), ")"));
  }
}

void SweepProgress::Say(const std::string& line) {
  if (console_.err_is_terminal) return Draw(line);
  console_.err << line << "\n" << std::flush;
}

std::vector<std::string> SweepProgress::Lines() const {
  const uint64_t runs_done = counts_.runs_succeeded() + counts_.runs_failed() +
                             counts_.runs_invalid() + counts_.runs_cancelled();
  std::vector<std::string> lines = {
      absl::StrFormat(
          "training %s %d/%d%s", Bar(counts_.tasks_done(), counts_.tasks(), kBarWidth),
          counts_.tasks_done(), counts_.tasks(),
          counts_.tasks_failed() > 0 ? absl::StrCat(", ", counts_.tasks_failed(), " failed") : ""),
      absl::StrFormat(
          "runs     %s %d/%d%s", Bar(runs_done, counts_.runs(), kBarWidth), runs_done,
          counts_.runs(),
          counts_.runs_failed() > 0 ? absl::StrCat(", ", counts_.runs_failed(), " failed") : "")};
  for (const auto* active : {&active_tasks_, &active_runs_}) {
    for (const auto& [id, text] : *active) {
      if (lines.size() < kMaxActiveLines) lines.push_back("  " + text);
    }
  }
  return lines;
}

void SweepProgress::Draw(const std::string& said) {
  // One write, each line over the old one: a terminal shows no half of it, and nothing flickers.
  std::string frame = "\r";
  if (drawn_lines_ > 0) absl::StrAppend(&frame, "\x1b[", drawn_lines_, "A");
  if (!said.empty()) absl::StrAppend(&frame, "\x1b[J", said, "\n");
  const std::vector<std::string> lines = Lines();
  for (const std::string& line : lines) {
    absl::StrAppend(&frame, CutToWidth(line, console_.width - 1), "\x1b[K\n");
  }
  drawn_lines_ = lines.size();
  console_.err << absl::StrCat(frame, "\x1b[J") << std::flush;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_PROGRESS_H_
#define CLIENT_PROGRESS_H_

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "client/console.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// Shows a watched sweep on standard error: on a terminal two bars (training, runs) and a line for
// each thing that is on, redrawn in place; otherwise one line for each change of state. One thread.
class SweepProgress {
 public:
  explicit SweepProgress(Console& console) : console_(console) {}
  ~SweepProgress();
  SweepProgress(const SweepProgress&) = delete;
  SweepProgress& operator=(const SweepProgress&) = delete;

  void Show(const v1::WatchSweepResponse& event);
  // A line that stays.
  void Say(const std::string& line);

  const v1::SweepCounts& counts() const { return counts_; }
  v1::SweepState state() const { return state_; }

 private:
  void OnTask(const v1::TaskUpdate& task);
  void OnRun(const v1::RunUpdate& run);
  std::vector<std::string> Lines() const;
  // Over what was drawn before; `said` stays above it.
  void Draw(const std::string& said = "");

  Console& console_;
  v1::SweepCounts counts_;
  v1::SweepState state_ = v1::SWEEP_STATE_UNSPECIFIED;
  // What is on, by id.
  std::map<std::string, std::string> active_tasks_;
  std::map<std::string, std::string> active_runs_;
  size_t drawn_lines_ = 0;
};

// While it lives, seconds that count up on a terminal: for a call that answers once, late. Nobody
// else writes on the console meanwhile.
class ElapsedSeconds {
 public:
  explicit ElapsedSeconds(Console& console);
  ~ElapsedSeconds();
  ElapsedSeconds(const ElapsedSeconds&) = delete;
  ElapsedSeconds& operator=(const ElapsedSeconds&) = delete;

 private:
  Console& console_;
  absl::Notification over_;
  std::thread thread_;
};

// "[#####.....]", `width` characters between the brackets, filled by done/total.
std::string Bar(uint64_t done, uint64_t total, int width);

}  // namespace tinyjoule

#endif  // CLIENT_PROGRESS_H_

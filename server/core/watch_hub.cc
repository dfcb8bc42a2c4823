// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/watch_hub.h"

#include <deque>
#include <map>
#include <utility>

#include "common/base/status.h"
#include "server/core/timestamps.h"

namespace tinyjoule {
namespace {

// Events that a watcher reads ahead, and tasks and runs whose progress it holds.
constexpr uint32_t kEventsPerPage = 64;
constexpr size_t kMaxProgress = 256;

}  // namespace

// What hub and watchers share; the hub's end empties `reader`.
struct WatchHub::Shared {
  TaskRunner* runner;
  RunReader* reader;
  std::multimap<std::string, Watcher*> watchers;
};

class WatchHub::Watcher final : public SweepSubscription {
 public:
  Watcher(std::shared_ptr<Shared> shared, std::string sweep_id, uint64_t after,
          std::function<void()> on_ready)
      : shared_(std::move(shared)),
        sweep_id_(std::move(sweep_id)),
        after_(after),
        on_ready_(std::make_shared<std::function<void()>>(std::move(on_ready))) {
    shared_->watchers.emplace(sweep_id_, this);
  }
  ~Watcher() override {
    auto [first, last] = shared_->watchers.equal_range(sweep_id_);
    for (auto it = first; it != last; ++it) {
      if (it->second != this) continue;
      shared_->watchers.erase(it);
      break;
    }
  }

  absl::StatusOr<std::optional<v1::WatchSweepResponse>> Next() override {
    if (shared_->reader == nullptr) return absl::CancelledError("the coordinator has ended");
    if (ended_) return absl::OutOfRangeError("the sweep has ended");
    if (page_.empty()) TJ_RETURN_IF_ERROR(ReadPage());
    if (!page_.empty()) return TakeEvent();
    if (!progress_.empty()) return TakeProgress();
    TJ_ASSIGN_OR_RETURN(const SweepRecord sweep, shared_->reader->GetSweep(sweep_id_));
    if (IsTerminal(sweep.state)) return absl::OutOfRangeError("the sweep has ended");
    waiting_ = true;
    return std::optional<v1::WatchSweepResponse>();
  }

  void AddProgress(const std::string& key, const v1::WatchSweepResponse& message) {
    if (progress_.size() >= kMaxProgress && progress_.count(key) == 0) return;
    progress_[key] = message;
    WakeUp();
  }

  void WakeUp() {
    if (!waiting_) return;
    waiting_ = false;
    // The subscription may be gone before the task runs.
    shared_->runner->Post([weak = std::weak_ptr<std::function<void()>>(on_ready_)] {
      if (const auto on_ready = weak.lock()) (*on_ready)();
    });
  }

 private:
  absl::Status ReadPage() {
    TJ_ASSIGN_OR_RETURN(auto events,
                        shared_->reader->ListEvents(sweep_id_, after_, kEventsPerPage));
    for (EventRecord& event : events) page_.push_back(std::move(event));
    return absl::OkStatus();
  }

  std::optional<v1::WatchSweepResponse> TakeEvent() {
    EventRecord record = std::move(page_.front());
    page_.pop_front();
    after_ = record.sequence;
    ended_ = IsTerminal(record.event.state()) && page_.empty() && IsLast();
    record.event.set_sequence(record.sequence);
    return std::move(record.event);
  }

  // A sweep that was retried goes on after its first end.
  bool IsLast() {
    const auto more = shared_->reader->ListEvents(sweep_id_, after_, 1);
    return more.ok() && more->empty();
  }

  std::optional<v1::WatchSweepResponse> TakeProgress() {
    v1::WatchSweepResponse message = std::move(progress_.begin()->second);
    progress_.erase(progress_.begin());
    message.set_sequence(after_);
    return message;
  }

  const std::shared_ptr<Shared> shared_;
  const std::string sweep_id_;
  uint64_t after_;
  const std::shared_ptr<std::function<void()>> on_ready_;
  std::deque<EventRecord> page_;
  std::map<std::string, v1::WatchSweepResponse> progress_;
  bool waiting_ = false;
  bool ended_ = false;
};

WatchHub::WatchHub(TaskRunner& runner, Ledger& ledger, Clock& clock)
    : ledger_(ledger),
      clock_(clock),
      shared_(std::make_shared<Shared>(Shared{&runner, &ledger.store().reads(), {}})) {}

WatchHub::~WatchHub() {
  shared_->reader = nullptr;
  for (auto& [id, watcher] : shared_->watchers) watcher->WakeUp();
}

std::unique_ptr<SweepSubscription> WatchHub::Watch(const std::string& sweep_id,
                                                   uint64_t after_sequence,
                                                   std::function<void()> on_ready) {
  return std::make_unique<Watcher>(shared_, sweep_id, after_sequence, std::move(on_ready));
}

void WatchHub::OnSweepChanged(const std::string& sweep_id) {
  auto [first, last] = shared_->watchers.equal_range(sweep_id);
  for (auto it = first; it != last; ++it) it->second->WakeUp();
}

void WatchHub::OnTaskProgress(const TaskEntry& task, const v1::TrainingProgress& progress) {
  for (const std::string& sweep_id : task.sweeps) {
    if (shared_->watchers.count(sweep_id) == 0) continue;
    v1::WatchSweepResponse message = MakeProgress(sweep_id);
    v1::TaskUpdate& update = *message.mutable_task();
    update.set_task_id(task.task_id);
    update.set_label(task.label);
    update.set_state(task.state);
    *update.mutable_progress() = progress;
    Publish(sweep_id, task.task_id, message);
  }
}

void WatchHub::OnRunProgress(const RunEntry& run, const v1::RunUpdate& update) {
  if (shared_->watchers.count(run.sweep_id) == 0) return;
  v1::WatchSweepResponse message = MakeProgress(run.sweep_id);
  *message.mutable_run() = update;
  Publish(run.sweep_id, run.run_id, message);
}

v1::WatchSweepResponse WatchHub::MakeProgress(const std::string& sweep_id) const {
  v1::WatchSweepResponse message;
  *message.mutable_time() = ToTimestamp(clock_.UtcNs());
  if (const SweepEntry* sweep = ledger_.FindSweep(sweep_id)) {
    *message.mutable_counts() = ledger_.Count(*sweep);
    message.set_state(sweep->record.state);
  }
  return message;
}

void WatchHub::Publish(const std::string& sweep_id, const std::string& key,
                       const v1::WatchSweepResponse& message) {
  auto [first, last] = shared_->watchers.equal_range(sweep_id);
  for (auto it = first; it != last; ++it) it->second->AddProgress(key, message);
}

}  // namespace tinyjoule

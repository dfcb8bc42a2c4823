// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_WATCH_HUB_H_
#define SERVER_CORE_WATCH_HUB_H_

#include <functional>
#include <memory>
#include <string>

#include "common/base/task_runner.h"
#include "server/core/ledger_change.h"
#include "server/core/subscription.h"

namespace tinyjoule {

// Brings the events of sweeps to whoever watches. Durable events are read from the store by each
// watcher's own sequence; live progress is coalesced, one newest message for each task and run.
// Core sequence; subscriptions may outlive it.
class WatchHub final : public LedgerObserver {
 public:
  WatchHub(TaskRunner& runner, Ledger& ledger, Clock& clock);
  ~WatchHub() override;

  // The sweep is known to exist.
  std::unique_ptr<SweepSubscription> Watch(const std::string& sweep_id, uint64_t after_sequence,
                                           std::function<void()> on_ready);
  void OnSweepChanged(const std::string& sweep_id) override;
  void OnTaskProgress(const TaskEntry& task, const v1::TrainingProgress& progress);
  void OnRunProgress(const RunEntry& run, const v1::RunUpdate& update);

 private:
  class Watcher;
  struct Shared;
  v1::WatchSweepResponse MakeProgress(const std::string& sweep_id) const;
  void Publish(const std::string& sweep_id, const std::string& key,
               const v1::WatchSweepResponse& message);

  Ledger& ledger_;
  Clock& clock_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_WATCH_HUB_H_

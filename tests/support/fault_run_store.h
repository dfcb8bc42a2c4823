// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAULT_RUN_STORE_H_
#define TESTS_SUPPORT_FAULT_RUN_STORE_H_

#include <memory>
#include <utility>

#include "server/core/run_store.h"

namespace tinyjoule {

// A store whose commits can be made to fail, as those of a full disk do.
class FaultRunStore final : public RunStore {
 public:
  explicit FaultRunStore(std::unique_ptr<RunStore> store) : store_(std::move(store)) {}

  // Every commit from now on fails with it; OK ends the fault.
  void set_fault(absl::Status fault) { fault_ = std::move(fault); }
  int faults_fired() const { return faults_fired_; }
  int commits() const { return commits_; }

  RunReader& reads() override { return store_->reads(); }
  absl::StatusOr<CommitReport> Commit(const WriteBatch& batch) override {
    if (!fault_.ok()) {
      ++faults_fired_;
      return fault_;
    }
    ++commits_;
    return store_->Commit(batch);
  }
  absl::StatusOr<std::unique_ptr<RunReader>> OpenSnapshot() override {
    return store_->OpenSnapshot();
  }

 private:
  const std::unique_ptr<RunStore> store_;
  absl::Status fault_;
  int faults_fired_ = 0;
  int commits_ = 0;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAULT_RUN_STORE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The executor with real threads and real child processes: tests/support/fake_trainer.py.
#include <stdlib.h>

#include <functional>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/training/local_training_executor.h"
#include "tests/support/memory_artifact_store.h"
#include "tests/support/paths.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kDeadline = absl::Seconds(60);

class WaitingListener final : public TrainingListener {
 public:
  void OnStarted(const std::string&) override {}
  void OnProgress(const std::string& task_id, const v1::TrainingProgress&) override {
    absl::MutexLock lock(&mutex_);
    ++progress_[task_id];
  }
  void OnDone(const std::string& task_id, absl::StatusOr<v1::TrainingOutcome> outcome,
              const std::string& log_path) override {
    absl::MutexLock lock(&mutex_);
    outcomes_.emplace(task_id, std::move(outcome));
    log_paths_[task_id] = log_path;
  }

  absl::StatusOr<v1::TrainingOutcome> WaitForOutcome(const std::string& task_id) {
    absl::MutexLock lock(&mutex_);
    const auto ended = [this, &task_id]()
                           ABSL_NO_THREAD_SAFETY_ANALYSIS { return outcomes_.count(task_id) != 0; };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&ended), kDeadline)) {
      return absl::DeadlineExceededError("the test's deadline");
    }
    return outcomes_.at(task_id);
  }
  bool WaitForProgress(const std::string& task_id) {
    absl::MutexLock lock(&mutex_);
    const auto reported = [this, &task_id]()
                              ABSL_NO_THREAD_SAFETY_ANALYSIS { return progress_[task_id] > 0; };
    return mutex_.AwaitWithTimeout(absl::Condition(&reported), kDeadline);
  }
  int progress(const std::string& task_id) {
    absl::MutexLock lock(&mutex_);
    return progress_[task_id];
  }
  std::string log_path(const std::string& task_id) {
    absl::MutexLock lock(&mutex_);
    return log_paths_[task_id];
  }

 private:
  absl::Mutex mutex_;
  std::map<std::string, int> progress_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::StatusOr<v1::TrainingOutcome>> outcomes_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> log_paths_ ABSL_GUARDED_BY(mutex_);
};

class RealTrainerTest : public ::testing::Test {
 protected:
  RealTrainerTest() : artifacts_(files_), core_("core") {
    char pattern[] = "/tmp/tinyjoule-training-XXXXXX";
    folder_ = mkdtemp(pattern);
    LocalTrainingExecutor::Options options;
    options.command = {SourcePath("tests/support/fake_trainer.py")};
    options.work_dir = JoinPath(folder_, "work");
    options.log_dir = JoinPath(folder_, "log");
    auto executor = LocalTrainingExecutor::Create(
        options, {core_, clock_, files_, launcher_, artifacts_, nullptr});
    EXPECT_TRUE(executor.ok()) << executor.status();
    executor_ = *std::move(executor);
    executor_->SetListener(&listener_);
  }
  ~RealTrainerTest() override {
    RunAndWait(core_, [this] { executor_.reset(); });
    EXPECT_TRUE(files_.RemoveTree(folder_).ok());
  }

  // `kind`: what the fake trainer shall do.
  void Submit(const std::string& task_id, const std::string& kind) {
    v1::TrainingTask task;
    task.set_task_id(task_id);
    task.mutable_trial()->mutable_model()->set_name(kind);
    RunAndWait(core_, [&] { executor_->Submit(task); });
  }
  absl::StatusOr<v1::TrainingOutcome> Train(const std::string& task_id, const std::string& kind) {
    Submit(task_id, kind);
    return listener_.WaitForOutcome(task_id);
  }

  std::string folder_;
  PosixFileSystem files_;
  SystemClock clock_;
  PosixProcessLauncher launcher_;
  MemoryArtifactStore artifacts_;
  WaitingListener listener_;
  ThreadTaskRunner core_;
  std::unique_ptr<LocalTrainingExecutor> executor_;
};

TEST_F(RealTrainerTest, OneProcessDoesManyTasksAtLowPriorityOnOneThread) {
  const auto first = Train("t1", "work");
  const auto second = Train("t2", "work");
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(first->environment().at("pid"), second->environment().at("pid"));
  EXPECT_EQ(first->environment().at("nice"), "10");
  EXPECT_EQ(first->environment().at("omp"), "1");
  EXPECT_EQ(files_.ReadFile(listener_.log_path("t2")).value_or(""), "working on t2\n");
  EXPECT_THAT(files_.ListFolder(JoinPath(folder_, "work")).value(), ::testing::IsEmpty());
}

TEST_F(RealTrainerTest, ACrashFailsOneTaskAndKeepsItsLog) {
  const absl::Status crash = Train("t1", "crash").status();
  EXPECT_EQ(crash.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(crash.message()), HasSubstr("killed by signal 9"));
  EXPECT_THAT(std::string(crash.message()), HasSubstr("about to die"));
  EXPECT_THAT(files_.ReadFile(listener_.log_path("t1")).value_or(""), HasSubstr("about to die"));
  EXPECT_TRUE(Train("t2", "work").ok());
}

TEST_F(RealTrainerTest, AHangingTrainerIsCancelled) {
  Submit("t1", "hang");
  ASSERT_TRUE(listener_.WaitForProgress("t1"));
  RunAndWait(core_, [this] { executor_->Cancel("t1"); });
  EXPECT_EQ(listener_.WaitForOutcome("t1").status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(Train("t2", "work").ok());
}

TEST_F(RealTrainerTest, GarbageOnStandardOutputIsQuoted) {
  const absl::Status status = Train("t1", "garbage").status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"Segmentation fault (core dumped)\""));
}

TEST_F(RealTrainerTest, ABigOutcomeArrivesWhole) {
  const auto outcome = Train("t1", "big");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_EQ(outcome->history_size(), 50000);
  EXPECT_DOUBLE_EQ(outcome->history(49999).train_loss(), 1.0 / 50000);
}

TEST_F(RealTrainerTest, AChatteringTrainerIsThinned) {
  ASSERT_TRUE(Train("t1", "chatter").ok());
  EXPECT_GE(listener_.progress("t1"), 2);
  // Four a second: 5,000 would mean that nothing was thinned, and 240 is a minute's worth.
  EXPECT_LE(listener_.progress("t1"), 240);
}

TEST_F(RealTrainerTest, DestructionKillsARunningTrainer) {
  Submit("t1", "hang");
  ASSERT_TRUE(listener_.WaitForProgress("t1"));
  // The destructor of the fixture must come back.
}

}  // namespace
}  // namespace tinyjoule

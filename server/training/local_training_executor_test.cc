// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/training/local_training_executor.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_process_launcher.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/manual_task_runner.h"
#include "tests/support/memory_artifact_store.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RecordingListener final : public TrainingListener {
 public:
  void OnStarted(const std::string& task_id) override { started.push_back(task_id); }
  void OnProgress(const std::string& task_id, const v1::TrainingProgress&) override {
    ++progress[task_id];
  }
  void OnDone(const std::string& task_id, absl::StatusOr<v1::TrainingOutcome> outcome,
              const std::string& log_path) override {
    ASSERT_EQ(outcomes.count(task_id), 0u) << task_id << " ended twice";
    outcomes.emplace(task_id, std::move(outcome));
    log_paths[task_id] = log_path;
  }
  std::vector<std::string> started;
  std::map<std::string, int> progress;
  std::map<std::string, absl::StatusOr<v1::TrainingOutcome>> outcomes;
  std::map<std::string, std::string> log_paths;
};

// A place's sequence that shares the test's own thread.
class BorrowedTaskRunner final : public TaskRunner {
 public:
  explicit BorrowedTaskRunner(TaskRunner& runner) : runner_(runner) {}
  void Post(Task task) override { runner_.Post(std::move(task)); }
  void PostDelayed(int64_t delay_ns, Task task) override {
    runner_.PostDelayed(delay_ns, std::move(task));
  }
  bool RunsTasksOnCurrentThread() const override { return true; }

 private:
  TaskRunner& runner_;
};

class LocalTrainingExecutorTest : public ::testing::Test {
 protected:
  LocalTrainingExecutorTest()
      : core_(clock_),
        artifacts_(files_),
        launcher_(
            [this](FakeChildProcess& child, const std::string& line) { script_(child, line); }) {
    script_ = [this](FakeChildProcess& child, const std::string& line) { Succeed(child, line); };
  }

  void Create(uint32_t places) {
    auto executor = LocalTrainingExecutor::Create(
        {{"trainer"}, places, "/trainer", "/log"},
        {core_, clock_, files_, launcher_, artifacts_,
         [this] { return std::make_unique<BorrowedTaskRunner>(core_); }});
    ASSERT_TRUE(executor.ok()) << executor.status();
    executor_ = *std::move(executor);
    executor_->SetListener(&listener_);
  }
  static v1::TrainingTask Task(const std::string& id, const std::string& dataset = "a.csv") {
    v1::TrainingTask task;
    task.set_task_id(id);
    task.mutable_trial()->mutable_dataset()->set_path(dataset);
    return task;
  }
  static v1::TrainingTask Parse(const std::string& line) {
    v1::TrainingTask task;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &task).ok());
    return task;
  }
  void Succeed(FakeChildProcess& child, const std::string& line) {
    const v1::TrainingTask task = Parse(line);
    ASSERT_TRUE(files_.WriteFileAtomically(JoinPath(task.output_dir(), "m.onnx"), "model").ok());
    child.Say(absl::StrCat(R"({"taskId":")", task.task_id(),
                           R"(","outcome":{"model":{"fileName":"m.onnx"}}})", "\n"));
  }

  FakeClock clock_;
  ManualTaskRunner core_;
  FaultFileSystem files_;
  MemoryArtifactStore artifacts_;
  std::function<void(FakeChildProcess&, const std::string&)> script_;
  FakeProcessLauncher launcher_;
  RecordingListener listener_;
  std::unique_ptr<LocalTrainingExecutor> executor_;
};

TEST_F(LocalTrainingExecutorTest, StoresTheOutputsByHashAndCleansUp) {
  Create(1);
  executor_->Submit(Task("t1"));
  EXPECT_TRUE(listener_.started.empty()) << "never from inside Submit";
  core_.RunDueTasks();
  ASSERT_TRUE(listener_.outcomes.at("t1").ok()) << listener_.outcomes.at("t1").status();
  const v1::ArtifactFile& model = listener_.outcomes.at("t1")->model();
  // sha256sum of "model".
  EXPECT_EQ(model.sha256(), "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4");
  EXPECT_EQ(model.size_bytes(), 5u);
  EXPECT_TRUE(artifacts_.Has(model.sha256()));
  EXPECT_FALSE(files_.Exists("/trainer/t1"));
}

TEST_F(LocalTrainingExecutorTest, ATaskThatFailsLeavesTheOthersAlone) {
  script_ = [this](FakeChildProcess& child, const std::string& line) {
    if (Parse(line).task_id() != "t2") return Succeed(child, line);
    child.Exit({0, 11});
  };
  Create(1);
  for (const char* id : {"t1", "t2", "t3"}) executor_->Submit(Task(id));
  core_.RunDueTasks();
  EXPECT_TRUE(listener_.outcomes.at("t1").ok());
  EXPECT_EQ(listener_.outcomes.at("t2").status().code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(listener_.outcomes.at("t3").ok());
  EXPECT_EQ(launcher_.launched().size(), 2u);
  EXPECT_EQ(listener_.log_paths.at("t2"), "/log/t2.log");
  EXPECT_THAT(files_.ReadFile("/log/t2.log").value_or(""), HasSubstr("killed by signal 11"));
}

TEST_F(LocalTrainingExecutorTest, APlaceStaysWithItsDataSet) {
  Create(1);
  for (const char* task : {"a1 a", "b1 b", "a2 a", "b2 b", "a3 a"}) {
    const std::vector<std::string> parts = absl::StrSplit(task, ' ');
    executor_->Submit(Task(parts[0], parts[1]));
  }
  core_.RunDueTasks();
  EXPECT_THAT(listener_.started, ElementsAre("a1", "a2", "a3", "b1", "b2"));
}

TEST_F(LocalTrainingExecutorTest, NoTaskIsOvertakenForEver) {
  Create(1);
  executor_->Submit(Task("a0", "a"));
  executor_->Submit(Task("b", "b"));
  for (int i = 1; i <= 20; ++i) executor_->Submit(Task(absl::StrCat("a", i), "a"));
  core_.RunDueTasks();
  const auto& started = listener_.started;
  EXPECT_EQ(std::find(started.begin(), started.end(), "b") - started.begin(), 9);
}

TEST_F(LocalTrainingExecutorTest, StartsNoMoreTrainersThanPlaces) {
  Create(2);
  for (const char* id : {"t1", "t2", "t3"}) executor_->Submit(Task(id));
  script_ = [this](FakeChildProcess& child, const std::string& line) {
    if (listener_.outcomes.empty()) {
      EXPECT_THAT(listener_.started, ElementsAre("t1", "t2"));
    }
    Succeed(child, line);
  };
  core_.RunDueTasks();
  EXPECT_EQ(listener_.outcomes.size(), 3u);
  EXPECT_EQ(launcher_.launched().size(), 2u);
}

TEST_F(LocalTrainingExecutorTest, AWaitingTaskIsCancelledWithoutATrainer) {
  Create(1);
  executor_->Submit(Task("t1"));
  executor_->Cancel("t1");
  EXPECT_TRUE(listener_.outcomes.empty()) << "never from inside Cancel";
  core_.RunDueTasks();
  EXPECT_EQ(listener_.outcomes.at("t1").status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(launcher_.launched().empty());
}

TEST_F(LocalTrainingExecutorTest, ACancelThatComesWithTheOutcomeWins) {
  Create(1);
  script_ = [this](FakeChildProcess& child, const std::string& line) {
    Succeed(child, line);
    core_.Post([this] { executor_->Cancel("t1"); });
  };
  executor_->Submit(Task("t1"));
  core_.RunDueTasks();
  EXPECT_EQ(listener_.outcomes.at("t1").status().code(), absl::StatusCode::kCancelled);
  listener_.outcomes.clear();
  script_ = [this](FakeChildProcess& child, const std::string& line) { Succeed(child, line); };
  executor_->Submit(Task("t1"));
  core_.RunDueTasks();
  EXPECT_TRUE(listener_.outcomes.at("t1").ok()) << "a task may come again after a cancel";
}

TEST_F(LocalTrainingExecutorTest, LetsAnIdleTrainerGo) {
  Create(1);
  executor_->Submit(Task("t1"));
  core_.RunDueTasks();
  core_.AdvanceAndRun(20 * kNsPerSecond);
  executor_->Submit(Task("t2"));
  core_.RunDueTasks();
  core_.AdvanceAndRun(20 * kNsPerSecond);
  executor_->Submit(Task("t3"));
  core_.RunDueTasks();
  EXPECT_EQ(launcher_.launched().size(), 1u) << "20 s are not idle, whatever was before";
  core_.AdvanceAndRun(31 * kNsPerSecond);
  executor_->Submit(Task("t4"));
  core_.RunDueTasks();
  EXPECT_EQ(launcher_.launched().size(), 2u);
}

TEST_F(LocalTrainingExecutorTest, RefusesAnOutputOutsideOfItsFolder) {
  script_ = [](FakeChildProcess& child, const std::string& line) {
    child.Say(absl::StrCat(R"({"taskId":")", Parse(line).task_id(),
                           R"(","outcome":{"model":{"fileName":"../../etc/passwd"}}})", "\n"));
  };
  Create(1);
  executor_->Submit(Task("t1"));
  core_.RunDueTasks();
  EXPECT_EQ(listener_.outcomes.at("t1").status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace tinyjoule

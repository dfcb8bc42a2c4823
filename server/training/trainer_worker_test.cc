// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/training/trainer_worker.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_process_launcher.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kOutcome[] = R"({"taskId":"t1","outcome":{"trainS":2.5}})";

std::string ProgressLine(int epoch, const std::string& phase = "TRAINING_PHASE_TRAINING") {
  return absl::StrCat(R"({"taskId":"t1","progress":{"phase":")", phase, R"(","epoch":)", epoch,
                      "}}\n");
}

class TrainerWorkerTest : public ::testing::Test {
 protected:
  TrainerWorkerTest()
      : launcher_([this](FakeChildProcess& child, const std::string& written) {
          written_.push_back(written);
          script_(child);
        }),
        worker_({{"trainer", "--quiet"}, {"OMP_NUM_THREADS=1"}, 10, "/log/stderr"}, launcher_,
                files_, clock_) {
    task_.set_task_id("t1");
  }

  absl::StatusOr<v1::TrainingOutcome> Run() {
    return worker_.Run(task_, [this](const v1::TrainingProgress& progress) {
      epochs_.push_back(progress.epoch());
    });
  }
  void WriteStderr(const std::string& text) {
    auto file = files_.OpenForAppend("/log/stderr");
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Append(text).ok());
  }

  FakeClock clock_;
  FaultFileSystem files_;
  std::function<void(FakeChildProcess&)> script_;
  std::vector<std::string> written_;
  FakeProcessLauncher launcher_;
  TrainerWorker worker_;
  v1::TrainingTask task_;
  std::vector<int> epochs_;
};

TEST_F(TrainerWorkerTest, GivesTheTaskAsOneLineAndReturnsTheOutcome) {
  script_ = [](FakeChildProcess& child) { child.Say(absl::StrCat(kOutcome, "\n")); };
  task_.mutable_trial()->mutable_model()->set_name("two\nlines");
  const auto outcome = Run();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_DOUBLE_EQ(outcome->train_s(), 2.5);
  ASSERT_EQ(written_.size(), 1u);
  EXPECT_EQ(written_[0].find('\n'), written_[0].size() - 1);
  EXPECT_THAT(launcher_.launched()[0].arguments, ElementsAre("trainer", "--quiet"));
  EXPECT_EQ(launcher_.launched()[0].niceness, 10);
}

TEST_F(TrainerWorkerTest, PutsALineTogetherFromPieces) {
  script_ = [](FakeChildProcess& child) {
    const std::string text = ProgressLine(7) + kOutcome + "\n";
    for (const char byte : text) child.Say(std::string(1, byte));
  };
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(epochs_, ElementsAre(7));
}

TEST_F(TrainerWorkerTest, UsesOneChildForManyTasks) {
  script_ = [](FakeChildProcess& child) { child.Say(absl::StrCat(kOutcome, "\n")); };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Run().ok());
  EXPECT_EQ(launcher_.launched().size(), 1u);
}

TEST_F(TrainerWorkerTest, StartsANewChildAfterItWasLetGo) {
  script_ = [](FakeChildProcess& child) { child.Say(absl::StrCat(kOutcome, "\n")); };
  EXPECT_TRUE(Run().ok());
  worker_.EndChild();
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(launcher_.launched().size(), 2u);
}

TEST_F(TrainerWorkerTest, ThinsProgressOfOnePhaseToFourASecond) {
  script_ = [](FakeChildProcess& child) {
    for (int epoch = 1; epoch <= 5; ++epoch) child.Say(ProgressLine(epoch));
    child.Say(ProgressLine(6, "TRAINING_PHASE_EVALUATING"));
    child.Say(absl::StrCat(kOutcome, "\n"));
  };
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(epochs_, ElementsAre(1, 6));
}

TEST_F(TrainerWorkerTest, PassesOnTheTrainersOwnError) {
  script_ = [](FakeChildProcess& child) {
    child.Say(R"({"taskId":"t1","failure":{"code":3,"message":"no column Temp"}})"
              "\n");
  };
  EXPECT_EQ(Run().status(), absl::InvalidArgumentError("no column Temp"));
  EXPECT_EQ(Run().status(), absl::InvalidArgumentError("no column Temp"));
  EXPECT_EQ(launcher_.launched().size(), 1u) << "a failed task is no reason to end the trainer";
}

TEST_F(TrainerWorkerTest, TellsHowADeadTrainerEndedAndItsLastLines) {
  script_ = [this](FakeChildProcess& child) {
    for (int line = 1; line <= 9; ++line) WriteStderr(absl::StrCat("line ", line, "\n"));
    child.Exit({0, 9});
  };
  const absl::Status status = Run().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("was killed by signal 9"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 5\nline 6\nline 7\nline 8\nline 9"));
  EXPECT_FALSE(absl::StrContains(status.message(), "line 4"));
  script_ = [](FakeChildProcess& child) { child.Say(absl::StrCat(kOutcome, "\n")); };
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(launcher_.launched().size(), 2u);
}

TEST_F(TrainerWorkerTest, ForgetsTheLogOfTheTaskBefore) {
  script_ = [this](FakeChildProcess& child) {
    WriteStderr("of this task\n");
    child.Say(absl::StrCat(kOutcome, "\n"));
  };
  EXPECT_TRUE(Run().ok());
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(worker_.ReadLog(), "of this task\n");
}

TEST_F(TrainerWorkerTest, QuotesALineThatIsNoEvent) {
  script_ = [](FakeChildProcess& child) { child.Say("Segmentation \x01 fault\n"); };
  const absl::Status status = Run().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr(R"("Segmentation \001 fault")"));
  script_ = [](FakeChildProcess& child) { child.Say(absl::StrCat(kOutcome, "\n")); };
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(launcher_.launched().size(), 2u) << "who speaks no sense is not asked again";
}

TEST_F(TrainerWorkerTest, RefusesAnEventOfAnotherTask) {
  script_ = [](FakeChildProcess& child) {
    child.Say(R"({"taskId":"t0","outcome":{}})"
              "\n");
  };
  EXPECT_THAT(std::string(Run().status().message()), HasSubstr("another task"));
}

TEST_F(TrainerWorkerTest, RefusesAnEndlessLine) {
  script_ = [](FakeChildProcess& child) {
    for (int i = 0; i < 20; ++i) child.Say(std::string(1 << 20, 'x'));
  };
  EXPECT_EQ(Run().status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(TrainerWorkerTest, ACancelledRunIsCancelledWhateverTheChildSays) {
  script_ = [this](FakeChildProcess& child) {
    child.Say(ProgressLine(1));
    worker_.Cancel("t1");
  };
  EXPECT_EQ(Run().status().code(), absl::StatusCode::kCancelled);
}

TEST_F(TrainerWorkerTest, ACancelBeforeTheRunCountsUntilItIsForgotten) {
  script_ = [](FakeChildProcess& child) { child.Say(absl::StrCat(kOutcome, "\n")); };
  worker_.Cancel("t1");
  EXPECT_EQ(Run().status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(written_.empty());
  worker_.ForgetCancel();
  EXPECT_TRUE(Run().ok());
}

TEST_F(TrainerWorkerTest, SaysWhyATrainerDidNotStart) {
  launcher_.set_launch_error(absl::NotFoundError("cannot start trainer: No such file"));
  EXPECT_EQ(Run().status(), absl::NotFoundError("cannot start trainer: No such file"));
}

}  // namespace
}  // namespace tinyjoule

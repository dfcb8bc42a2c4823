// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// A coordinator that crashes, and a store that takes nothing for a while.
#include <string>

#include "absl/status/status.h"
#include "tests/support/coordinator_sweeps_fixture.h"

namespace tinyjoule {
namespace {

TEST_F(CoordinatorSweepsTest, AnOutcomeThatTheStoreDidNotTakeIsStoredLater) {
  Start();
  const std::string id = Submit(Yaml("s", 0, kAnywhere));
  store_->set_fault(absl::ResourceExhaustedError("no space left on device"));
  executor_->FinishAll();
  EXPECT_GT(store_->faults_fired(), 0);
  EXPECT_EQ(GetSweep(id).counts().trials_ready(), 0u);
  EXPECT_FALSE(TrySubmit(Yaml("t", 0, kAnywhere)).ok());
  store_->set_fault(absl::OkStatus());
  runner_.AdvanceAndRun(2 * kNsPerSecond);
  EXPECT_EQ(GetSweep(id).counts().trials_ready(), 1u);
  EXPECT_EQ(executor_->submissions.begin()->second, 1);
}

// A crash after every step of a sweep: what was done stays done, what was on is done again.
TEST_F(CoordinatorSweepsTest, ARestartAtEveryStepEndsTheSame) {
  for (int crash_at = 0; crash_at < 7; ++crash_at) {
    SCOPED_TRACE(crash_at);
    int step = 0;
    const auto maybe_crash = [&] {
      if (step++ != crash_at) return;
      Crash();
      Start();
      pi_.hello.clear_active_run_id();
      pi_.received.clear();
      Attach(pi_);
    };
    Start();
    Attach(pi_);
    const std::string id =
        Submit(Yaml("s" + std::to_string(crash_at), 1,
                    "train: {epochs: " + std::to_string(crash_at + 2) + "}\n" + kAnywhere));
    maybe_crash();
    executor_->FinishFirst();
    maybe_crash();
    executor_->FinishAll();
    maybe_crash();
    for (int i = 0; i < 2; ++i) {
      const v1::JobSpec job = TakeOffer(pi_);
      EXPECT_EQ(job.attempt(), 1u);
      Say(pi_, OfferReplyMessage(job, true));
      Say(pi_, ChunkMessage(job, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
      Flush();
      maybe_crash();
      Say(pi_, ChunkMessage(job, v1::CHUNK_STREAM_SAMPLES, 0, "zero"));
      Say(pi_, ResultMessage(job, 1));
      pi_.received.clear();
      Flush();
      maybe_crash();
      EXPECT_EQ(GetRun(job.run_id()).state(), v1::RUN_STATE_SUCCEEDED);
    }
    EXPECT_GT(step, crash_at);
    EXPECT_EQ(GetSweep(id).state(), v1::SWEEP_STATE_SUCCEEDED);
    Crash();
  }
}

TEST_F(CoordinatorSweepsTest, AResultStoredBeforeACrashIsTakenAfterIt) {
  Start();
  Attach(pi_);
  const std::string id = Submit(Yaml("s", 0, kAnywhere));
  executor_->FinishAll();
  const v1::JobSpec job = TakeOffer(pi_);
  Crash();
  WriteBatch batch;
  batch.chunks.push_back(ResultMessage(job, 0).chunk());
  ASSERT_TRUE(store_->Commit(batch).ok());
  Start();
  EXPECT_EQ(GetRun(job.run_id()).state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(GetSweep(id).state(), v1::SWEEP_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/worker_pool.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

TEST(WorkerPoolTest, RefusesWhatDoesNotFitAndFinishesWhatItTook) {
  std::atomic<int> finished{0};
  absl::Notification started;
  absl::Notification go_on;
  {
    WorkerPool pool(1, 2);
    ASSERT_TRUE(pool.TryRun([&] {
      started.Notify();
      go_on.WaitForNotification();
      ++finished;
    }));
    started.WaitForNotification();
    EXPECT_TRUE(pool.TryRun([&] { ++finished; }));
    EXPECT_TRUE(pool.TryRun([&] { ++finished; }));
    EXPECT_FALSE(pool.TryRun([&] { ++finished; })) << "two wait already";
    go_on.Notify();
  }
  EXPECT_EQ(finished, 3);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/task_runner.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/synchronization/notification.h"
#include "common/base/bounded_queue.h"

namespace tinyjoule {
namespace {

TEST(ThreadTaskRunnerTest, RunsTasksInOrderOnItsOwnThread) {
  ThreadTaskRunner runner("test");
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) runner.Post([&order, i] { order.push_back(i); });
  bool on_thread = false;
  RunAndWait(runner, [&] { on_thread = runner.RunsTasksOnCurrentThread(); });
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
  EXPECT_TRUE(on_thread);
  EXPECT_FALSE(runner.RunsTasksOnCurrentThread());
}

TEST(ThreadTaskRunnerTest, AnEarlierTaskOvertakesALaterOne) {
  ThreadTaskRunner runner("test");
  std::vector<int> order;
  absl::Notification done;
  runner.PostDelayed(20'000'000, [&] {
    order.push_back(2);
    done.Notify();
  });
  runner.PostDelayed(1'000'000, [&] { order.push_back(1); });
  done.WaitForNotification();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(ThreadTaskRunnerTest, DropsWhatHasNotStartedWhenItEnds) {
  bool ran = false;
  {
    ThreadTaskRunner(/*thread_name=*/"test").PostDelayed(3'600'000'000'000, [&] { ran = true; });
  }
  EXPECT_FALSE(ran);
}

TEST(BoundedQueueTest, RefusesAndCountsWhatDoesNotFit) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.TryPush(1));
  EXPECT_TRUE(queue.TryPush(2));
  EXPECT_FALSE(queue.TryPush(3));
  EXPECT_EQ(queue.dropped(), 1u);
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_TRUE(queue.TryPush(4));
  EXPECT_EQ(queue.size(), 2u);
}

TEST(BoundedQueueTest, GivesWhatItHasAfterItIsClosed) {
  BoundedQueue<int> queue(2);
  ASSERT_TRUE(queue.TryPush(1));
  queue.Close();
  EXPECT_FALSE(queue.TryPush(2));
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/power_hub.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "tests/support/coordinator_fixture.h"

namespace tinyjoule {
namespace {

class PowerHubTest : public testing::Test {
 protected:
  // Points of 1 W, 2 W, ... every 10 ms.
  void Feed(int first, int count) {
    v1::LivePower power;
    power.set_simulated(true);
    for (int i = first; i < first + count; ++i) {
      v1::PowerPoint& point = *power.add_points();
      point.set_mono_ns(i * 10 * kNsPerMs);
      point.set_power_w(i + 1);
    }
    hub_.OnPower("pi", power);
  }
  const v1::LivePowerRequest& LastRequest() { return pi_.received.back().live_power_request(); }

  FakeClock clock_;
  ManualTaskRunner runner_{clock_};
  FakeAgentSession pi_{"pi"};
  PowerHub hub_{runner_, [this](const std::string& name) -> AgentSession* {
                  return name == "pi" ? &pi_ : nullptr;
                }};
};

TEST_F(PowerHubTest, TheAgentIsAskedOnlyWhileSomeoneWatches) {
  auto slow = hub_.Watch("pi", 2, [] {});
  EXPECT_TRUE(LastRequest().active());
  EXPECT_EQ(LastRequest().interval().nanos(), 500'000'000);
  auto fast = hub_.Watch("pi", 100, [] {});
  EXPECT_EQ(LastRequest().interval().nanos(), 10'000'000);
  fast.reset();
  EXPECT_EQ(LastRequest().interval().nanos(), 500'000'000);
  slow.reset();
  EXPECT_FALSE(LastRequest().active());
}

TEST_F(PowerHubTest, ThinsToMeansWithExtremes) {
  int ready = 0;
  auto watcher = hub_.Watch("pi", 10, [&] { ++ready; });
  EXPECT_FALSE(*watcher->Next());
  Feed(0, 21);
  runner_.RunDueTasks();
  EXPECT_EQ(ready, 1);
  const auto message = watcher->Next();
  ASSERT_TRUE(message.ok() && message->has_value());
  EXPECT_TRUE((*message)->simulated());
  ASSERT_EQ((*message)->points_size(), 2);
  EXPECT_DOUBLE_EQ((*message)->points(0).power_w(), 5.5);  // The mean of 1 .. 10.
  EXPECT_DOUBLE_EQ((*message)->points(0).power_min_w(), 1);
  EXPECT_DOUBLE_EQ((*message)->points(0).power_max_w(), 10);
  EXPECT_DOUBLE_EQ((*message)->points(1).power_w(), 15.5);
}

TEST_F(PowerHubTest, ASlowWatcherLosesTheOldestAndIsTold) {
  auto watcher = hub_.Watch("pi", 100, [] {});
  for (int i = 0; i < 1000; ++i) Feed(i, 1);
  const auto message = watcher->Next();
  ASSERT_TRUE(message.ok() && message->has_value());
  EXPECT_EQ((*message)->points_size(), 512);
  EXPECT_EQ((*message)->dropped(), 999u - 512u);
  EXPECT_DOUBLE_EQ((*message)->points(511).power_w(), 999);
}

// 2,001 points of 10 ms: 20 s. Two watchers read, at their own rates; a third never does.
TEST_F(PowerHubTest, EveryWatcherHasItsOwnThinningAndNoneHoldsUpAnother) {
  auto slow = hub_.Watch("pi", 1, [] {});
  auto fast = hub_.Watch("pi", 20, [] {});
  auto asleep = hub_.Watch("pi", 100, [] {});
  int slow_points = 0, fast_points = 0;
  for (int first = 0; first < 2001; first += 87) {
    Feed(first, std::min(87, 2001 - first));
    for (auto [watcher, points] :
         {std::make_pair(&slow, &slow_points), std::make_pair(&fast, &fast_points)}) {
      const auto message = (*watcher)->Next();
      ASSERT_TRUE(message.ok());
      if (!*message) continue;
      *points += (*message)->points_size();
      EXPECT_EQ((*message)->dropped(), 0u);
      for (const v1::PowerPoint& point : (*message)->points()) {
        EXPECT_LT(point.power_min_w(), point.power_w());
        EXPECT_LT(point.power_w(), point.power_max_w());
      }
    }
  }
  EXPECT_EQ(slow_points, 20);
  EXPECT_EQ(fast_points, 400);
  EXPECT_EQ((*asleep->Next())->dropped(), 2000u - 512u);
}

TEST_F(PowerHubTest, AHundredWatchersAskTheAgentForNoMoreThanTheFastest) {
  std::vector<std::unique_ptr<PowerSubscription>> watchers;
  for (int i = 0; i < 100; ++i) watchers.push_back(hub_.Watch("pi", 20 - i % 20, [] {}));
  Feed(0, 2001);
  EXPECT_EQ(pi_.received.size(), 1u) << "the first is the fastest";
  EXPECT_EQ(LastRequest().interval().nanos(), 50'000'000);
  for (const auto& watcher : watchers) {
    const auto message = watcher->Next();
    ASSERT_TRUE(message.ok() && message->has_value());
    EXPECT_GE((*message)->points_size(), 20);
  }
}

TEST_F(PowerHubTest, AReconnectedAgentIsAskedAgain) {
  auto watcher = hub_.Watch("pi", 10, [] {});
  pi_.received.clear();
  hub_.OnAttached("pi");
  EXPECT_EQ(pi_.received.size(), 1u);
}

}  // namespace
}  // namespace tinyjoule

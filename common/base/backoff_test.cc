// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/backoff.h"

#include <gtest/gtest.h>

namespace tinyjoule {
namespace {

TEST(BackoffTest, StaysBetweenMinimumAndTheGrowingCeiling) {
  SeededRandom random(1);
  Backoff backoff({100, 1'000}, random);
  const int64_t ceilings[] = {200, 400, 800, 1'000, 1'000};
  for (const int64_t ceiling : ceilings) {
    const int64_t delay = backoff.NextDelayNs();
    EXPECT_GE(delay, 100);
    EXPECT_LE(delay, ceiling);
  }
}

TEST(BackoffTest, NeverPassesTheMaximumHoweverOften) {
  SeededRandom random(2);
  Backoff backoff({500'000'000, 30'000'000'000}, random);
  int64_t longest = 0;
  for (int i = 0; i < 1'000; ++i) longest = std::max(longest, backoff.NextDelayNs());
  EXPECT_LE(longest, 30'000'000'000);
  EXPECT_GT(longest, 25'000'000'000);
}

TEST(BackoffTest, StartsAgainAfterASuccess) {
  SeededRandom random(3);
  Backoff backoff({100, 1'000'000}, random);
  for (int i = 0; i < 10; ++i) backoff.NextDelayNs();
  backoff.Reset();
  EXPECT_LE(backoff.NextDelayNs(), 200);
}

}  // namespace
}  // namespace tinyjoule

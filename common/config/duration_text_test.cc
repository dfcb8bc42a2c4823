// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/duration_text.h"

#include <gtest/gtest.h>

namespace tinyjoule {
namespace {

TEST(DurationTextTest, ReadsWhatPeopleWrite) {
  const std::pair<const char*, int64_t> cases[] = {{"10s", 10'000'000'000},
                                                   {"1h30m", 5'400'000'000'000},
                                                   {"500ms", 500'000'000},
                                                   {"5m", 300'000'000'000},
                                                   {"0s", 0},
                                                   {"1.5s", 1'500'000'000},
                                                   {"2m0.25s", 120'250'000'000},
                                                   {"7us", 7'000},
                                                   {"3ns", 3},
                                                   {"365d", -1},
                                                   {"10", -1},
                                                   {"", -1},
                                                   {"-1s", -1},
                                                   {"s", -1},
                                                   {"1 s", -1},
                                                   {"1e3s", -1},
                                                   {"..s", -1},
                                                   {"9000h", -1}};
  for (const auto& [text, ns] : cases) {
    const auto duration = ParseDurationText(text);
    EXPECT_EQ(duration.ok() ? DurationToNs(*duration) : -1, ns) << text;
  }
}

TEST(DurationTextTest, RoundTrips) {
  for (const char* const text : {"10s", "1h30m", "500ms", "5m", "0s", "1.5s", "1h5s", "2m0.25s"}) {
    EXPECT_EQ(FormatDurationText(*ParseDurationText(text)), text);
  }
}

}  // namespace
}  // namespace tinyjoule

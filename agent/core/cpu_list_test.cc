// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/cpu_list.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;

TEST(CpuListTest, ReadsWhatTheKernelWrites) {
  EXPECT_THAT(*ParseCpuList("0-3"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(*ParseCpuList("5,0-1,1"), ElementsAre(0, 1, 5));
  EXPECT_EQ(FormatCpuList(*ParseCpuList("0-2,5,7-8")), "0-2,5,7-8");
  EXPECT_EQ(FormatCpuList({}), "");
}

TEST(CpuListTest, RefusesWhatIsNone) {
  for (const char* text : {"", "a", "1-", "-1", "3-1", "1,,2", "0-1024", "1-2-3"}) {
    EXPECT_EQ(ParseCpuList(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace tinyjoule

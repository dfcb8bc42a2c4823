// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/process_memory.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/own_memory.h"

namespace tinyjoule {
namespace {

TEST(ProcessMemoryTest, ParsesTheKernelsLines) {
  const char text[] = "Rss:                8652 kB\nPss:                1234 kB\nPss_Dirty: 1 kB\n";
  EXPECT_EQ(ParseKilobytes(text, "Pss:"), 1234u * 1024);
  EXPECT_EQ(ParseKilobytes(text, "Swap:"), 0u);
  EXPECT_EQ(ParseKilobytes("Pss: many kB\n", "Pss:"), 0u);
}

TEST(ProcessMemoryTest, SeesMemoryThatIsTouched) {
  const uint64_t pss_before = ProportionalSetBytes();
  // Large beside the program's own pages, of which each process that shares them takes a part.
  constexpr size_t kBytes = 256 << 20;
  const std::vector<char> touched(kBytes, 1);
  EXPECT_GT(ProportionalSetBytes(), pss_before + kBytes / 2);
  EXPECT_GT(PeakResidentBytes(), kBytes);
  EXPECT_EQ(touched.back(), 1);
}

TEST(ProcessMemoryTest, APeakBeginsAnew) {
  constexpr size_t kBytes = 64 << 20;
  {
    const std::vector<char> touched(kBytes, 1);
    EXPECT_EQ(touched.back(), 1);
  }
  const uint64_t peak_before = PeakResidentBytes();
  ASSERT_GT(peak_before, kBytes);
  ResetPeakResidentBytes();
  if (MemoryIsOwn()) {
    EXPECT_LT(PeakResidentBytes(), peak_before - kBytes / 2);
  }
}

}  // namespace
}  // namespace tinyjoule

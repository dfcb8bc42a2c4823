// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The edges of the marker line as a real kernel sees them, against the clock that marks are taken
// from.
#include "agent/gpio/open_marker_line.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "tests/emulated_pi/gpio_monitor.h"
#include "tests/emulated_pi/gpio_sim.h"

namespace tinyjoule {
namespace {

constexpr int kWindows = 20;
constexpr int64_t kTraceResolutionNs = 1000;

TEST(MarkerEdgesTest, AreWithinTheMarksOnTheClockOfTheSamples) {
  const GpioSim gpio;
  const GpioMonitor monitor;
  SystemClock clock;
  auto line = OpenMarkerLine("gpio:pinctrl-bcm2711/17");
  ASSERT_TRUE(line.ok()) << line.status();
  std::vector<int64_t> marks;
  for (int i = 0; i < 2 * kWindows; ++i) {
    const bool high = i % 2 == 0;
    marks.push_back(clock.MonotonicNs());
    ASSERT_TRUE((*line)->Set(high).ok());
    EXPECT_EQ(gpio.IsHigh(17), high);
  }
  marks.push_back(clock.MonotonicNs());
  const std::vector<GpioEdge> edges = monitor.Edges();
  ASSERT_EQ(edges.size(), 2u * kWindows);
  for (size_t i = 0; i < edges.size(); ++i) {
    EXPECT_EQ(edges[i].high, i % 2 == 0);
    EXPECT_GE(edges[i].t_ns, marks[i] - kTraceResolutionNs);
    EXPECT_LE(edges[i].t_ns, marks[i + 1] + kTraceResolutionNs);
  }
}

TEST(MarkerEdgesTest, AreReadFromTheKernelsWords) {
  const auto edges = ParseGpioTrace(
      "# tracer: nop\n"
      "  tinyjoule-runn-71      [000] .....     1.000001: gpio_value: 497 set 0\n"
      "  tinyjoule-runn-71      [000] .....     2.500000: gpio_value: 497 set 1\n"
      "            cat-80      [000] .....     2.600000: gpio_value: 497 get 1\n"
      "  tinyjoule runn-71      [000] .....     3.000002: gpio_value: 497 set 0\n");
  ASSERT_EQ(edges.size(), 2u);
  EXPECT_TRUE(edges[0].high);
  EXPECT_EQ(edges[0].t_ns, 2'500'000'000);
  EXPECT_FALSE(edges[1].high);
  EXPECT_EQ(edges[1].t_ns, 3'000'002'000);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_pi/gpio_monitor.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

constexpr char kTracing[] = "/sys/kernel/tracing/";

void WriteTracing(const std::string& name, const std::string& text) {
  std::ofstream file(kTracing + name);
  file << text << std::flush;
  EXPECT_TRUE(file.good()) << kTracing << name;
}

}  // namespace

// A line is "  program-123  [000] .....    12.345678: gpio_value: 497 set 1".
std::vector<GpioEdge> ParseGpioTrace(absl::string_view trace) {
  std::vector<GpioEdge> edges;
  for (absl::string_view line : absl::StrSplit(trace, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 5 || words[words.size() - 4] != "gpio_value:") continue;
    if (words[words.size() - 2] != "set") continue;
    double seconds = 0;
    if (!absl::SimpleAtod(absl::StripSuffix(words[words.size() - 5], ":"), &seconds)) continue;
    const bool high = words.back() == "1";
    const bool before = !edges.empty() && edges.back().high;
    if (high != before) edges.push_back({std::llround(seconds * 1e6) * 1000, high});
  }
  return edges;
}

GpioMonitor::GpioMonitor() {
  WriteTracing("trace_clock", "mono_raw");
  WriteTracing("trace", "");
  WriteTracing("events/gpio/gpio_value/enable", "1");
}

GpioMonitor::~GpioMonitor() { WriteTracing("events/gpio/gpio_value/enable", "0"); }

std::vector<GpioEdge> GpioMonitor::Edges() const {
  std::stringstream text;
  text << std::ifstream(std::string(kTracing) + "trace").rdbuf();
  return ParseGpioTrace(text.str());
}

}  // namespace tinyjoule

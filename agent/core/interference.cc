// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/interference.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/clock.h"
#include "common/base/processor_ticks.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kMaxFileBytes = 16 << 10;

std::optional<uint64_t> SwappedPages(absl::string_view vmstat) {
  std::optional<uint64_t> pages;
  for (absl::string_view line : absl::StrSplit(vmstat, '\n')) {
    uint64_t count = 0;
    if ((absl::ConsumePrefix(&line, "pswpin ") || absl::ConsumePrefix(&line, "pswpout ")) &&
        absl::SimpleAtoi(line, &count)) {
      pages = pages.value_or(0) + count;
    }
  }
  return pages;
}

int64_t Difference(uint64_t end, uint64_t begin) { return static_cast<int64_t>(end - begin); }

}  // namespace

std::optional<UsageReading> ReadUsage(FileSystem& file_system, const std::string& root,
                                      int runner_pid) {
  const auto busy = BusyTicks(file_system, root);
  const auto agent = ProcessTicks(file_system, root, "self");
  const auto runner = ProcessTicks(file_system, root, absl::StrCat(runner_pid));
  if (!busy || !agent || !runner) return std::nullopt;
  return UsageReading{
      *busy, *runner, *agent,
      SwappedPages(file_system.ReadRange(root + "/proc/vmstat", 0, kMaxFileBytes).value_or(""))};
}

void InterferenceMeter::Begin(const std::optional<UsageReading>& reading, int64_t mono_ns) {
  begin_ = reading;
  begin_ns_ = mono_ns;
}

void InterferenceMeter::End(const std::optional<UsageReading>& reading, int64_t mono_ns) {
  if (!begin_ || !reading) return;
  ++windows_;
  duration_ns_ += mono_ns - begin_ns_;
  busy_ticks_ += Difference(reading->busy_ticks, begin_->busy_ticks);
  runner_ticks_ += Difference(reading->runner_ticks, begin_->runner_ticks);
  agent_ticks_ += Difference(reading->agent_ticks, begin_->agent_ticks);
  if (reading->swapped_pages && begin_->swapped_pages) {
    swapped_pages_ = swapped_pages_.value_or(0) + *reading->swapped_pages - *begin_->swapped_pages;
  }
}

int64_t InterferenceMeter::OtherTicks() const {
  return std::max<int64_t>(busy_ticks_ - runner_ticks_ - agent_ticks_, 0);
}

double InterferenceMeter::ShareOf(int64_t ticks) const {
  return static_cast<double>(ticks) * (kNsPerSecond / kTicksPerSecond) /
         static_cast<double>(duration_ns_);
}

void InterferenceMeter::Report(v1::IsolationReport* report) const {
  if (duration_ns_ == 0) return;
  report->set_other_cpu_share(ShareOf(OtherTicks()));
  report->set_agent_cpu_share(ShareOf(agent_ticks_));
  if (swapped_pages_) report->set_swapped_pages(*swapped_pages_);
}

std::string InterferenceMeter::Describe() const {
  std::vector<std::string> causes;
  if (duration_ns_ > 0 && ShareOf(OtherTicks() - windows_ * kRoundingTicks) > kMaxOtherShare) {
    causes.push_back(absl::StrFormat("other processes used %.1f %% of one CPU during the windows",
                                     100 * ShareOf(OtherTicks())));
  }
  if (swapped_pages_.value_or(0) > 0) {
    causes.push_back(absl::StrFormat("%d pages were swapped", *swapped_pages_));
  }
  return absl::StrJoin(causes, "; ");
}

}  // namespace tinyjoule

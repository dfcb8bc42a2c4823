// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/processor_ticks.h"
#include "common/base/status.h"
#include "common/energy/rapl_counters.h"
#include "server/trainer/cost/energy_meter.h"

namespace tinyjoule {
namespace {

// Of one processor: what the daemons of a machine at rest take, and no second trainer.
constexpr double kMaxOtherShare = 0.1;
// Two counters, each rounded down at both ends.
constexpr int64_t kRoundingTicks = 2;
// More than any package takes: within such a time a counter may wrap around twice.
constexpr double kMaxPackageW = 1000;

class RaplMeter final : public EnergyMeter {
 public:
  RaplMeter(RaplCounters counters, FileSystem& files, std::string root, const Clock& clock)
      : counters_(std::move(counters)), files_(files), root_(std::move(root)), clock_(clock) {}

  std::string source() const override { return absl::StrCat("rapl:", counters_.zones()); }
  // Renewed every millisecond, and ticks of processor time last ten.
  int64_t shortest_ns() const override { return 100 * kNsPerMs; }

  absl::Status Begin() override {
    TJ_RETURN_IF_ERROR(counters_.Begin());
    begin_ns_ = last_ns_ = clock_.MonotonicNs();
    begin_ticks_ = OtherTicks();
    return absl::OkStatus();
  }

  absl::StatusOr<double> TakeJoules() override {
    int64_t energy_uj = 0;
    if (!counters_.Take(&energy_uj)) {
      return absl::UnavailableError(absl::StrCat(source(), " can no longer be read"));
    }
    const int64_t now_ns = clock_.MonotonicNs();
    const double pause_s = Seconds(std::exchange(last_ns_, now_ns), now_ns);
    if (pause_s * kMaxPackageW * 1e6 > static_cast<double>(counters_.range_uj())) {
      return absl::DataLossError(absl::StrFormat(
          "%s was not read for %.0f s and may have begun again more than once", source(), pause_s));
    }
    return static_cast<double>(energy_uj) * 1e-6;
  }

  absl::Status CheckAlone() override {
    const std::optional<int64_t> ticks = OtherTicks();
    if (!ticks || !begin_ticks_) {
      return absl::FailedPreconditionError(absl::StrCat(
          root_, "/proc/stat does not tell whether this trainer had the processor to itself"));
    }
    const double seconds = Seconds(begin_ns_, clock_.MonotonicNs());
    const int64_t others = *ticks - *begin_ticks_;
    if (SharesOf(others - kRoundingTicks, seconds) <= kMaxOtherShare) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrFormat(
        "other processes used %.0f %% of one processor, and the counter sees them all: run the "
        "coordinator with --trainers 1 and nothing else on the machine",
        100 * SharesOf(others, seconds)));
  }

 private:
  static double Seconds(int64_t from_ns, int64_t to_ns) {
    return static_cast<double>(to_ns - from_ns) / static_cast<double>(kNsPerSecond);
  }
  static double SharesOf(int64_t ticks, double seconds) {
    return static_cast<double>(ticks) / static_cast<double>(kTicksPerSecond) / seconds;
  }
  // Of every process but this one.
  std::optional<int64_t> OtherTicks() const {
    const auto busy = BusyTicks(files_, root_);
    const auto own = ProcessTicks(files_, root_, "self");
    if (!busy || !own) return std::nullopt;
    return static_cast<int64_t>(*busy - *own);
  }

  RaplCounters counters_;
  FileSystem& files_;
  const std::string root_;
  const Clock& clock_;
  int64_t begin_ns_ = 0;
  int64_t last_ns_ = 0;
  std::optional<int64_t> begin_ticks_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<EnergyMeter>> OpenRaplMeter(FileSystem& files,
                                                           const std::string& root,
                                                           const Clock& clock) {
  TJ_ASSIGN_OR_RETURN(RaplCounters counters, RaplCounters::Open(files, root, ""));
  return std::make_unique<RaplMeter>(std::move(counters), files, root, clock);
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/fit/fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr int64_t kProgressPeriodNs = 250 * kNsPerMs;

// Fisher and Yates, with an index by multiplication: the same order on every machine, which
// std::shuffle does not promise.
void Shuffle(RandomSource& random, std::vector<uint32_t>& rows) {
  for (size_t i = rows.size(); i > 1; --i) {
    const size_t j = static_cast<size_t>(((random() >> 32) * i) >> 32);
    std::swap(rows[i - 1], rows[j]);
  }
}

class Fitting {
 public:
  Fitting(TrainingEngine& engine, const FitOptions& options, RandomSource& random,
          const Clock& clock, const ProgressCallback& progress)
      : engine_(engine),
        options_(options),
        random_(random),
        clock_(clock),
        progress_(progress),
        order_(options.train_rows) {
    std::iota(order_.begin(), order_.end(), 0U);
  }

  absl::StatusOr<std::vector<v1::EpochRecord>> Run() {
    for (uint32_t epoch = 1; epoch <= options_.epochs && !stopped_; ++epoch) {
      TJ_RETURN_IF_ERROR(RunEpoch(epoch));
    }
    if (options_.patience > 0 && !best_.empty()) {
      TJ_RETURN_IF_ERROR(engine_.SetParameters(best_));
    }
    return std::move(history_);
  }

 private:
  absl::Status RunEpoch(uint32_t epoch) {
    Shuffle(random_, order_);
    const absl::Span<const uint32_t> order(order_);
    for (size_t first = 0; first < order.size(); first += options_.batch_size) {
      TJ_RETURN_IF_ERROR(engine_.Step(order.subspan(first, options_.batch_size)));
      if ((++steps_ & 63) == 0) Report(epoch);
    }
    TJ_ASSIGN_OR_RETURN(const double loss_sum, engine_.TakeLossSum());
    v1::EpochRecord record;
    record.set_epoch(epoch);
    record.set_train_loss(loss_sum / static_cast<double>(order_.size()));
    TJ_RETURN_IF_ERROR(CheckLoss(epoch, record.train_loss()));
    double watched = record.train_loss();
    if (options_.row_count > options_.train_rows) {
      TJ_ASSIGN_OR_RETURN(watched, engine_.MeanLoss(options_.train_rows, options_.row_count));
      TJ_RETURN_IF_ERROR(CheckLoss(epoch, watched));
      record.set_validation_loss(watched);
    }
    history_.push_back(record);
    Report(epoch);
    return options_.patience > 0 ? Watch(epoch, watched) : absl::OkStatus();
  }

  absl::Status CheckLoss(uint32_t epoch, double loss) const {
    if (std::isfinite(loss)) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(options_.what, ": the loss is ", loss, " in epoch ", epoch,
                     "; try a smaller learning rate (train.lr) and look for extreme values in "
                     "the data"));
  }

  absl::Status Watch(uint32_t epoch, double loss) {
    if (loss < best_loss_) {
      best_loss_ = loss;
      best_epoch_ = epoch;
      TJ_ASSIGN_OR_RETURN(best_, engine_.Parameters());
    }
    stopped_ = epoch - best_epoch_ >= options_.patience;
    return absl::OkStatus();
  }

  void Report(uint32_t epoch) {
    if (!progress_) return;
    const int64_t now_ns = clock_.MonotonicNs();
    if (last_report_ns_ != 0 && now_ns - last_report_ns_ < kProgressPeriodNs) return;
    last_report_ns_ = now_ns;
    v1::TrainingProgress progress;
    progress.set_phase(options_.phase);
    progress.set_epoch(epoch);
    progress.set_epochs(options_.epochs);
    if (!history_.empty()) {
      progress.set_train_loss(history_.back().train_loss());
      if (history_.back().has_validation_loss()) {
        progress.set_validation_loss(history_.back().validation_loss());
      }
    }
    progress.set_message(options_.what);
    progress_(progress);
  }

  TrainingEngine& engine_;
  const FitOptions& options_;
  RandomSource& random_;
  const Clock& clock_;
  const ProgressCallback& progress_;
  std::vector<uint32_t> order_;
  std::vector<v1::EpochRecord> history_;
  std::vector<float> best_;
  double best_loss_ = std::numeric_limits<double>::infinity();
  uint32_t best_epoch_ = 0;
  bool stopped_ = false;
  uint64_t steps_ = 0;
  int64_t last_report_ns_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<v1::EpochRecord>> Fit(TrainingEngine& engine, const FitOptions& options,
                                                 RandomSource& random, const Clock& clock,
                                                 const ProgressCallback& progress) {
  if (options.train_rows == 0) {
    return absl::InvalidArgumentError(absl::StrCat(options.what, ": there are no training rows"));
  }
  return Fitting(engine, options, random, clock, progress).Run();
}

}  // namespace tinyjoule

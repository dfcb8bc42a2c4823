// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/sweep_expansion.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/config/model_defaults.h"
#include "common/config/parameter_path.h"
#include "common/config/sweep_file.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

// One combination of parameter values: (path, value) in the order of the paths.
using Setting = std::pair<std::string, google::protobuf::Value>;
using Point = std::vector<Setting>;

std::vector<google::protobuf::Value> ValuesOf(const v1::ParameterRange& range) {
  if (range.has_value()) return {range.value()};
  return {range.values().begin(), range.values().end()};
}

// Protobuf maps have no order.
template <typename ProtoMap>
std::map<std::string, v1::ParameterRange> Sorted(const ProtoMap& ranges) {
  return {ranges.begin(), ranges.end()};
}

absl::Status TooMany() {
  return absl::InvalidArgumentError(absl::StrCat("the sweep has more than ", kMaxTrials,
                                                 " trials; take fewer values, folds or seeds"));
}

absl::Status AppendAxis(const std::string& path, const v1::ParameterRange& range,
                        std::vector<Point>& points) {
  const std::vector<google::protobuf::Value> values = ValuesOf(range);
  if (points.size() * values.size() > kMaxTrials) return TooMany();
  std::vector<Point> crossed;
  crossed.reserve(points.size() * values.size());
  for (const Point& point : points) {
    for (const google::protobuf::Value& value : values) {
      crossed.push_back(point);
      crossed.back().emplace_back(path, value);
    }
  }
  points = std::move(crossed);
  return absl::OkStatus();
}

// Every combination of the variant's parameters with the sweep's; the variant's vary slowest.
absl::StatusOr<std::vector<Point>> PointsOf(const v1::SweepSpec& spec,
                                            const v1::VariantSpec& variant) {
  std::vector<Point> points(1);
  for (const auto& [path, range] : Sorted(variant.parameters())) {
    TJ_RETURN_IF_ERROR(AppendAxis(path, range, points));
  }
  for (const auto& [path, range] : Sorted(spec.parameters())) {
    if (variant.parameters().contains(path)) continue;
    TJ_RETURN_IF_ERROR(AppendAxis(path, range, points));
  }
  return points;
}

bool Matches(const v1::Exclusion& exclusion, const ExpandedTrial& trial) {
  return (exclusion.variant().empty() || exclusion.variant() == trial.variant) &&
         (exclusion.model().empty() || exclusion.model() == trial.model) &&
         (!exclusion.has_fold() || exclusion.fold() == trial.fold) &&
         (!exclusion.has_seed() || exclusion.seed() == trial.seed);
}

bool IsExcluded(const v1::SweepSpec& spec, const ExpandedTrial& trial) {
  return std::any_of(spec.exclude().begin(), spec.exclude().end(),
                     [&](const v1::Exclusion& e) { return Matches(e, trial); });
}

void ResolvePrune(const v1::TrainSpec& train, v1::PruneStep& prune) {
  ApplyPruneDefaults(prune);
  if (prune.schedule() == v1::PRUNE_SCHEDULE_GRADUAL) {
    if (!prune.has_lr()) prune.set_lr(train.lr());
  } else {
    // Of another value of a swept schedule.
    prune.clear_steps();
    prune.clear_epochs();
    prune.clear_lr();
  }
}

// What the steps leave to the rest of the trial: learning rates, and the student's layers.
void ResolveSteps(v1::TrialSpec& trial) {
  for (v1::CompressStep& step : *trial.mutable_compress()) {
    if (step.has_prune()) ResolvePrune(trial.train(), *step.mutable_prune());
    if (step.has_finetune() && !step.finetune().has_lr()) {
      step.mutable_finetune()->set_lr(trial.train().lr());
    }
    if (!step.has_distill()) continue;
    v1::DistillStep& distill = *step.mutable_distill();
    if (!distill.has_lr()) distill.set_lr(trial.train().lr());
    if (distill.has_teacher()) {
      *distill.mutable_teacher() = ResolveStudent(trial.model(), distill.teacher());
    }
    *distill.mutable_student() = ResolveStudent(trial.model(), distill.student());
  }
}

absl::StatusOr<ExpandedTrial> MakeTrial(const v1::SweepSpec& spec, const v1::ModelSpec& model,
                                        const v1::VariantSpec& variant, const Point& point) {
  ExpandedTrial expanded;
  expanded.model = model.name();
  expanded.variant = variant.name();
  v1::TrialSpec& trial = expanded.trial;
  *trial.mutable_dataset() = spec.dataset();
  *trial.mutable_model() = model;
  *trial.mutable_train() = spec.train();
  *trial.mutable_compress() = variant.compress();
  for (const auto& [path, value] : point) {
    TJ_RETURN_IF_ERROR(ApplyParameter(path, value, trial));
    expanded.parameters[path] = TextOfValue(value);
  }
  ResolveSteps(trial);
  return expanded;
}

// Without fold and seed.
absl::StatusOr<std::vector<ExpandedTrial>> TrialsOfModel(const v1::SweepSpec& spec,
                                                         const v1::ModelSpec& model) {
  std::vector<ExpandedTrial> trials;
  for (const v1::VariantSpec& variant : spec.variants()) {
    TJ_ASSIGN_OR_RETURN(const std::vector<Point> points, PointsOf(spec, variant));
    if (trials.size() + points.size() > kMaxTrials) return TooMany();
    for (const Point& point : points) {
      TJ_ASSIGN_OR_RETURN(ExpandedTrial trial, MakeTrial(spec, model, variant, point));
      trials.push_back(std::move(trial));
    }
  }
  return trials;
}

uint32_t FoldCount(const v1::SweepSpec& spec) {
  const v1::SplitSpec& split = spec.dataset().split();
  return split.method() == v1::SPLIT_METHOD_HOLDOUT ? 1 : std::max(1u, split.folds());
}

}  // namespace

absl::StatusOr<std::vector<ExpandedTrial>> ExpandSweep(const v1::SweepSpec& given) {
  v1::SweepSpec spec = given;
  ApplySweepDefaults(spec);
  const size_t repeats = static_cast<size_t>(FoldCount(spec)) * spec.seeds().size();
  if (repeats > kMaxTrials) return TooMany();
  std::vector<ExpandedTrial> result;
  for (const v1::ModelSpec& model : spec.models()) {
    TJ_ASSIGN_OR_RETURN(const std::vector<ExpandedTrial> trials, TrialsOfModel(spec, model));
    if (result.size() + trials.size() * repeats > kMaxTrials) return TooMany();
    for (uint32_t fold = 0; fold < FoldCount(spec); ++fold) {
      for (const uint64_t seed : spec.seeds()) {
        for (ExpandedTrial trial : trials) {
          trial.fold = fold;
          trial.seed = seed;
          trial.trial.set_fold(fold);
          trial.trial.set_seed(seed);
          if (!IsExcluded(spec, trial)) result.push_back(std::move(trial));
        }
      }
    }
  }
  if (result.empty()) return absl::InvalidArgumentError("the sweep has no trial left");
  return result;
}

}  // namespace tinyjoule

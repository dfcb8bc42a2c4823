// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/config/parameter_path.h"
#include "common/config/sweep_check.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

// Puts what a check says about the trial's part that a parameter changed to the place of the
// parameter's value; drops the rest, which was reported without the parameter.
class ParameterReport final : public CheckReport {
 public:
  ParameterReport(std::string changed, std::string place, CheckReport& target)
      : changed_(std::move(changed)), place_(std::move(place)), target_(target) {}

  void Add(Severity severity, const std::string& path, const std::string& message) override {
    const bool is_changed = path == changed_ || absl::StartsWith(path, changed_ + ".");
    if (severity == Severity::kError && is_changed) target_.Error(place_, message);
  }
  // Only what the parameter itself sets counts as given.
  bool IsGiven(const std::string& path) const override { return path == changed_; }

 private:
  const std::string changed_;
  const std::string place_;
  CheckReport& target_;
};

void CheckValue(const std::string& parameter, const google::protobuf::Value& value,
                v1::TrialSpec trial, const std::string& place, CheckReport& report) {
  const absl::Status applied = ApplyParameter(parameter, value, trial);
  if (!applied.ok()) return report.Error(place, std::string(applied.message()));
  ParameterReport moved(parameter, place, report);
  if (absl::StartsWith(parameter, "train.")) {
    CheckTrain(trial.train(), "train", moved);
  } else if (absl::StartsWith(parameter, "model.")) {
    CheckModel(trial.model(), "model", moved);
  } else if (absl::StartsWith(parameter, "dataset.")) {
    CheckDataset(trial.dataset(), "dataset", moved);
  } else {
    v1::VariantSpec variant;
    *variant.mutable_compress() = trial.compress();
    // The paths of the steps begin with the variant's, which is empty here.
    ParameterReport steps(absl::StrCat("variant.", parameter), place, report);
    CheckSteps(variant, "variant", steps);
  }
}

bool CheckRangeForm(const v1::ParameterRange& range, const std::string& path, CheckReport& report) {
  if (range.has_min() || range.has_max() || !range.distribution().empty()) {
    report.Error(path, NotAvailable("a range of min, max and distribution",
                                    "values: [...] or value: ... with method: grid"));
    return false;
  }
  if (range.has_value() == !range.values().empty()) {
    report.Error(path, range.has_value() ? "give \"values\" or \"value\", not both"
                                         : "a parameter needs values: [...] or value: ...");
    return false;
  }
  return true;
}

void CheckRange(const std::string& parameter, const v1::ParameterRange& range,
                const v1::TrialSpec& trial, const std::string& path, CheckReport& report) {
  if (!CheckRangeForm(range, path, report)) return;
  if (range.has_value()) {
    return CheckValue(parameter, range.value(), trial, path + ".value", report);
  }
  std::set<std::string> seen;
  for (int i = 0; i < range.values_size(); ++i) {
    const std::string place = absl::StrCat(path, ".values.", i);
    CheckValue(parameter, range.values(i), trial, place, report);
    const std::string text = TextOfValue(range.values(i));
    if (!seen.insert(text).second) {
      report.Error(place, absl::StrCat("the value ", text, " stands here twice"));
    }
  }
}

using Ranges = google::protobuf::Map<std::string, v1::ParameterRange>;

void CheckRanges(const Ranges& ranges, const v1::TrialSpec& trial, const std::string& path,
                 CheckReport& report) {
  const std::map<std::string, v1::ParameterRange> sorted(ranges.begin(), ranges.end());
  for (const auto& [parameter, range] : sorted) {
    CheckRange(parameter, range, trial, absl::StrCat(path, ".", parameter), report);
  }
}

// The sweep's settings with one of its models.
v1::TrialSpec SampleTrial(const v1::SweepSpec& spec, const v1::ModelSpec& model) {
  v1::TrialSpec trial;
  *trial.mutable_dataset() = spec.dataset();
  *trial.mutable_train() = spec.train();
  *trial.mutable_model() = model;
  return trial;
}

void CheckParametersOf(const v1::ModelSpec& model, const v1::SweepSpec& spec, const Ranges& global,
                       CheckReport& report) {
  const v1::TrialSpec sample = SampleTrial(spec, model);
  CheckRanges(global, sample, "parameters", report);
  for (int i = 0; i < spec.variants_size(); ++i) {
    v1::TrialSpec trial = sample;
    *trial.mutable_compress() = spec.variants(i).compress();
    CheckRanges(spec.variants(i).parameters(), trial, absl::StrCat("variants.", i, ".parameters"),
                report);
  }
}

}  // namespace

void CheckParameters(const v1::SweepSpec& spec, CheckReport& report) {
  Ranges global;
  for (const auto& [parameter, range] : spec.parameters()) {
    if (absl::StartsWith(parameter, "compress.")) {
      report.Error(absl::StrCat("parameters.", parameter),
                   "\"compress\" belongs to a variant: put this under the variant's parameters");
    } else {
      global[parameter] = range;
    }
  }
  if (spec.models().empty()) return CheckParametersOf({}, spec, global, report);
  // An error that every model has is reported once: the report drops repetitions.
  for (const v1::ModelSpec& model : spec.models()) CheckParametersOf(model, spec, global, report);
}

}  // namespace tinyjoule

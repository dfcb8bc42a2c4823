// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/config/duration_text.h"
#include "common/config/sweep_check.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

constexpr size_t kMaxSweepName = 64;

bool IsSweepName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxSweepName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-';
         });
}

void CheckIdentity(const v1::SweepSpec& spec, CheckReport& report) {
  if (!report.IsGiven("version")) {
    report.Error("", "the file needs \"version: 1\"");
  } else if (spec.version() != 1) {
    report.Error("version", "this release reads version 1");
  }
  if (!report.IsGiven("name")) {
    report.Error("", "the sweep needs \"name\"");
  } else if (!IsSweepName(spec.name())) {
    report.Error("name", "a name is 1 to 64 of the characters a-z, 0-9 and -");
  }
  if (spec.method() != v1::SEARCH_METHOD_GRID) {
    report.Error("method", NotAvailable(absl::StrCat("method ", WordOf(spec.method())), "grid"));
  }
}

void CheckSeeds(const v1::SweepSpec& spec, CheckReport& report) {
  if (report.IsGiven("seed") && report.IsGiven("seeds")) {
    report.Error("seeds", "give \"seed\" or \"seeds\", not both");
  }
  std::set<uint64_t> seen;
  for (int i = 0; i < spec.seeds_size(); ++i) {
    if (seen.insert(spec.seeds(i)).second) continue;
    report.Error(absl::StrCat("seeds.", i), absl::StrCat("seed ", spec.seeds(i), " stands twice"));
  }
}

template <typename Items>
void CheckNames(const Items& items, const std::string& path, CheckReport& report) {
  std::set<std::string> seen;
  for (int i = 0; i < items.size(); ++i) {
    const std::string item = absl::StrCat(path, ".", i);
    const std::string& name = items[i].name();
    if (name.empty()) {
      if (!report.IsGiven(item + ".name")) report.Error(item, "\"name\" is missing here");
    } else if (!IsValidName(name)) {
      report.Error(item + ".name", "a name is 1 to 64 of the characters A-Z, a-z, 0-9, . _ and -");
    } else if (!seen.insert(name).second) {
      report.Error(item + ".name", absl::StrCat("the name \"", name, "\" is taken already"));
    }
  }
}

void CheckModels(const v1::SweepSpec& spec, CheckReport& report) {
  if (spec.models().empty()) {
    return report.Error(report.IsGiven("models") ? "models" : "",
                        "the sweep needs \"models\", at least one");
  }
  CheckNames(spec.models(), "models", report);
  for (int i = 0; i < spec.models_size(); ++i) {
    const std::string path = absl::StrCat("models.", i);
    CheckModel(spec.models(i), path, report);
    if (spec.models(i).has_prototypes()) {
      report.Error(path + ".prototypes",
                   "prototypes are what a student stores; a model stores every training row");
    }
  }
}

void CheckVariants(const v1::SweepSpec& spec, CheckReport& report) {
  CheckNames(spec.variants(), "variants", report);
  for (int i = 0; i < spec.variants_size(); ++i) {
    CheckSteps(spec.variants(i), absl::StrCat("variants.", i), report);
  }
}

template <typename Items>
void CheckKnown(const Items& items, const std::string& name, const std::string& what,
                const std::string& path, CheckReport& report) {
  if (name.empty()) return;
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(item.name());
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  report.Error(path,
               absl::StrCat("there is no ", what, " \"", name, "\"", DidYouMean(name, names)));
}

void CheckExclusions(const v1::SweepSpec& spec, CheckReport& report) {
  for (int i = 0; i < spec.exclude_size(); ++i) {
    const v1::Exclusion& exclusion = spec.exclude(i);
    const std::string path = absl::StrCat("exclude.", i);
    if (exclusion.ByteSizeLong() == 0) {
      report.Error(path, "an exclusion without keys would leave out every trial");
    }
    CheckKnown(spec.variants(), exclusion.variant(), "variant", path + ".variant", report);
    CheckKnown(spec.models(), exclusion.model(), "model", path + ".model", report);
    const bool holdout = spec.dataset().split().method() == v1::SPLIT_METHOD_HOLDOUT;
    const uint32_t folds = holdout ? 1 : spec.dataset().split().folds();
    if (exclusion.has_fold() && exclusion.fold() >= folds) {
      report.Error(path + ".fold", absl::StrCat("folds are numbered from 0 to ", folds - 1));
    }
    const auto& seeds = spec.seeds();
    if (exclusion.has_seed() &&
        std::find(seeds.begin(), seeds.end(), exclusion.seed()) == seeds.end()) {
      report.Error(path + ".seed", absl::StrCat("no trial has the seed ", exclusion.seed()));
    }
  }
}

void CheckEngines(const v1::MeasureSpec& measure, CheckReport& report) {
  std::set<int> seen;
  for (int i = 0; i < measure.engine_size(); ++i) {
    const std::string path = absl::StrCat("measure.engine.", i);
    if (!seen.insert(measure.engine(i)).second) {
      report.Error(path, absl::StrCat("the engine ", WordOf(measure.engine(i)), " stands twice"));
    }
    if (measure.engine(i) == v1::ENGINE_REFERENCE && measure.threads() > 1) {
      report.Error("measure.threads", "the engine reference has one thread");
    }
  }
}

bool LeavesZeros(const v1::VariantSpec& variant) {
  return std::any_of(
      variant.compress().begin(), variant.compress().end(), [](const v1::CompressStep& step) {
        return step.has_prune() && step.prune().scope() != v1::PRUNE_SCOPE_STRUCTURED;
      });
}

void CheckSparseEngine(const v1::SweepSpec& spec, CheckReport& report) {
  const auto& engines = spec.measure().engine();
  const auto sparse = std::find(engines.begin(), engines.end(), v1::ENGINE_SPARSE);
  if (sparse == engines.end()) return;
  if (std::any_of(spec.variants().begin(), spec.variants().end(), LeavesZeros)) return;
  report.Warning(absl::StrCat("measure.engine.", sparse - engines.begin()),
                 "the engine sparse does what xnnpack does: no variant prunes with scope: "
                 "unstructured, and other zeros are few");
}

// "none", VARIANT or MODEL/VARIANT.
void CheckReference(const v1::SweepSpec& spec, CheckReport& report) {
  const std::string& reference = spec.measure().reference();
  if (reference == "none") return;
  const size_t slash = reference.find('/');
  const std::string variant = slash == std::string::npos ? reference : reference.substr(slash + 1);
  const std::string model = slash == std::string::npos ? "" : reference.substr(0, slash);
  CheckKnown(spec.models(), model, "model", "measure.reference", report);
  CheckKnown(spec.variants(), variant, "variant", "measure.reference", report);
}

void CheckCount(uint32_t value, uint32_t most, const std::string& path, CheckReport& report) {
  if (value >= 1 && value <= most) return;
  report.Error(path, absl::StrCat(path.substr(path.rfind('.') + 1), " is from 1 to ", most));
}

}  // namespace

void CheckMeasurement(const v1::SweepSpec& spec, CheckReport& report) {
  const v1::MeasureSpec& measure = spec.measure();
  CheckEngines(measure, report);
  CheckSparseEngine(spec, report);
  CheckReference(spec, report);
  CheckCount(measure.threads(), 256, "measure.threads", report);
  CheckCount(measure.repeat(), 10'000, "measure.repeat", report);
  CheckCount(measure.window().count(), 10'000, "measure.window.count", report);
  if (DurationToNs(measure.window().min_duration()) <= 0) {
    report.Error("measure.window.min_duration", "a window is longer than 0s");
  }
  const v1::WarmupSpec& warmup = measure.warmup();
  if (DurationToNs(warmup.max_duration()) < DurationToNs(warmup.min_duration())) {
    report.Error("measure.warmup.max_duration",
                 absl::StrCat("max_duration is shorter than min_duration, which is ",
                              FormatDurationText(warmup.min_duration())));
  }
  const v1::CooldownSpec& cooldown = measure.cooldown();
  if (DurationToNs(cooldown.timeout()) < DurationToNs(cooldown.min())) {
    report.Error("measure.cooldown.timeout", absl::StrCat("timeout is shorter than min, which is ",
                                                          FormatDurationText(cooldown.min())));
  }
  if (cooldown.has_until_temp_c() &&
      !(cooldown.until_temp_c() > 0 && cooldown.until_temp_c() < 120)) {
    report.Error("measure.cooldown.until_temp_c", "until_temp_c is between 0 and 120");
  }
  if (spec.power().required() && spec.power().source() == v1::POWER_SOURCE_NONE) {
    report.Error("power.required", "power.source: none measures no power, so none can be required");
  }
  if (spec.emissions().has_grid_gco2e_per_kwh() && spec.emissions().grid_gco2e_per_kwh() < 0) {
    report.Error("emissions.grid_gco2e_per_kwh", "grid_gco2e_per_kwh is at least 0");
  }
}

void CheckSweep(const v1::SweepSpec& spec, CheckReport& report) {
  CheckIdentity(spec, report);
  CheckSeeds(spec, report);
  if (report.IsGiven("dataset")) {
    CheckDataset(spec.dataset(), "dataset", report);
  } else {
    report.Error("", "the sweep needs \"dataset\"");
  }
  CheckModels(spec, report);
  CheckTrain(spec.train(), "train", report);
  CheckLearning(spec, report);
  CheckVariants(spec, report);
  CheckParameters(spec, report);
  CheckExclusions(spec, report);
  CheckCombinations(spec, report);
  CheckMeasurement(spec, report);
}

}  // namespace tinyjoule

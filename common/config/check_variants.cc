// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/names.h"
#include "common/config/check_distill.h"
#include "common/config/check_prune.h"
#include "common/config/check_quantize.h"
#include "common/config/model_defaults.h"
#include "common/config/sweep_check.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

void CheckFinetune(const v1::FinetuneStep& finetune, const std::string& path, CheckReport& report) {
  if (finetune.epochs() < 1) report.Error(path + ".epochs", "epochs is at least 1");
  if (finetune.has_lr() && !(finetune.lr() > 0)) report.Error(path + ".lr", "lr is above 0");
}

void CheckStep(const v1::CompressStep& step, const std::set<std::string>& swept,
               const std::string& path, CheckReport& report) {
  switch (step.step_case()) {
    case v1::CompressStep::kPrune:
      return CheckPrune(step.prune(), swept, path + ".prune", report);
    case v1::CompressStep::kFinetune:
      return CheckFinetune(step.finetune(), path + ".finetune", report);
    case v1::CompressStep::kQuantize:
      return CheckQuantize(step.quantize(), path + ".quantize", report);
    case v1::CompressStep::kDistill:
      return CheckDistill(step.distill(), path + ".distill", report);
    case v1::CompressStep::kCluster:
      return CheckCluster(step.cluster(), path + ".cluster", report);
    case v1::CompressStep::STEP_NOT_SET:
      return report.Error(path,
                          "the step is empty; it wants prune, finetune, quantize, distill "
                          "or cluster");
  }
}

bool Has(const v1::VariantSpec& variant, v1::CompressStep::StepCase kind) {
  return std::any_of(variant.compress().begin(), variant.compress().end(),
                     [&](const v1::CompressStep& step) { return step.step_case() == kind; });
}

// Why a step makes no sense once weights share their values; else empty.
std::string RefusedBehindCluster(const v1::CompressStep& step) {
  if (step.has_cluster()) return "the weights are clustered already";
  if (step.has_prune()) {
    return "pruning takes clusters apart; prune first, then cluster what is left";
  }
  return "";
}

void CheckOrder(const v1::VariantSpec& variant, const std::string& path, CheckReport& report) {
  int quantize_steps = 0;
  bool clustered = false;
  for (int i = 0; i < variant.compress_size(); ++i) {
    const v1::CompressStep& step = variant.compress(i);
    const std::string at = absl::StrCat(path, ".compress.", i);
    if (quantize_steps > 0 && step.step_case() != v1::CompressStep::STEP_NOT_SET) {
      report.Error(at, step.has_quantize() ? "the model is quantised already"
                                           : "nothing can follow quantize: whole numbers cannot be "
                                             "trained or pruned; move quantize to the end");
    }
    if (step.has_quantize()) ++quantize_steps;
    if (clustered) {
      const std::string refused = RefusedBehindCluster(step);
      if (!refused.empty()) report.Error(at, refused);
    }
    clustered |= step.has_cluster();
    if (step.has_distill() && i > 0) {
      report.Error(at, "distill starts from a new student, so it must be the first step");
    }
  }
}

// What stands behind `prefix` in the paths of the variant's parameters.
std::set<std::string> SweptKeys(const v1::VariantSpec& variant, const std::string& prefix) {
  std::set<std::string> keys;
  for (const auto& [parameter, range] : variant.parameters()) {
    absl::string_view key = parameter;
    if (absl::ConsumePrefix(&key, prefix)) keys.insert(std::string(key));
  }
  return keys;
}

std::string ExcludeHint(const v1::VariantSpec& variant, const v1::ModelSpec& model) {
  return absl::StrCat("; leave the pair out with exclude: [{variant: ", variant.name(),
                      ", model: ", model.name(), "}]");
}

// Why this step cannot be done to a tinyknn, whose parameters are its stored points; else empty.
std::string RefusedByKnn(const v1::CompressStep& step) {
  if (step.has_finetune()) return "a tinyknn is not trained, so it cannot be fine-tuned";
  if (step.has_cluster()) {
    return "a tinyknn has no weights to cluster; prune its points, or distill it into prototypes";
  }
  if (step.has_quantize()) return QuantizeRefusedByKnn(step.quantize());
  return step.has_prune() ? PruneRefusedByKnn(step.prune()) : "";
}

// Why this step cannot be done to the model; else empty.
std::string Refused(const v1::CompressStep& step, const v1::ModelSpec& model) {
  if (step.has_distill()) return DistillRefused(step.distill(), model);
  if (model.type() == v1::MODEL_TYPE_TINYKNN) return RefusedByKnn(step);
  return step.has_prune() ? PruneRefusedByNetwork(step.prune()) : "";
}

bool IsExcludedPair(const v1::SweepSpec& spec, const v1::VariantSpec& variant,
                    const v1::ModelSpec& model) {
  return std::any_of(spec.exclude().begin(), spec.exclude().end(), [&](const v1::Exclusion& e) {
    return !e.has_fold() && !e.has_seed() &&
           (e.variant().empty() || e.variant() == variant.name()) &&
           (e.model().empty() || e.model() == model.name());
  });
}

void CheckPair(const v1::VariantSpec& variant, const std::string& path, const v1::ModelSpec& model,
               CheckReport& report) {
  // What the steps before have left.
  v1::ModelSpec at = model;
  for (int i = 0; i < variant.compress_size(); ++i) {
    const v1::CompressStep& step = variant.compress(i);
    const std::string refused = Refused(step, at);
    if (step.has_distill()) at = StudentOf(step.distill(), model);
    if (refused.empty()) continue;
    report.Error(absl::StrCat(path, ".compress.", i),
                 absl::StrCat("model ", model.name(), ": ", refused, ExcludeHint(variant, model)));
    return;
  }
}

// What only our own training loops do.
void CheckDevice(const v1::VariantSpec& variant, const std::string& path,
                 const v1::TrainSpec& train, CheckReport& report) {
  if (train.device() != v1::DEVICE_CUDA) return;
  for (int i = 0; i < variant.compress_size(); ++i) {
    const v1::CompressStep& step = variant.compress(i);
    const std::string at = absl::StrCat(path, ".compress.", i);
    constexpr const char* kInstead =
        " trains on the processor, and train.device is cuda; use device: cpu";
    if (step.quantize().mode() == v1::QUANTIZE_MODE_QAT) {
      report.Error(at + ".quantize.mode", absl::StrCat("mode qat", kInstead));
    }
    if (step.has_distill() && step.distill().kind() != v1::DISTILL_KIND_RESPONSE) {
      report.Error(at + ".distill.kind",
                   absl::StrCat("kind ", WordOf(step.distill().kind()), kInstead));
    }
  }
}

}  // namespace

void CheckSteps(const v1::VariantSpec& variant, const std::string& path, CheckReport& report) {
  for (int i = 0; i < variant.compress_size(); ++i) {
    const std::string step = absl::StrCat("compress.", i);
    CheckStep(variant.compress(i), SweptKeys(variant, step + ".prune."),
              absl::StrCat(path, ".", step), report);
  }
  CheckOrder(variant, path, report);
  if (Has(variant, v1::CompressStep::kFinetune) && !Has(variant, v1::CompressStep::kPrune) &&
      !Has(variant, v1::CompressStep::kDistill) && !Has(variant, v1::CompressStep::kCluster)) {
    report.Warning(path + ".compress", "finetune follows no prune: it only trains for longer");
  }
}

void CheckCombinations(const v1::SweepSpec& spec, CheckReport& report) {
  for (int i = 0; i < spec.variants_size(); ++i) {
    const v1::VariantSpec& variant = spec.variants(i);
    CheckDevice(variant, absl::StrCat("variants.", i), spec.train(), report);
    for (const v1::ModelSpec& model : spec.models()) {
      if (IsExcludedPair(spec, variant, model)) continue;
      CheckPair(variant, absl::StrCat("variants.", i), model, report);
    }
  }
}

}  // namespace tinyjoule

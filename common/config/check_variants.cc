// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/names.h"
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

void CheckStudent(const v1::DistillStep& distill, const std::string& path, CheckReport& report) {
  if (!distill.has_student()) {
    return report.Error(path, "distill needs \"student\", the smaller model");
  }
  const v1::ModelSpec student = ResolveStudent({}, distill.student());
  if (student.type() == v1::MODEL_TYPE_TINYKNN || student.type() == v1::MODEL_TYPE_ONNX) {
    report.Error(path + ".student.type", "a student is trained: its type is tinycnn or tinymlp");
  } else if (student.type() != v1::MODEL_TYPE_UNSPECIFIED) {
    CheckModel(student, path + ".student", report);
  }
}

void CheckDistill(const v1::DistillStep& distill, const std::string& path, CheckReport& report) {
  if (distill.kind() != v1::DISTILL_KIND_RESPONSE) {
    report.Error(path + ".kind",
                 NotAvailable(absl::StrCat("distill kind ", WordOf(distill.kind())), "response"));
  }
  CheckStudent(distill, path, report);
  if (!(distill.alpha() >= 0 && distill.alpha() <= 1)) {
    report.Error(path + ".alpha", "alpha is from 0 to 1");
  }
  if (!(distill.temperature() > 0)) report.Error(path + ".temperature", "temperature is above 0");
  if (distill.epochs() < 1) report.Error(path + ".epochs", "epochs is at least 1");
  if (distill.has_lr() && !(distill.lr() > 0)) report.Error(path + ".lr", "lr is above 0");
}

// Keys that the format has and this version does not honour: never silently ignored.
constexpr const char* kUnavailableKeys[] = {"distill.teacher", "distill.beta"};

void CheckAvailable(const std::string& path, CheckReport& report) {
  for (const char* key : kUnavailableKeys) {
    const std::string at = absl::StrCat(path, ".", key);
    if (report.IsGiven(at))
      report.Error(at, absl::StrCat(key, " is not available in this version"));
  }
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
      return report.Error(path, NotAvailable("cluster", "prune, finetune, quantize and distill"));
    case v1::CompressStep::STEP_NOT_SET:
      return report.Error(path, "the step is empty; it wants prune, finetune, quantize or distill");
  }
}

bool Has(const v1::VariantSpec& variant, v1::CompressStep::StepCase kind) {
  return std::any_of(variant.compress().begin(), variant.compress().end(),
                     [&](const v1::CompressStep& step) { return step.step_case() == kind; });
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
    if (step.has_cluster()) clustered = true;
    if (step.has_prune() && clustered) {
      report.Error(at, "pruning takes clusters apart; prune first, then cluster what is left");
    }
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
  if (step.has_distill()) {
    return NotAvailable("distillation of a tinyknn", "random pruning and int8 of its points");
  }
  if (step.has_quantize()) return QuantizeRefusedByKnn(step.quantize());
  return step.has_prune() ? PruneRefusedByKnn(step.prune()) : "";
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
  for (int i = 0; i < variant.compress_size(); ++i) {
    const v1::CompressStep& step = variant.compress(i);
    std::string refused;
    if (model.type() == v1::MODEL_TYPE_TINYKNN) {
      refused = RefusedByKnn(step);
    } else if (step.has_prune()) {
      refused = PruneRefusedByNetwork(step.prune());
    }
    if (refused.empty()) continue;
    report.Error(absl::StrCat(path, ".compress.", i),
                 absl::StrCat("model ", model.name(), ": ", refused, ExcludeHint(variant, model)));
    return;
  }
}

// Fake quantisation is in our own training loops only.
void CheckDevice(const v1::VariantSpec& variant, const std::string& path,
                 const v1::TrainSpec& train, CheckReport& report) {
  if (train.device() != v1::DEVICE_CUDA) return;
  for (int i = 0; i < variant.compress_size(); ++i) {
    if (variant.compress(i).quantize().mode() != v1::QUANTIZE_MODE_QAT) continue;
    report.Error(absl::StrCat(path, ".compress.", i, ".quantize.mode"),
                 "mode qat trains on the processor, and train.device is cuda; use device: cpu");
  }
}

}  // namespace

void CheckSteps(const v1::VariantSpec& variant, const std::string& path, CheckReport& report) {
  for (int i = 0; i < variant.compress_size(); ++i) {
    const std::string step = absl::StrCat("compress.", i);
    CheckStep(variant.compress(i), SweptKeys(variant, step + ".prune."),
              absl::StrCat(path, ".", step), report);
    CheckAvailable(absl::StrCat(path, ".", step), report);
  }
  CheckOrder(variant, path, report);
  if (Has(variant, v1::CompressStep::kFinetune) && !Has(variant, v1::CompressStep::kPrune) &&
      !Has(variant, v1::CompressStep::kDistill)) {
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

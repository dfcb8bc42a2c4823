// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/check_prune.h"

#include "absl/strings/str_cat.h"
#include "common/base/names.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kMaxSteps = 1'000;

void CheckSparsity(const v1::PruneStep& prune, const std::set<std::string>& swept,
                   const std::string& path, CheckReport& report) {
  if (!prune.has_sparsity()) {
    if (swept.count("sparsity") == 0 && !report.IsGiven(path + ".sparsity")) {
      report.Error(path, "prune needs \"sparsity\", here or among the variant's parameters");
    }
  } else if (!(prune.sparsity() >= 0 && prune.sparsity() < 1)) {
    report.Error(path + ".sparsity",
                 absl::StrCat("sparsity is at least 0 and below 1, not ", prune.sparsity()));
  }
}

void CheckOneShot(const std::string& path, CheckReport& report) {
  for (const char* key : {"steps", "epochs", "lr"}) {
    const std::string place = absl::StrCat(path, ".", key);
    if (!report.IsGiven(place)) continue;
    report.Error(place, absl::StrCat("\"", key,
                                     "\" belongs to schedule: gradual; behind pruning at once "
                                     "comes a step of its own, finetune"));
  }
}

void CheckGradual(const v1::PruneStep& prune, const std::string& path, CheckReport& report) {
  if (prune.steps() < 1 || prune.steps() > kMaxSteps) {
    report.Error(path + ".steps", absl::StrCat("steps is from 1 to ", kMaxSteps));
  } else if (prune.epochs() < prune.steps()) {
    const std::string place = report.IsGiven(path + ".epochs") ? ".epochs" : ".steps";
    report.Error(path + place, absl::StrCat("each of ", prune.steps(),
                                            " steps is followed by at least one epoch, but epochs "
                                            "is ",
                                            prune.epochs()));
  }
  if (prune.has_lr() && !(prune.lr() > 0)) report.Error(path + ".lr", "lr is above 0");
}

void CheckRounding(const v1::PruneStep& prune, const std::set<std::string>& swept,
                   const std::string& path, CheckReport& report) {
  if (!prune.has_round_to()) return;
  if (prune.round_to() < 1) report.Error(path + ".round_to", "round_to is at least 1");
  if (prune.scope() != v1::PRUNE_SCOPE_STRUCTURED && swept.count("scope") == 0) {
    report.Error(path + ".round_to",
                 "\"round_to\" is for the channels of scope: structured; unstructured pruning "
                 "leaves every channel");
  }
}

}  // namespace

void CheckPrune(const v1::PruneStep& prune, const std::set<std::string>& swept,
                const std::string& path, CheckReport& report) {
  CheckSparsity(prune, swept, path, report);
  CheckRounding(prune, swept, path, report);
  if (prune.schedule() == v1::PRUNE_SCHEDULE_GRADUAL) {
    CheckGradual(prune, path, report);
  } else if (swept.count("schedule") == 0) {
    CheckOneShot(path, report);
  }
}

std::string PruneRefusedByNetwork(const v1::PruneStep& prune) {
  if (prune.criterion() != v1::PRUNE_CRITERION_ERROR) return "";
  return "criterion: error is for the stored points of a tinyknn; a network is pruned by random, "
         "l1 or l2";
}

std::string PruneRefusedByKnn(const v1::PruneStep& prune) {
  if (prune.scope() == v1::PRUNE_SCOPE_STRUCTURED) {
    return "a tinyknn has no channels that structured pruning could remove; its stored points are "
           "pruned with scope: unstructured, criterion: random or error";
  }
  if (prune.criterion() != v1::PRUNE_CRITERION_RANDOM &&
      prune.criterion() != v1::PRUNE_CRITERION_ERROR) {
    return absl::StrCat("the stored points of a tinyknn have no ", WordOf(prune.criterion()),
                        " weight; they are pruned with criterion: random or error");
  }
  if (prune.allocation() == v1::PRUNE_ALLOCATION_GLOBAL) {
    return "allocation: global compares layers, and a tinyknn has none";
  }
  if (prune.schedule() == v1::PRUNE_SCHEDULE_GRADUAL) {
    return "schedule: gradual fine-tunes between its steps, and a tinyknn is not trained";
  }
  return "";
}

}  // namespace tinyjoule

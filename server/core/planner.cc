// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/planner.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "common/config/sweep_expansion.h"
#include "server/core/ledger.h"

namespace tinyjoule {
namespace {

class Planner {
 public:
  explicit Planner(const SweepRecord& sweep) : sweep_(sweep) {}

  absl::StatusOr<Plan> Run() {
    TJ_ASSIGN_OR_RETURN(const auto expanded, ExpandSweep(sweep_.spec));
    for (const ExpandedTrial& trial : expanded) AddTrial(trial);
    return std::move(plan_);
  }

 private:
  void AddTrial(const ExpandedTrial& trial) {
    const bool taught =
        trial.trial.compress_size() > 0 && trial.trial.compress(0).distill().has_teacher();
    std::string task_id = AddTask(v1::TASK_KIND_BASE, BaseTrial(trial.trial),
                                  absl::StrCat(taught ? "teacher of " : "", trial.model), "");
    if (FinalTaskKind(trial.trial) == v1::TASK_KIND_COMPRESS) {
      task_id = AddTask(v1::TASK_KIND_COMPRESS, trial.trial,
                        TrialLabel(trial.model, trial.variant, trial.parameters), task_id);
    }
    TrialRecord record;
    record.position = static_cast<uint32_t>(plan_.trials.size());
    record.sweep_id = sweep_.sweep_id;
    record.trial_id = absl::StrFormat("%s-t%05d", sweep_.sweep_id, record.position);
    record.task_id = std::move(task_id);
    record.summary = Summarize(trial, record);
    plan_.trials.push_back(std::move(record));
  }

  v1::TrialSummary Summarize(const ExpandedTrial& trial, const TrialRecord& record) const {
    v1::TrialSummary summary;
    summary.set_trial_id(record.trial_id);
    summary.set_sweep_id(record.sweep_id);
    summary.set_model(trial.model);
    summary.set_variant(trial.variant);
    summary.set_fold(trial.fold);
    summary.set_seed(trial.seed);
    for (const auto& [path, value] : trial.parameters) {
      (*summary.mutable_parameters())[path] = value;
    }
    return summary;
  }

  // The id of the task, which is made when it is new.
  std::string AddTask(v1::TaskKind kind, const v1::TrialSpec& trial, const std::string& what,
                      const std::string& depends_on) {
    const std::vector<v1::InputFile> inputs = InputsOfTrial(trial, sweep_.inputs);
    std::string id = TaskContentHash(kind, trial, inputs);
    if (!known_.insert(id).second) return id;
    TaskRecord record;
    record.task_id = id;
    record.depends_on = depends_on;
    record.state = v1::TASK_STATE_WAITING;
    record.label = absl::StrCat(what, " / fold ", trial.fold(), " / seed ", trial.seed());
    record.task.set_task_id(id);
    record.task.set_kind(kind);
    *record.task.mutable_trial() = trial;
    for (const v1::InputFile& input : inputs) *record.task.add_inputs() = input;
    plan_.tasks.push_back(std::move(record));
    return id;
  }

  const SweepRecord& sweep_;
  std::set<std::string> known_;
  Plan plan_;
};

bool Covers(const ReferencedFile& wanted, const v1::InputFile& input) {
  return input.name() == wanted.name ||
         (!wanted.folder_files.empty() && absl::StartsWith(input.name(), wanted.name + "/"));
}

}  // namespace

absl::StatusOr<Plan> PlanSweep(const SweepRecord& sweep) { return Planner(sweep).Run(); }

std::string TwinWithFloatEnds(const v1::TrainingTask& task) {
  v1::TrialSpec trial = task.trial();
  if (task.kind() != v1::TASK_KIND_COMPRESS || trial.compress_size() == 0) return "";
  v1::ModelType type = trial.model().type();
  for (const v1::CompressStep& step : trial.compress()) {
    if (step.distill().has_student()) type = step.distill().student().type();
  }
  v1::QuantizeStep& last = *trial.mutable_compress()->rbegin()->mutable_quantize();
  const bool calibrates =
      last.mode() == v1::QUANTIZE_MODE_STATIC || last.mode() == v1::QUANTIZE_MODE_QAT;
  // Points have no ends to choose.
  const bool has_ends = type != v1::MODEL_TYPE_TINYKNN;
  if (!has_ends || !calibrates || last.io() != v1::QUANTIZED_IO_INT8) return "";
  last.set_io(v1::QUANTIZED_IO_FLOAT32);
  return TaskContentHash(task.kind(), trial, {task.inputs().begin(), task.inputs().end()});
}

std::vector<std::string> UnsentFiles(const v1::SweepSpec& spec,
                                     const std::vector<v1::InputFile>& inputs) {
  std::vector<std::string> messages;
  for (const ReferencedFile& wanted : ReferencedFiles(spec)) {
    const bool sent = std::any_of(inputs.begin(), inputs.end(), [&](const v1::InputFile& input) {
      return Covers(wanted, input);
    });
    if (!sent) {
      messages.push_back(absl::StrCat("the sweep names \"", wanted.name,
                                      "\", and the request lists no such file"));
    }
  }
  return messages;
}

}  // namespace tinyjoule

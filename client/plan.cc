// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/commands.h"
#include "client/sweep_input.h"
#include "client/words.h"
#include "common/config/sweep_expansion.h"

namespace tinyjoule {
namespace {

struct PlanOptions {
  std::string file;
  std::vector<std::string> overrides;
};

v1::CreateSweepResponse OfflinePlan(const std::vector<ExpandedTrial>& trials) {
  v1::CreateSweepResponse plan;
  for (const ExpandedTrial& trial : trials) {
    v1::TrialSummary* summary = plan.add_trials();
    summary->set_model(trial.model);
    summary->set_variant(trial.variant);
    summary->set_fold(trial.fold);
    summary->set_seed(trial.seed);
    for (const auto& [path, value] : trial.parameters) {
      (*summary->mutable_parameters())[path] = value;
    }
  }
  return plan;
}

Table PlanTable(const v1::CreateSweepResponse& plan) {
  Table table({"model", "variant", "parameters", "fold", "seed"});
  for (const v1::TrialSummary& trial : plan.trials()) {
    table.AddRow({trial.model(), trial.variant(), ParametersText(trial.parameters()),
                  absl::StrCat(trial.fold()), absl::StrCat(trial.seed())});
  }
  return table;
}

// What only a coordinator knows. Without one the plan stays offline, and says so.
int AskCoordinator(Session& session, const SweepInput& input,
                   const std::vector<std::string>& overrides, v1::CreateSweepResponse& plan) {
  v1::CreateSweepRequest request;
  request.set_sweep_yaml(input.yaml);
  request.set_file_name(input.file_name);
  request.set_validate_only(true);
  for (const std::string& text : overrides) request.add_overrides(text);
  const auto files = CollectFiles(input);
  if (!files.ok()) return Fail(session, kExitUsage, files.status().message());
  for (v1::InputFile file : *files) {
    file.clear_local_path();
    *request.add_files() = std::move(file);
  }
  session.connection.set_timeout_ns(5'000'000'000);
  const auto answer = session.connection.Call(&v1::SweepService::Stub::CreateSweep, request);
  std::ostream& err = session.console.err;
  if (absl::IsUnavailable(answer.status())) {
    err << "no coordinator at " << session.connection.address()
        << ": matching agents and hours are not known\n";
    return kExitOk;
  }
  if (!answer.ok()) return Fail(session, answer.status());
  plan = *answer;
  for (const std::string& warning : plan.warnings()) err << "warning: " << warning << "\n";
  if (plan.matching_agents().empty()) return Fail(session, kExitCannotBePlaced, "no agent matches");
  err << "agents: " << absl::StrJoin(plan.matching_agents(), ", ") << "\n"
      << "estimated: " << DurationText(plan.estimated_hours() * 3600) << "\n";
  return kExitOk;
}

int Plan(Session& session, const PlanOptions& options) {
  const auto input = ReadSweep(session, options.file, options.overrides);
  if (!input.ok()) return Fail(session, kExitUsage, input.status().message());
  if (!input->parsed.ok()) return kExitUsage;
  const auto trials = ExpandSweep(input->parsed.spec);
  if (!trials.ok()) return Fail(session, trials.status());
  v1::CreateSweepResponse plan = OfflinePlan(*trials);
  const int code = AskCoordinator(session, *input, options.overrides, plan);
  if (code != kExitOk && code != kExitCannotBePlaced) return code;
  WriteAnswer(session.console, session.format, PlanTable(plan), plan);
  session.console.err << trials->size() << " trials\n";
  return code;
}

}  // namespace

void AddPlan(CLI::App& root, Command& chosen) {
  const auto options = std::make_shared<PlanOptions>();
  CLI::App* verb = root.add_subcommand(
      "plan", "The trials of a sweep and, with a coordinator, agents and hours; submits nothing");
  verb->add_option("FILE", options->file, "sweep.yaml; - is standard input")->required();
  verb->add_option("--set", options->overrides, "path=value, as if the file said so; repeatable")
      ->allow_extra_args(false);
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return Plan(session, *options); };
  });
}

}  // namespace tinyjoule

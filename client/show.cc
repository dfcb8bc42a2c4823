// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands.h"
#include "client/pages.h"
#include "client/size_text.h"
#include "client/tables.h"
#include "client/words.h"
#include "common/energy/flag_catalog.h"

namespace tinyjoule {
namespace {

// As YAML for people, unless a format for programs is asked for.
void PrintFacts(const Session& session, const google::protobuf::Message& message) {
  switch (session.format) {
    case OutputFormat::kJson:
      session.console.out << ToJson(message);
      return;
    case OutputFormat::kYaml:
      session.console.out << ToYaml(message);
      return;
    default:
      session.console.out << ToYaml(message, Facts::kTelling);
  }
}

// The same for a trial or run; people get the calibration as a table behind the other facts.
template <typename Message>
void PrintWithOutcome(const Session& session, Message message) {
  if (session.format == OutputFormat::kJson || session.format == OutputFormat::kYaml) {
    return PrintFacts(session, message);
  }
  const v1::TrainingOutcome outcome = message.outcome();
  if (message.has_outcome()) message.mutable_outcome()->clear_calibration();
  PrintFacts(session, message);
  if (outcome.calibration().empty()) return;
  session.console.out << "\nquantisation of each layer (docs/quantisation.md):\n";
  QuantizationTable(outcome).WriteText(session.console);
}

std::string WithUncertainty(const std::string& value, bool known, double combined_uj,
                            double systematic_uj) {
  if (!known) return value;
  return absl::StrFormat("%s, standard uncertainty %.3g uJ (%.3g uJ of it systematic)", value,
                         combined_uj, systematic_uj);
}

// The two figures that people come for, in words.
void TellEnergy(const Console& console, const v1::Run& run) {
  const v1::EnergySummary& energy = run.assembly().energy();
  if (!energy.has_energy_per_inference_uj()) return;
  const v1::UncertaintyBudget& budget = energy.uncertainty();
  const char* simulated = run.result().sensor().simulated() ? " SIMULATED" : "";
  console.err << "energy per inference: "
              << WithUncertainty(Number(energy.energy_per_inference_uj()) + " uJ",
                                 energy.has_uncertainty(), budget.combined_uj(),
                                 budget.systematic_uj())
              << simulated << "\n";
  const std::string net = NetEnergyText(energy, " uJ");
  if (net.empty()) return;
  console.err << "above idle: "
              << WithUncertainty(net, budget.has_combined_net_uj(), budget.combined_net_uj(),
                                 budget.systematic_net_uj())
              << simulated << "\n";
}

void ExplainFlags(const Console& console, const v1::Run& run) {
  for (const v1::Flag& flag : run.assembly().flags()) {
    console.err << Painted(console, flag.fatal() ? Colour::kRed : Colour::kYellow, flag.name())
                << (flag.fatal() ? " (fatal)" : "") << ": " << flag.detail() << "\n";
    const FlagDescription* description = FindFlag(flag.name());
    if (description != nullptr) {
      console.err << "    " << description->meaning << " " << description->advice << "\n";
    }
  }
  if (!run.result().energy_absent_reason().empty()) {
    console.err << "no energy: " << run.result().energy_absent_reason() << "\n";
  }
}

// Each finder answers whether there is such a thing, and prints it.
absl::StatusOr<bool> ShowSweep(Session& session, const std::string& id) {
  v1::GetSweepRequest request;
  request.set_sweep_id(id);
  const auto answer = session.connection.Call(&v1::SweepService::Stub::GetSweep, request);
  if (absl::IsNotFound(answer.status())) return false;
  if (!answer.ok()) return answer.status();
  PrintFacts(session, answer->sweep());
  return true;
}

absl::StatusOr<bool> ShowRun(Session& session, const std::string& id) {
  v1::GetRunRequest request;
  request.set_run_id(id);
  const auto answer = session.connection.Call(&v1::RunService::Stub::GetRun, request);
  if (absl::IsNotFound(answer.status())) return false;
  if (!answer.ok()) return answer.status();
  PrintWithOutcome(session, answer->run());
  session.console.err << SizeText(answer->run().outcome().size());
  TellEnergy(session.console, answer->run());
  ExplainFlags(session.console, answer->run());
  return true;
}

absl::StatusOr<bool> ShowAgent(Session& session, const std::string& id) {
  const auto answer =
      session.connection.Call(&v1::FleetService::Stub::ListAgents, v1::ListAgentsRequest());
  if (!answer.ok()) return answer.status();
  for (const v1::Agent& agent : answer->agents()) {
    if (agent.facts().name() != id) continue;
    PrintFacts(session, agent);
    return true;
  }
  return false;
}

// Trials have no call of their own: they are looked for in every sweep, the newest first.
absl::StatusOr<bool> ShowTrial(Session& session, const std::string& id) {
  const auto sweeps =
      AllPages(session, &v1::SweepService::Stub::ListSweeps, v1::ListSweepsRequest());
  if (!sweeps.ok()) return sweeps.status();
  for (auto sweep = sweeps->sweeps().rbegin(); sweep != sweeps->sweeps().rend(); ++sweep) {
    v1::ListTrialsRequest request;
    request.set_sweep_id(sweep->sweep_id());
    const auto trials = AllPages(session, &v1::SweepService::Stub::ListTrials, request);
    if (!trials.ok()) return trials.status();
    for (const v1::TrialSummary& trial : trials->trials()) {
      if (!absl::StartsWith(trial.trial_id(), id)) continue;
      PrintWithOutcome(session, trial);
      session.console.err << SizeText(trial.outcome().size());
      return true;
    }
  }
  return false;
}

int Show(Session& session, const std::string& id) {
  for (const auto show : {ShowSweep, ShowRun, ShowAgent, ShowTrial}) {
    const absl::StatusOr<bool> found = show(session, id);
    if (!found.ok()) return Fail(session, found.status());
    if (*found) return kExitOk;
  }
  return Fail(session, kExitUsage, absl::StrCat("no sweep, run, agent or trial is called ", id));
}

}  // namespace

void AddShow(CLI::App& root, Command& chosen) {
  const auto id = std::make_shared<std::string>();
  CLI::App* verb = root.add_subcommand(
      "show", "Every fact about a sweep, run, trial or agent, with the reason of each flag");
  verb->add_option("ID", *id, "An id, a prefix of one, or a name")->required();
  verb->callback([id, &chosen] { chosen = [id](Session& session) { return Show(session, *id); }; });
}

}  // namespace tinyjoule

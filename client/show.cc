// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
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

// The output's range is all that calibration saw: a test row beyond it cannot be predicted.
void TellSaturation(const Console& console, const v1::TrainingOutcome& outcome) {
  const v1::LayerCalibration& output = *outcome.calibration().rbegin();
  if (outcome.output_kind() != v1::OUTPUT_KIND_REGRESSION || !(output.test_clipped() > 0)) return;
  console.err << absl::StrFormat(
      "%.2g %% of the outputs for the test rows are beyond what the training rows gave: static "
      "int8 ends at %s and %s, which costs most where they are far beyond it; mode: dynamic does "
      "not\n",
      100 * output.test_clipped(), Number(output.range_low()), Number(output.range_high()));
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
  TellSaturation(session.console, outcome);
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

// What the agent's own work does to the board that it measures.
void TellSampling(const Console& console, const v1::SensorDescription& sensor) {
  const v1::ObserverCost& cost = sensor.observer_cost();
  std::vector<std::string> costs;
  if (cost.has_cpu_share()) {
    costs.push_back(absl::StrFormat("%.2g %% of a processor", 100 * cost.cpu_share()));
  }
  if (cost.has_power_difference_w()) {
    costs.push_back(absl::StrFormat(
        "%.3g W (standard uncertainty %.2g W) more than at %s", cost.power_difference_w(),
        cost.power_difference_uncertainty_w(), cost.slowest_resolution()));
  }
  if (costs.empty()) return;
  console.err << "reading the sensor at " << cost.resolution() << ": " << absl::StrJoin(costs, ", ")
              << ", on the idle board on " << TimeText(cost.made_at()).substr(0, 10) << "\n";
}

// "training: 12 s, 0.4 Wh of rapl:package-0, 0.0392 g of CO2 at 98 g/kWh".
std::string SpanText(const char* name, double seconds, bool measured, double energy_wh,
                     const v1::TrainingCost& cost, std::optional<double> grid_gco2e_per_kwh) {
  std::string text = absl::StrFormat("%s: %s s", name, Number(seconds));
  if (!measured) return text + ", energy not measured";
  absl::StrAppendFormat(&text, ", %s Wh of %s", Number(energy_wh), cost.energy_source());
  if (grid_gco2e_per_kwh) {
    absl::StrAppendFormat(&text, ", %s g of CO2 at %s g/kWh",
                          Number(energy_wh * *grid_gco2e_per_kwh / 1000),
                          Number(*grid_gco2e_per_kwh));
  }
  return text;
}

void TellCost(const Console& console, const v1::TrainingOutcome& outcome,
              std::optional<double> grid_gco2e_per_kwh) {
  if (!outcome.has_cost()) return;
  const v1::TrainingCost& cost = outcome.cost();
  console.err << SpanText("training", cost.training_s(), cost.has_training_energy_wh(),
                          cost.training_energy_wh(), cost, grid_gco2e_per_kwh)
              << "\n"
              << SpanText("evaluation", cost.evaluation_s(), cost.has_evaluation_energy_wh(),
                          cost.evaluation_energy_wh(), cost, grid_gco2e_per_kwh)
              << "\n";
  if (!cost.why_no_energy().empty()) console.err << "    " << cost.why_no_energy() << "\n";
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
    console.err << "the agent gives no energy: " << run.result().energy_absent_reason() << "\n";
  }
}

std::optional<double> GridFactor(const v1::Run& run) {
  if (!run.has_grid_gco2e_per_kwh()) return std::nullopt;
  return run.grid_gco2e_per_kwh();
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
  TellSampling(session.console, answer->run().result().sensor());
  TellCost(session.console, answer->run().outcome(), GridFactor(answer->run()));
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
      TellCost(session.console, trial.outcome(), std::nullopt);
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

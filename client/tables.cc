// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/tables.h"

#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/words.h"

namespace tinyjoule {
namespace {

std::string FlagsText(const v1::RunAssembly& assembly) {
  std::string text;
  for (const v1::Flag& flag : assembly.flags()) {
    absl::StrAppend(&text, text.empty() ? "" : " ", flag.name(), flag.fatal() ? "!" : "");
  }
  return text;
}

std::optional<double> Error(const v1::QualityMetrics& quality) {
  if (quality.has_accuracy()) return 1 - quality.accuracy();
  if (quality.has_rmse()) return quality.rmse();
  return std::nullopt;
}

std::optional<double> Score(const v1::QualityMetrics& quality) {
  if (quality.has_accuracy()) return quality.accuracy();
  if (quality.has_r2()) return quality.r2();
  return std::nullopt;
}

std::string VariantText(const std::string& variant,
                        const google::protobuf::Map<std::string, std::string>& parameters) {
  return parameters.empty() ? variant : absl::StrCat(variant, " ", ParametersText(parameters));
}

std::string DifferenceText(const v1::ObserverCost& cost) {
  return cost.has_power_difference_w() ? Number(cost.power_difference_w()) : "";
}

std::string DifferenceUncertaintyText(const v1::ObserverCost& cost) {
  return cost.has_power_difference_w() ? Number(cost.power_difference_uncertainty_w()) : "";
}

std::string CpuShareText(const v1::ObserverCost& cost) {
  return cost.has_cpu_share() ? Number(cost.cpu_share()) : "";
}

}  // namespace

std::string SensorText(const v1::SensorDescription& sensor) {
  return absl::StrCat(sensor.uri(), sensor.simulated() ? " (simulated)" : "");
}

std::string CalibrationText(const v1::SensorDescription& sensor) {
  if (sensor.calibration_version() == 0) return "";
  return absl::StrCat(sensor.calibration_version(), " of ",
                      TimeText(sensor.calibration().made_at()).substr(0, 10));
}

Table QuantizationTable(const v1::TrainingOutcome& outcome) {
  Table table({"layer", "observed_low", "observed_high", "range_low", "range_high",
               "clipped_percent", "test_clipped_percent", "output_sqnr_db", "weight_sqnr_db"});
  const auto decibels = [](bool known, double value) {
    return known ? absl::StrFormat("%.1f", value) : "";
  };
  for (const v1::LayerCalibration& layer : outcome.calibration()) {
    table.AddRow({layer.layer(), Number(layer.observed_low()), Number(layer.observed_high()),
                  Number(layer.range_low()), Number(layer.range_high()),
                  Number(100 * layer.clipped()),
                  layer.has_test_clipped() ? Number(100 * layer.test_clipped()) : "",
                  decibels(layer.has_output_sqnr_db(), layer.output_sqnr_db()),
                  decibels(layer.has_weight_sqnr_db(), layer.weight_sqnr_db())});
  }
  return table;
}

Table SweepsTable(const v1::ListSweepsResponse& answer) {
  Table table({"sweep_id", "name", "state", "tasks", "runs", "failed", "created_at", "waiting_for"},
              {"created_at"});
  for (const v1::Sweep& sweep : answer.sweeps()) {
    const v1::SweepCounts& counts = sweep.counts();
    table.AddRow({ShortId(sweep.sweep_id()), sweep.name(), Word(sweep.state()),
                  absl::StrCat(counts.tasks_done(), "/", counts.tasks()),
                  absl::StrCat(counts.runs_succeeded(), "/", counts.runs()),
                  absl::StrCat(counts.runs_failed() + counts.tasks_failed()),
                  TimeText(sweep.created_at()), sweep.waiting_for()});
  }
  return table;
}

Table TrialsTable(const v1::ListTrialsResponse& answer) {
  Table table({"trial_id", "model", "variant", "fold", "seed", "state", "error", "score",
               "parameter_count", "nonzero_count", "model_bytes", "train_s", "reason"},
              {"train_s", "model_bytes", "nonzero_count", "parameter_count", "score"});
  for (const v1::TrialSummary& trial : answer.trials()) {
    const v1::TrainingOutcome& outcome = trial.outcome();
    const bool ready = trial.state() == v1::TRIAL_STATE_READY;
    table.AddRow({trial.trial_id(), trial.model(), VariantText(trial.variant(), trial.parameters()),
                  absl::StrCat(trial.fold()), absl::StrCat(trial.seed()), Word(trial.state()),
                  Number(Error(outcome.quality())), Number(Score(outcome.quality())),
                  ready ? absl::StrCat(outcome.size().parameter_count()) : "",
                  ready ? absl::StrCat(outcome.size().nonzero_count()) : "",
                  ready ? absl::StrCat(outcome.size().model_bytes()) : "",
                  ready ? Number(outcome.train_s()) : "", trial.reason()});
  }
  return table;
}

Table RunsTable(const v1::ListRunsResponse& answer) {
  Table table({"run_id", "model", "variant", "fold", "seed", "repeat", "agent", "state", "error",
               "score", "latency_us", "energy_per_inference_uj", "energy_net_per_inference_uj",
               "power_source", "flags", "reason"},
              {"flags", "power_source", "score", "repeat", "energy_net_per_inference_uj",
               "latency_us", "error", "seed"});
  for (const v1::Run& run : answer.runs()) {
    const v1::EnergySummary& energy = run.assembly().energy();
    const bool measured = run.result().has_latency();
    table.AddRow(
        {ShortId(run.run_id()), run.model(), VariantText(run.variant(), run.parameters()),
         absl::StrCat(run.fold()), absl::StrCat(run.seed()), absl::StrCat(run.repeat()),
         run.agent().name().empty() ? run.placed_on() : run.agent().name(), Word(run.state()),
         Number(Error(run.assembly().quality())), Number(Score(run.assembly().quality())),
         measured ? Number(run.result().latency().mean_us()) : "",
         energy.has_energy_per_inference_uj() ? Number(energy.energy_per_inference_uj()) : "",
         NetEnergyText(energy, ""), energy.power_source(), FlagsText(run.assembly()),
         run.reason()});
  }
  return table;
}

namespace {

// How far the agent's wall clock is behind the coordinator's.
std::string ClockOffsetText(const v1::Agent& agent) {
  if (!agent.has_clock_offset_ns()) return "";
  return absl::StrFormat("%.1f", static_cast<double>(agent.clock_offset_ns()) * 1e-6);
}

}  // namespace

Table AgentsTable(const v1::ListAgentsResponse& answer) {
  Table table({"name", "connected", "cordoned", "board", "sensor", "engines", "labels",
               "active_run", "version", "last_seen_at", "clock_offset_ms", "calibration"},
              {"clock_offset_ms", "version", "engines", "last_seen_at", "cordoned", "board",
               "calibration"});
  for (const v1::Agent& agent : answer.agents()) {
    table.AddRow({agent.facts().name(), agent.connected() ? "true" : "false",
                  agent.cordoned() ? "true" : "false", agent.facts().board(),
                  SensorText(agent.sensor()), absl::StrJoin(agent.engines(), " "),
                  LabelsText(agent.labels()), ShortId(agent.active_run_id()),
                  agent.facts().agent_version(), TimeText(agent.last_seen_at()),
                  ClockOffsetText(agent), CalibrationText(agent.sensor())});
  }
  return table;
}

Table CalibrationTable(const v1::Agent& agent) {
  Table table({"agent", "sensor", "calibration_version", "made_at", "gain", "offset_counts",
               "relative_uncertainty", "reference_a", "measured_a", "stddev_a", "samples", "note",
               "sampling_w", "u_sampling_w", "sampling_cpu_share"},
              {"sensor", "made_at", "samples", "stddev_a"});
  const v1::SensorDescription& sensor = agent.sensor();
  const v1::Calibration& calibration = sensor.calibration();
  const v1::ObserverCost& cost = sensor.observer_cost();
  const bool point = calibration.reference_current_a() > 0;
  const auto precise = [](double value) { return absl::StrFormat("%.6g", value); };
  table.AddRow(
      {agent.facts().name(), SensorText(sensor),
       sensor.calibration_version() == 0 ? "none" : absl::StrCat(sensor.calibration_version()),
       TimeText(calibration.made_at()), precise(sensor.gain()),
       precise(sensor.shunt_offset_counts()),
       sensor.has_relative_uncertainty() ? Number(sensor.relative_uncertainty()) : "",
       point ? precise(calibration.reference_current_a()) : "",
       point ? precise(calibration.measured_current_a()) : "",
       point ? Number(calibration.current_stddev_a()) : "",
       point ? absl::StrCat(calibration.sample_count()) : "", calibration.note(),
       DifferenceText(cost), DifferenceUncertaintyText(cost), CpuShareText(cost)});
  return table;
}

Table ObserverTable(const v1::CalibrateAgentResponse& answer) {
  Table table({"resolution", "rate_hz", "power_w", "u_w", "difference_w", "u_difference_w",
               "cpu_share", "reads_per_s", "simulated"});
  const bool simulated = answer.agent().sensor().simulated();
  for (const v1::ObserverCost& cost : answer.observer_costs()) {
    table.AddRow({cost.resolution(), Number(cost.rate_hz()),
                  absl::StrFormat("%.6g", cost.power_w()), Number(cost.power_uncertainty_w()),
                  DifferenceText(cost), DifferenceUncertaintyText(cost), CpuShareText(cost),
                  cost.reads_per_second() > 0 ? Number(cost.reads_per_second()) : "",
                  simulated ? "true" : "false"});
  }
  return table;
}

}  // namespace tinyjoule

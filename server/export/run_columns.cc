// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/export/columns.h"
#include "server/export/emissions.h"
#include "server/export/field_value.h"

namespace tinyjoule {
namespace {

using RunColumn = Column<v1::Run>;
using Computed = Cell (*)(const v1::Run&);

RunColumn Show(const char* name, const char* type, const char* unit, const char* path,
               const char* meaning) {
  const FieldPath field(v1::Run::descriptor(), path);
  return {
      {name, type, unit, meaning}, path, [field](const v1::Run& run) { return field.Value(run); }};
}

RunColumn Compute(const char* name, const char* type, const char* unit, Computed value,
                  const char* meaning) {
  return {{name, type, unit, meaning}, "", value};
}

Cell SchemaVersion(const v1::Run&) { return int64_t{kSchemaVersion}; }

Cell SweepName(const v1::Run& run) {
  return TextCell(run.sweep_name().empty() ? run.sweep_id() : run.sweep_name());
}

Cell CalibrationVersion(const v1::Run& run) {
  const v1::SensorDescription& sensor = run.result().sensor();
  if (sensor.kind().empty() || sensor.kind() == "none") return {};
  return int64_t{sensor.calibration_version()};
}

Cell Valid(const v1::Run& run) {
  if (!run.has_assembly()) return {};
  return run.assembly().valid();
}

Cell FlagNames(const v1::Run& run) {
  std::string names;
  for (const v1::Flag& flag : run.assembly().flags()) {
    absl::StrAppend(&names, names.empty() ? "" : ";", flag.name());
  }
  return TextCell(names);
}

Cell WindowCount(const v1::Run& run) {
  if (!run.has_assembly()) return {};
  return uint64_t{static_cast<uint64_t>(run.assembly().windows_size())};
}

// What the engine really planned; before a run, what the graph asks for.
Cell PeakActivation(const v1::Run& run) {
  if (run.result().peak_activation_bytes() > 0) return run.result().peak_activation_bytes();
  if (!run.outcome().has_size()) return {};
  return run.outcome().size().peak_activation_bytes();
}

std::optional<double> GridFactor(const v1::Run& run) {
  if (!run.has_grid_gco2e_per_kwh()) return std::nullopt;
  return run.grid_gco2e_per_kwh();
}

Cell TrainEmissions(const v1::Run& run) {
  return TrainingEmissions(run.outcome().cost(), GridFactor(run));
}

Cell EvaluationEmissionsOfRun(const v1::Run& run) {
  return EvaluationEmissions(run.outcome().cost(), GridFactor(run));
}

std::vector<RunColumn> Identity() {
  return {
      Compute("schema_version", "integer", "", SchemaVersion, "Version of this table's columns."),
      Compute("sweep", "string", "", SweepName, "Name of the sweep."),
      Show("run_id", "string", "", "run_id", "Id of the run."),
      Show("trial_id", "string", "", "trial_id", "Id of the trial whose artifact was measured."),
      Show("model", "string", "", "model", "Name of the model in the sweep."),
      Show("variant", "string", "", "variant", "Name of the compression pipeline in the sweep."),
      Show("fold", "integer", "", "fold", "Fold of the split, from 0."),
      Show("seed", "integer", "", "seed", "Seed of training and compression."),
      Show("repeat", "integer", "", "repeat", "Repeat of the trial, from 0."),
      Show("block", "integer", "", "block", "Randomised block in which the run was scheduled."),
      Show("agent", "string", "", "agent.name", "Name of the agent that measured."),
      Show("board", "string", "", "agent.board", "Board of the agent."),
      Show("soc", "string", "", "agent.soc", "System on chip of the agent."),
      Show("os", "string", "", "agent.os", "Operating system of the agent."),
      Show("kernel", "string", "", "agent.kernel", "Kernel of the agent."),
      Show("agent_version", "string", "", "agent.agent_version", "Version of the agent program."),
      Show("engine", "string", "", "engine",
           "Inference engine: xnnpack, reference, torch or sparse."),
      Show("engine_version", "string", "", "result.engine_version", "Version of the engine."),
      Show("threads", "integer", "", "threads", "Threads that the engine used."),
      Show("governor", "string", "", "result.board.governor", "CPU frequency governor."),
      Show("started_at", "datetime", "", "started_at", "Start of the run, UTC."),
      Show("finished_at", "datetime", "", "finished_at", "End of the run, UTC."),
      Show("state", "string", "", "state",
           "waiting, offered, running, succeeded, failed, cancelled, lost or invalid."),
      Compute("valid", "boolean", "", Valid,
              "True when the run succeeded and no flag is fatal; others stay out of summaries."),
      Compute("flags", "string", "", FlagNames, "Names of all flags, separated by ';'."),
  };
}

std::vector<RunColumn> Quality() {
  return {
      Show("mae", "number", "unit of the target", "assembly.quality.mae",
           "Mean absolute error of the predictions made on the device."),
      Show("rmse", "number", "unit of the target", "assembly.quality.rmse",
           "Root mean square error of the predictions made on the device."),
      Show("r2", "number", "1", "assembly.quality.r2",
           "Coefficient of determination; empty when the targets have no variance."),
      Show("accuracy", "number", "1", "assembly.quality.accuracy", "Share of right classes."),
      Show("precision_macro", "number", "1", "assembly.quality.precision_macro",
           "Precision, mean over classes."),
      Show("recall_macro", "number", "1", "assembly.quality.recall_macro",
           "Recall, mean over classes."),
      Show("f1_macro", "number", "1", "assembly.quality.f1_macro", "F1 score, mean over classes."),
  };
}

std::vector<RunColumn> Size() {
  return {
      Show("sparsity_nominal", "number", "1", "outcome.size.sparsity_nominal",
           "Share of weights that the variant asked to remove."),
      Show("sparsity", "number", "1", "outcome.size.sparsity",
           "Real share of zeros among the stored parameters."),
      Show("parameter_count", "integer", "", "outcome.size.parameter_count", "Stored parameters."),
      Show("nonzero_count", "integer", "", "outcome.size.nonzero_count",
           "Stored parameters that are not zero."),
      Show("mac_count", "integer", "", "outcome.size.mac_count",
           "Multiply-accumulate operations of one inference."),
      Show("model_bytes", "integer", "B", "outcome.size.model_bytes", "Size of the ONNX file."),
      Show("model_bytes_zstd", "integer", "B", "outcome.size.model_bytes_zstd",
           "Size of the ONNX file compressed with zstd, level 3."),
      Show("model_bytes_sparse", "integer", "B", "outcome.size.model_bytes_sparse",
           "Size of the ONNX file with its parameters stored sparse, their index included."),
      Compute("peak_activation_bytes", "integer", "B", PeakActivation,
              "Largest memory for activations during one inference."),
  };
}

std::vector<RunColumn> Latency() {
  return {
      Compute("window_count", "integer", "", WindowCount, "Measured inference windows."),
      Show("inference_count", "integer", "", "assembly.inference_count",
           "Inferences in all windows."),
      Show("inference_total_s", "number", "s", "assembly.inference_total_s",
           "Duration of all windows."),
      Show("latency_mean_us", "number", "us", "result.latency.mean_us",
           "Mean latency of one inference."),
      Show("latency_p50_us", "number", "us", "result.latency.p50_us", "Median latency."),
      Show("latency_p95_us", "number", "us", "result.latency.p95_us", "95th percentile latency."),
      Show("latency_p99_us", "number", "us", "result.latency.p99_us", "99th percentile latency."),
  };
}

std::vector<RunColumn> Energy() {
  return {
      Show("power_source", "string", "", "assembly.energy.power_source",
           "Where power comes from: ina219, hwmon, rapl, simulated, replay or none. Energies of "
           "simulated and replay are not measurements of this board."),
      Show("energy_j", "number", "J", "assembly.energy.energy_j",
           "Energy of all windows, idle power included."),
      Show("energy_net_j", "number", "J", "assembly.energy.energy_net_j",
           "Energy of all windows above the idle baseline; may be negative."),
      Show("energy_per_inference_uj", "number", "uJ", "assembly.energy.energy_per_inference_uj",
           "Median over the windows of energy per inference."),
      Show("energy_per_inference_ci95_low_uj", "number", "uJ",
           "assembly.energy.energy_per_inference_ci95_low_uj",
           "Lower end of the 95 % interval of the windows' mean (Student's t)."),
      Show("energy_per_inference_ci95_high_uj", "number", "uJ",
           "assembly.energy.energy_per_inference_ci95_high_uj",
           "Upper end of the 95 % interval of the windows' mean (Student's t)."),
      Show("energy_net_per_inference_uj", "number", "uJ",
           "assembly.energy.energy_net_per_inference_uj",
           "Median over the windows of net energy per inference."),
      Show("idle_power_w", "number", "W", "assembly.energy.idle_power_w",
           "Idle baseline during the windows."),
      Show("power_mean_w", "number", "W", "assembly.energy.power_mean_w",
           "Mean power in the windows."),
      Show("power_peak_w", "number", "W", "assembly.energy.power_peak_w",
           "Largest power of one sample in the windows."),
      Show("current_mean_a", "number", "A", "assembly.energy.current_mean_a",
           "Mean current in the windows."),
      Show("current_peak_a", "number", "A", "assembly.energy.current_peak_a",
           "Largest current of one sample in the windows."),
      Show("voltage_mean_v", "number", "V", "assembly.energy.voltage_mean_v",
           "Mean supply voltage in the windows."),
      Show("sample_count", "integer", "", "assembly.energy.sample_count",
           "Samples in the windows."),
      Show("sample_rate_hz", "number", "Hz", "assembly.energy.sample_rate_hz",
           "Samples per second of window."),
      Show("coverage", "number", "1", "assembly.energy.coverage",
           "Share of the windows that samples cover."),
      Show("gap_max_ms", "number", "ms", "assembly.energy.gap_max_ms",
           "Longest piece of a window without a sample."),
  };
}

std::vector<RunColumn> Board() {
  return {
      Show("memory_before_bytes", "integer", "B", "result.memory.before_bytes",
           "Memory of the runner before the model was loaded (proportional set size)."),
      Show("memory_after_bytes", "integer", "B", "result.memory.after_bytes",
           "Memory of the runner after the last window (proportional set size)."),
      Show("memory_peak_bytes", "integer", "B", "result.memory.peak_bytes",
           "Peak resident memory of the runner during the windows."),
      Show("temp_start_c", "number", "degC", "result.board.temp_start_c",
           "Temperature of the board at the start."),
      Show("temp_max_c", "number", "degC", "result.board.temp_max_c",
           "Highest temperature of the board."),
      Show("freq_min_hz", "integer", "Hz", "result.board.freq_min_hz",
           "Lowest CPU frequency seen."),
      Show("freq_max_hz", "integer", "Hz", "result.board.freq_max_hz",
           "Highest CPU frequency seen."),
      Show("throttled", "integer", "", "result.board.throttled",
           "The firmware's throttling bits; 0 is good."),
  };
}

std::vector<RunColumn> Training() {
  return {
      Show("train_s", "number", "s", "outcome.train_s", "Time of training the base model."),
      Show("compress_s", "number", "s", "outcome.compress_s", "Time of compressing the model."),
      Show("train_energy_wh", "number", "Wh", "outcome.cost.training_energy_wh",
           "Energy of compress_s, of train_s where nothing was compressed, as train_energy_source "
           "counts it; empty: not measured, see train_energy_reason."),
      Compute("train_emissions_g", "number", "g", TrainEmissions,
              "Emissions of training (CO2 equivalent): train_energy_wh by grid_gco2e_per_kwh."),
      Show("grid_gco2e_per_kwh", "number", "g/kWh", "grid_gco2e_per_kwh",
           "Emission factor of the grid that the sweep gives."),
      Show("artifact_sha256", "string", "", "outcome.model.sha256",
           "SHA-256 of the ONNX file that was measured."),
      Show("dataset_sha256", "string", "", "outcome.dataset.dataset_sha256",
           "SHA-256 over the data files and the data set's part of the sweep."),
      Show("prediction_max_abs_diff", "number", "unit of the target",
           "assembly.prediction_max_abs_diff",
           "Largest difference between the device's and the trainer's predictions."),
  };
}

// One part of the uncertainty budget.
RunColumn OfBudget(const char* name, const char* field, const char* meaning) {
  return Show(name, "number", "uJ", absl::StrCat("assembly.energy.uncertainty.", field).c_str(),
              meaning);
}

// Standard uncertainties of the mean over the windows; docs/how-we-measure.md has the formulas.
std::vector<RunColumn> Uncertainty() {
  return {
      Show("energy_net_per_inference_ci95_low_uj", "number", "uJ",
           "assembly.energy.energy_net_per_inference_ci95_low_uj",
           "Lower end of the 95 % interval of the windows' mean net energy (Student's t)."),
      Show("energy_net_per_inference_ci95_high_uj", "number", "uJ",
           "assembly.energy.energy_net_per_inference_ci95_high_uj",
           "Upper end of the 95 % interval of the windows' mean net energy (Student's t)."),
      Show("energy_net_per_inference_upper_uj", "number", "uJ",
           "assembly.energy.energy_net_per_inference_upper_uj",
           "Set when net energy is below the noise (BELOW_NOISE): it is lower than this with 95 % "
           "confidence, and energy_net_per_inference_uj is no value."),
      OfBudget("energy_per_inference_uncertainty_uj", "combined_uj",
               "Combined standard uncertainty of energy per inference."),
      OfBudget("energy_net_per_inference_uncertainty_uj", "combined_net_uj",
               "Combined standard uncertainty of net energy per inference."),
      OfBudget("uncertainty_within_uj", "within_uj",
               "Part of it: scatter of the samples inside the windows."),
      OfBudget("uncertainty_edges_uj", "edges_uj", "Part of it: the places of the marks."),
      OfBudget("uncertainty_between_uj", "between_uj",
               "Part of it: scatter between the windows, of the gross energy."),
      OfBudget("uncertainty_between_net_uj", "between_net_uj",
               "Part of it: scatter between the windows, of the net energy."),
      OfBudget("uncertainty_baseline_uj", "baseline_uj",
               "Part of the net one: scatter of the idle baseline."),
      OfBudget("uncertainty_systematic_uj", "systematic_uj",
               "Part of it: the sensor's own error, which repeats do not make smaller."),
      OfBudget("uncertainty_systematic_net_uj", "systematic_net_uj",
               "Part of the net one: the sensor's own error."),
      Show("reference", "boolean", "", "reference",
           "True for the sweep's reference trial, from which DRIFT is judged."),
  };
}

std::vector<RunColumn> Calibration() {
  return {
      Compute("calibration_version", "integer", "", CalibrationVersion,
              "Version of the sensor's calibration; 0: not calibrated; empty: no sensor."),
  };
}

std::vector<RunColumn> OtherSizes() {
  return {
      Show("model_bytes_dense", "integer", "B", "outcome.size.model_bytes_dense",
           "Size of the ONNX file with every parameter in full."),
      Show("model_bytes_clustered", "integer", "B", "outcome.size.model_bytes_clustered",
           "Size of the ONNX file with its parameters as packed indices into codebooks of their "
           "distinct values, codebooks included."),
  };
}

std::vector<RunColumn> CostOfTraining() {
  return {
      Show("evaluation_s", "number", "s", "outcome.cost.evaluation_s",
           "Time of predicting the test rows, in the trainer."),
      Show("evaluation_energy_wh", "number", "Wh", "outcome.cost.evaluation_energy_wh",
           "Energy of that; empty: not measured, see train_energy_reason."),
      Compute("evaluation_emissions_g", "number", "g", EvaluationEmissionsOfRun,
              "Emissions of that (CO2 equivalent): evaluation_energy_wh by grid_gco2e_per_kwh."),
      Show("train_energy_source", "string", "", "outcome.cost.energy_source",
           "Counter of the two energies: rapl:PACKAGES, nvml:GPU. It counts the whole device."),
      Show("train_energy_reason", "string", "", "outcome.cost.why_no_energy",
           "Why one of the two energies, or both, are empty."),
  };
}

std::vector<RunColumn> CostOfSampling() {
  return {
      Show(
          "sampling_power_w", "number", "W", "result.sensor.observer_cost.power_difference_w",
          "What the idle board takes more at this resolution of the sensor than at its slowest, as "
          "coord agents calibrate --observer measured it; empty: not measured."),
      Show("sampling_power_uncertainty_w", "number", "W",
           "result.sensor.observer_cost.power_difference_uncertainty_w",
           "Standard uncertainty of that, from scatter alone."),
      Show("sampling_cpu_share", "number", "1", "result.sensor.observer_cost.cpu_share",
           "Share of one processor that reading the sensor took then."),
  };
}

}  // namespace

const std::vector<RunColumn>& RunColumns() {
  static const auto* const columns = [] {
    auto* all = new std::vector<RunColumn>();
    for (const auto& group :
         {Identity(), Quality(), Size(), Latency(), Energy(), Board(), Training(), Uncertainty(),
          Calibration(), OtherSizes(), CostOfTraining(), CostOfSampling()}) {
      all->insert(all->end(), group.begin(), group.end());
    }
    return all;
  }();
  return *columns;
}

ColumnInfo ParameterColumn(const std::string& path) {
  return {absl::StrCat("param.", path), "any", "", "Value of this swept parameter."};
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/export/columns.h"
#include "server/export/emissions.h"
#include "server/export/field_value.h"

// The columns of windows, samples and trials.

namespace tinyjoule {
namespace {

using WindowColumn = Column<WindowRow>;
using SampleColumn = Column<SampleRow>;
using TrialColumn = Column<TrialRow>;

WindowColumn OfWindow(const char* name, const char* type, const char* unit, const char* meaning) {
  const FieldPath field(v1::WindowEnergy::descriptor(), name);
  return {{name, type, unit, meaning}, name, [field](const WindowRow& row) {
            return field.Value(row.window);
          }};
}

std::vector<WindowColumn> MakeWindowColumns() {
  return {
      {{"run_id", "string", "", "Id of the run."},
       "",
       [](const WindowRow& row) { return TextCell(row.run.run_id()); }},
      OfWindow("window", "integer", "", "Number of the inference window, from 0."),
      OfWindow("start_ns", "integer", "ns", "Start on the agent's monotonic clock."),
      OfWindow("end_ns", "integer", "ns", "End on the agent's monotonic clock."),
      OfWindow("inference_count", "integer", "", "Inferences in the window."),
      OfWindow("energy_j", "number", "J", "Energy, idle power included."),
      OfWindow("energy_net_j", "number", "J", "Energy above the idle baseline; may be negative."),
      OfWindow("power_mean_w", "number", "W", "Mean power."),
      OfWindow("power_peak_w", "number", "W", "Largest power of one sample."),
      OfWindow("idle_power_w", "number", "W", "Idle baseline during the window."),
      OfWindow("coverage", "number", "1", "Share of the window that samples cover."),
      OfWindow("valid", "boolean", "",
               "True when energy was measured over at least 99 % of the window."),
      {{"power_source", "string", "", "Where power comes from; see runs."},
       "",
       [](const WindowRow& row) { return TextCell(row.run.assembly().energy().power_source()); }},
  };
}

Cell SampleFlags(const SampleRow& row) {
  std::string names = row.simulated ? "SIMULATED" : "";
  for (int bit = 1; bit < 8; ++bit) {
    const auto flag = static_cast<v1::SampleFlag>(1 << bit);
    if ((row.sample.flags & flag) == 0 || !v1::SampleFlag_IsValid(flag)) continue;
    absl::string_view name = v1::SampleFlag_Name(flag);
    name.remove_prefix(absl::string_view("SAMPLE_FLAG_").size());
    absl::StrAppend(&names, names.empty() ? "" : ";", name);
  }
  return TextCell(names);
}

SampleColumn OfSample(const char* name, const char* unit, double PowerSample::*member,
                      const char* meaning) {
  return {{name, "number", unit, meaning}, "", [member](const SampleRow& row) {
            return NumberCell(row.sample.*member);
          }};
}

SampleColumn OfSupply(const char* name, const char* unit, double PowerSample::*member,
                      const char* meaning) {
  SampleColumn column = OfSample(name, unit, member, meaning);
  column.value = [member](const SampleRow& row) {
    return row.measures_voltage ? NumberCell(row.sample.*member) : Cell();
  };
  return column;
}

std::vector<SampleColumn> MakeSampleColumns() {
  return {
      {{"run_id", "string", "", "Id of the run."},
       "",
       [](const SampleRow& row) { return TextCell(row.run_id); }},
      {{"t_ns", "integer", "ns", "End of the conversion on the agent's monotonic clock."},
       "",
       [](const SampleRow& row) { return Cell(row.sample.t_ns); }},
      OfSupply("bus_voltage_v", "V", &PowerSample::bus_voltage_v, "Supply voltage."),
      OfSupply("shunt_voltage_v", "V", &PowerSample::shunt_voltage_v, "Voltage over the shunt."),
      OfSupply("current_a", "A", &PowerSample::current_a, "Current."),
      OfSample("power_w", "W", &PowerSample::power_w, "Power."),
      {{"marker", "boolean", "", "True inside a marked window."},
       "",
       [](const SampleRow& row) { return Cell((row.sample.flags & v1::SAMPLE_FLAG_MARKER) != 0); }},
      {{"flags", "string", "",
        "SIMULATED without a real sensor; GAP_BEFORE, CLIPPED, MATH_OVERFLOW, TORN, LATE; "
        "separated by ';'."},
       "",
       SampleFlags},
  };
}

// A field of the trial; a baseline's row has only what `in_baseline` says.
TrialColumn OfTrial(const char* name, const char* type, const char* unit, const char* path,
                    bool in_baseline, const char* meaning) {
  const FieldPath field(v1::TrialSummary::descriptor(), path);
  return {{name, type, unit, meaning}, path, [field, in_baseline](const TrialRow& row) {
            return row.baseline != nullptr && !in_baseline ? Cell() : field.Value(row.trial);
          }};
}

TrialColumn OfQuality(const char* name, const char* unit, const char* meaning) {
  const FieldPath field(v1::QualityMetrics::descriptor(), name);
  return {{name, "number", unit, meaning},
          absl::StrCat("outcome.quality.", name),
          [field](const TrialRow& row) {
            return field.Value(row.baseline != nullptr ? row.baseline->quality()
                                                       : row.trial.outcome().quality());
          }};
}

TrialColumn OfSize(const char* name, const char* type, const char* unit, const char* meaning) {
  return OfTrial(name, type, unit, absl::StrCat("outcome.size.", name).c_str(), false, meaning);
}

Cell ModelName(const TrialRow& row) {
  return TextCell(row.baseline != nullptr ? "baseline" : row.trial.model());
}

Cell VariantName(const TrialRow& row) {
  return TextCell(row.baseline != nullptr ? row.baseline->name() : row.trial.variant());
}

using EmissionsOfCost = Cell (*)(const v1::TrainingCost&, std::optional<double>);

Cell Emissions(const TrialRow& row, EmissionsOfCost emissions) {
  if (row.baseline != nullptr) return {};
  return emissions(row.trial.outcome().cost(), row.sweep.grid_gco2e_per_kwh);
}

Cell GridFactor(const TrialRow& row) {
  if (row.baseline != nullptr || !row.sweep.grid_gco2e_per_kwh) return {};
  return *row.sweep.grid_gco2e_per_kwh;
}

std::vector<TrialColumn> MakeTrialColumns() {
  return {
      {{"schema_version", "integer", "", "Version of this table's columns."},
       "",
       [](const TrialRow&) { return Cell(int64_t{kSchemaVersion}); }},
      {{"sweep", "string", "", "Name of the sweep."},
       "",
       [](const TrialRow& row) { return TextCell(row.sweep.name); }},
      OfTrial("trial_id", "string", "", "trial_id", false,
              "Id of the trial; empty in a baseline's row."),
      {{"model", "string", "", "Name of the model, or \"baseline\"."}, "model", ModelName},
      {{"variant", "string", "",
        "Name of the compression pipeline; of a baseline: predict_mean, persistence or "
        "majority_class."},
       "variant",
       VariantName},
      OfTrial("fold", "integer", "", "fold", true, "Fold of the split, from 0."),
      OfTrial("seed", "integer", "", "seed", false, "Seed of training and compression."),
      OfTrial("state", "string", "", "state", false,
              "waiting, training, ready, failed or cancelled."),
      OfTrial("reason", "string", "", "reason", false, "Why the trial is not ready."),
      OfQuality("mae", "unit of the target", "Mean absolute error on the test rows."),
      OfQuality("rmse", "unit of the target", "Root mean square error on the test rows."),
      OfQuality("r2", "1", "Coefficient of determination; empty without variance."),
      OfQuality("accuracy", "1", "Share of right classes."),
      OfQuality("precision_macro", "1", "Precision, mean over classes."),
      OfQuality("recall_macro", "1", "Recall, mean over classes."),
      OfQuality("f1_macro", "1", "F1 score, mean over classes."),
      OfSize("sparsity_nominal", "number", "1", "Share of weights that was asked to go."),
      OfSize("sparsity", "number", "1", "Real share of zeros."),
      OfSize("parameter_count", "integer", "", "Stored parameters."),
      OfSize("nonzero_count", "integer", "", "Stored parameters that are not zero."),
      OfSize("mac_count", "integer", "", "Multiply-accumulate operations of one inference."),
      OfSize("model_bytes", "integer", "B", "Size of the ONNX file."),
      OfSize("model_bytes_zstd", "integer", "B", "The same, compressed with zstd, level 3."),
      OfSize("model_bytes_sparse", "integer", "B",
             "The file with its parameters stored sparse, their index included."),
      OfSize("peak_activation_bytes", "integer", "B", "Largest memory for activations."),
      OfTrial("train_rows", "integer", "", "outcome.dataset.train_rows", true, "Training rows."),
      OfTrial("test_rows", "integer", "", "outcome.dataset.test_rows", true, "Test rows."),
      OfTrial("train_s", "number", "s", "outcome.train_s", false,
              "Time of training the base model."),
      OfTrial("compress_s", "number", "s", "outcome.compress_s", false,
              "Time of compressing the model."),
      OfTrial("artifact_sha256", "string", "", "outcome.model.sha256", false,
              "SHA-256 of the ONNX file."),
      OfTrial("dataset_sha256", "string", "", "outcome.dataset.dataset_sha256", true,
              "SHA-256 over the data files and the data set's part of the sweep."),
      OfSize("model_bytes_dense", "integer", "B", "Size of the file with every parameter in full."),
      OfSize("model_bytes_clustered", "integer", "B",
             "The file with packed indices into codebooks of distinct values."),
      OfTrial("train_energy_wh", "number", "Wh", "outcome.cost.training_energy_wh", false,
              "Energy of compress_s, of train_s where nothing was compressed; empty: see "
              "train_energy_reason."),
      {{"train_emissions_g", "number", "g",
        "Emissions of training (CO2 equivalent): train_energy_wh by grid_gco2e_per_kwh."},
       "",
       [](const TrialRow& row) { return Emissions(row, TrainingEmissions); }},
      {{"grid_gco2e_per_kwh", "number", "g/kWh",
        "Emission factor of the grid that the sweep gives."},
       "",
       GridFactor},
      OfTrial("evaluation_s", "number", "s", "outcome.cost.evaluation_s", false,
              "Time of predicting the test rows."),
      OfTrial("evaluation_energy_wh", "number", "Wh", "outcome.cost.evaluation_energy_wh", false,
              "Energy of that; empty: see train_energy_reason."),
      {{"evaluation_emissions_g", "number", "g",
        "Emissions of that (CO2 equivalent): evaluation_energy_wh by grid_gco2e_per_kwh."},
       "",
       [](const TrialRow& row) { return Emissions(row, EvaluationEmissions); }},
      OfTrial("train_energy_source", "string", "", "outcome.cost.energy_source", false,
              "Counter of the two energies; it counts the whole device."),
      OfTrial("train_energy_reason", "string", "", "outcome.cost.why_no_energy", false,
              "Why one of the two energies, or both, are empty."),
  };
}

}  // namespace

const std::vector<WindowColumn>& WindowColumns() {
  static const auto* const columns = new std::vector<WindowColumn>(MakeWindowColumns());
  return *columns;
}

const std::vector<SampleColumn>& SampleColumns() {
  static const auto* const columns = new std::vector<SampleColumn>(MakeSampleColumns());
  return *columns;
}

const std::vector<TrialColumn>& TrialColumns() {
  static const auto* const columns = new std::vector<TrialColumn>(MakeTrialColumns());
  return *columns;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "common/units/units.h"
#include "server/export/columns.h"
#include "server/export/field_value.h"

// The columns of the reference study (precipitation regression), in its order and units.

namespace tinyjoule {
namespace {

using RunColumn = Column<v1::Run>;
using Conversion = double (*)(double);

RunColumn Show(const char* name, const char* type, const char* unit, const char* path,
               const char* meaning) {
  const FieldPath field(v1::Run::descriptor(), path);
  return {
      {name, type, unit, meaning}, path, [field](const v1::Run& run) { return field.Value(run); }};
}

// A field that is a number or a count, in another unit.
RunColumn Convert(const char* name, const char* unit, const char* path, Conversion conversion,
                  const char* meaning) {
  const FieldPath field(v1::Run::descriptor(), path);
  return {{name, "number", unit, meaning}, path, [field, conversion](const v1::Run& run) -> Cell {
            const Cell cell = field.Value(run);
            if (const auto* number = std::get_if<double>(&cell)) return conversion(*number);
            if (const auto* count = std::get_if<uint64_t>(&cell)) {
              return conversion(static_cast<double>(*count));
            }
            return {};
          }};
}

// This format has no column for the power's source, and simulated energy is never unlabelled.
Cell RunName(const v1::Run& run) {
  const bool simulated = run.result().sensor().simulated();
  return absl::StrCat(run.run_id(), simulated ? " (simulated)" : "");
}

Cell TimePerSample(const v1::Run& run) {
  const v1::RunAssembly& assembly = run.assembly();
  if (assembly.inference_count() == 0) return {};
  return NumberCell(MillisecondsFromSeconds(assembly.inference_total_s()) /
                    static_cast<double>(assembly.inference_count()));
}

std::vector<RunColumn> MakeColumns() {
  return {
      {{"run", "string", "", "Id of the run; \" (simulated)\" behind it without a real sensor."},
       "",
       RunName},
      Show("timestamp", "datetime", "", "started_at", "Start of the run, UTC."),
      Show("sparsity", "number", "1", "outcome.size.sparsity", "Real share of zeros."),
      Show("mae", "number", "unit of the target", "assembly.quality.mae", "Mean absolute error."),
      Show("rmse", "number", "unit of the target", "assembly.quality.rmse",
           "Root mean square error."),
      Show("r2", "number", "1", "assembly.quality.r2", "Coefficient of determination."),
      Show("total_inference_s", "number", "s", "assembly.inference_total_s",
           "Duration of all inferences."),
      {{"time_per_sample_ms", "number", "ms", "Mean duration of one inference."},
       "",
       TimePerSample},
      Show("duration_s", "number", "s", "assembly.inference_total_s",
           "Duration of the energy windows; they hold nothing but inferences."),
      Show("energy_J", "number", "J", "assembly.energy.energy_j", "Energy of all windows."),
      Show("energy_uJ_per_inf", "number", "uJ", "assembly.energy.energy_per_inference_uj",
           "Median over the windows of energy per inference."),
      Show("avg_power_W", "number", "W", "assembly.energy.power_mean_w", "Mean power."),
      Show("peak_power_W", "number", "W", "assembly.energy.power_peak_w", "Largest power."),
      Convert("avg_current_mA", "mA", "assembly.energy.current_mean_a", MilliamperesFromAmperes,
              "Mean current."),
      Convert("peak_current_mA", "mA", "assembly.energy.current_peak_a", MilliamperesFromAmperes,
              "Largest current."),
      Show("avg_voltage_V", "number", "V", "assembly.energy.voltage_mean_v", "Mean voltage."),
      Show("n_samples", "integer", "", "assembly.energy.sample_count", "Samples in the windows."),
      Convert("mem_mb_before_energy_infer", "MiB", "result.memory.before_bytes", MebibytesFromBytes,
              "Memory of the runner before the model was loaded."),
      Convert("mem_mb_after_energy_infer", "MiB", "result.memory.after_bytes", MebibytesFromBytes,
              "Memory of the runner after the last window."),
  };
}

}  // namespace

const std::vector<RunColumn>& ReferenceColumns() {
  static const auto* const columns = new std::vector<RunColumn>(MakeColumns());
  return *columns;
}

}  // namespace tinyjoule

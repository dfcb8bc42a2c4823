// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/assembly/run_assembler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "common/energy/energy_report.h"
#include "common/energy/flag_catalog.h"
#include "common/energy/sampler_flags.h"
#include "common/metrics/metrics.h"
#include "common/units/units.h"
#include "server/assembly/attempt_data.h"

namespace tinyjoule {
namespace {

constexpr double kEnergyTolerance = 1e-9;

using Flags = google::protobuf::RepeatedPtrField<v1::Flag>;

bool Differs(double a, double b) {
  return std::abs(a - b) > kEnergyTolerance * std::max(std::abs(a), std::abs(b));
}

void CheckAgentsEnergies(const v1::RunResult& result, const EnergyReport& report, Flags& flags) {
  size_t next = 0;
  for (const v1::MarkedWindow& mark : result.windows()) {
    if (mark.kind() != v1::WINDOW_KIND_INFERENCE) continue;
    const v1::WindowEnergy& window = report.windows[next++];
    if (!mark.has_energy_j()) continue;
    if (window.has_energy_j() && !Differs(mark.energy_j(), window.energy_j())) continue;
    PutFlag(MakeFlag("MISMATCH", absl::StrFormat("window %d: agent %.12g J, coordinator %.12g J",
                                                 mark.index(), mark.energy_j(), window.energy_j())),
            flags);
    return;
  }
}

absl::Status AddEnergy(const AttemptData& data, v1::RunAssembly& assembly) {
  const std::vector<v1::MarkedWindow> marks(data.result.windows().begin(),
                                            data.result.windows().end());
  TJ_ASSIGN_OR_RETURN(const EnergyReport report,
                      ComputeEnergy(data.result.sensor(), data.samples, marks));
  *assembly.mutable_energy() = report.summary;
  for (const v1::WindowEnergy& window : report.windows) *assembly.add_windows() = window;
  for (const v1::Flag& flag : report.flags) PutFlag(flag, *assembly.mutable_flags());
  if (data.result.has_sampler()) {
    for (const v1::Flag& flag : SamplerFlags(data.result.sensor(), data.result.sampler())) {
      PutFlag(flag, *assembly.mutable_flags());
    }
  }
  CheckAgentsEnergies(data.result, report, *assembly.mutable_flags());
  return absl::OkStatus();
}

void AddInferences(const v1::RunResult& result, v1::RunAssembly& assembly) {
  uint64_t count = 0;
  int64_t total_ns = 0;
  for (const v1::MarkedWindow& mark : result.windows()) {
    if (mark.kind() != v1::WINDOW_KIND_INFERENCE) continue;
    count += mark.inference_count();
    total_ns += mark.end_mono_ns() - mark.start_mono_ns();
  }
  assembly.set_inference_count(count);
  assembly.set_inference_total_s(SecondsFromNs(total_ns));
}

// The largest difference; infinite where one side is not a number.
double MaxAbsDiff(absl::Span<const float> a, absl::Span<const float> b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (std::isnan(difference)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, difference);
  }
  return largest;
}

v1::Flag PredictionMismatch(std::string detail) {
  return MakeFlag("PREDICTION_MISMATCH", std::move(detail));
}

// A sum of n products in numbers of 11 bits is off by about sqrt(n) / 2^11 of their size: 3 % for
// the 4,000 products behind an output of the largest of our models. Twice that.
constexpr double kHalfTolerance = 1.0 / 16;

double PredictionTolerance(const AssemblyInputs& inputs) {
  const double tolerance = inputs.outcome.prediction_tolerance();
  if (inputs.engine != v1::ENGINE_XNNPACK_F16) return tolerance;
  double largest = 0;
  for (const float value : inputs.trainer_predictions) {
    largest = std::max<double>(largest, std::abs(value));
  }
  return std::max(tolerance, kHalfTolerance * largest);
}

void AddQuality(const AssemblyInputs& inputs, const AttemptData& data, v1::RunAssembly& assembly) {
  const absl::Span<const float> trainer = inputs.trainer_predictions;
  if (data.predictions.size() != trainer.size()) {
    PutFlag(PredictionMismatch(absl::StrCat(data.predictions.size(), " values from the device, ",
                                            trainer.size(), " from the trainer")),
            *assembly.mutable_flags());
    return;
  }
  const double difference = MaxAbsDiff(data.predictions, trainer);
  assembly.set_prediction_max_abs_diff(difference);
  const double tolerance = PredictionTolerance(inputs);
  if (difference > tolerance) {
    PutFlag(PredictionMismatch(
                absl::StrFormat("largest difference %.6g, tolerance %.6g", difference, tolerance)),
            *assembly.mutable_flags());
  }
  const auto quality =
      ComputeQuality(inputs.outcome.output_kind(), inputs.targets, data.predictions);
  if (quality.ok()) {
    *assembly.mutable_quality() = *quality;
  } else {
    PutFlag(PredictionMismatch(std::string(quality.status().message())), *assembly.mutable_flags());
  }
}

bool HasFatal(const Flags& flags) {
  return std::any_of(flags.begin(), flags.end(), [](const v1::Flag& flag) { return flag.fatal(); });
}

}  // namespace

absl::StatusOr<AssembledRun> AssembleRun(const AssemblyInputs& inputs) {
  TJ_ASSIGN_OR_RETURN(const AttemptData data, DecodeAttempt(inputs.chunks));
  AssembledRun run;
  run.result = data.result;
  v1::RunAssembly& assembly = run.assembly;
  assembly.set_raw_sha256(data.raw_sha256);
  for (const v1::Flag& flag : data.result.flags()) PutFlag(flag, *assembly.mutable_flags());
  TJ_RETURN_IF_ERROR(AddEnergy(data, assembly));
  AddInferences(data.result, assembly);
  const bool succeeded = data.result.state() == v1::ATTEMPT_STATE_SUCCEEDED;
  // An attempt that ended early has a state and a reason; missing predictions add nothing.
  if (succeeded || !data.predictions.empty()) AddQuality(inputs, data, assembly);
  if (succeeded && assembly.windows().empty()) {
    PutFlag(MakeFlag("NO_WINDOWS", "the attempt marked no inference window"),
            *assembly.mutable_flags());
  }
  if (inputs.conflicting_chunks > 0) {
    PutFlag(MakeFlag("CHUNK_CONFLICT", absl::StrCat(inputs.conflicting_chunks,
                                                    " chunks came again with other bytes")),
            *assembly.mutable_flags());
  }
  assembly.set_valid(succeeded && !HasFatal(assembly.flags()));
  return run;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/cost/cost_meter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr double kJoulesPerWh = 3600;

double Seconds(int64_t ns) { return static_cast<double>(ns) / static_cast<double>(kNsPerSecond); }

}  // namespace

CostMeter::CostMeter(const Clock& clock, std::vector<std::unique_ptr<EnergyMeter>> meters,
                     std::string why_no_energy)
    : clock_(clock), meters_(std::move(meters)) {
  if (meters_.empty()) cost_.set_why_no_energy(std::move(why_no_energy));
  for (const auto& meter : meters_) {
    absl::StrAppend(cost_.mutable_energy_source(), cost_.energy_source().empty() ? "" : " + ",
                    meter->source());
  }
}

void CostMeter::Begin() {
  energy_j_ = 0;
  energy_status_ = absl::OkStatus();
  for (const auto& meter : meters_) energy_status_.Update(meter->Begin());
  begin_ns_ = clock_.MonotonicNs();
}

void CostMeter::Poll() {
  if (energy_status_.ok()) energy_status_ = TakeEnergy();
}

absl::Status CostMeter::TakeEnergy() {
  for (const auto& meter : meters_) {
    TJ_ASSIGN_OR_RETURN(const double joules, meter->TakeJoules());
    energy_j_ += joules;
  }
  return absl::OkStatus();
}

absl::Status CostMeter::CheckSpan() {
  const int64_t span_ns = clock_.MonotonicNs() - begin_ns_;
  for (const auto& meter : meters_) {
    if (span_ns < meter->shortest_ns()) {
      return absl::FailedPreconditionError(
          absl::StrFormat("%.3g s are too short for %s, which needs %g s", Seconds(span_ns),
                          meter->source(), Seconds(meter->shortest_ns())));
    }
    TJ_RETURN_IF_ERROR(meter->CheckAlone());
  }
  return absl::OkStatus();
}

double CostMeter::EndSpan() {
  const double span_s = Seconds(clock_.MonotonicNs() - begin_ns_);
  Poll();
  if (energy_status_.ok()) energy_status_ = CheckSpan();
  return span_s;
}

void CostMeter::AddReason(const std::string& span) {
  if (energy_status_.ok()) return;
  std::string& reasons = *cost_.mutable_why_no_energy();
  absl::StrAppend(&reasons, reasons.empty() ? "" : "; ", span, ": ",
                  std::string(energy_status_.message()));
}

void CostMeter::EndTraining() {
  cost_.set_training_s(EndSpan());
  if (meters_.empty()) return;
  if (energy_status_.ok()) cost_.set_training_energy_wh(energy_j_ / kJoulesPerWh);
  AddReason("training");
}

void CostMeter::EndEvaluation() {
  cost_.set_evaluation_s(EndSpan());
  if (meters_.empty()) return;
  if (energy_status_.ok()) cost_.set_evaluation_energy_wh(energy_j_ / kJoulesPerWh);
  AddReason("evaluation");
}

CostMeter OpenCostMeter(const MeterPlaces& places, bool gpu, FileSystem& files,
                        const Clock& clock) {
  std::vector<std::unique_ptr<EnergyMeter>> meters;
  auto processor = OpenRaplMeter(files, places.root, clock);
  if (gpu) {
    auto device = OpenNvmlMeter(places.nvml_library);
    // The processor's part alone would be far too little.
    if (!device.ok()) return CostMeter(clock, {}, std::string(device.status().message()));
    meters.push_back(*std::move(device));
  } else if (!processor.ok()) {
    return CostMeter(clock, {}, std::string(processor.status().message()));
  }
  if (processor.ok()) meters.push_back(*std::move(processor));
  return CostMeter(clock, std::move(meters), "");
}

}  // namespace tinyjoule

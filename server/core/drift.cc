// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/drift.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "common/energy/flag_catalog.h"
#include "server/core/schedule.h"

namespace tinyjoule {
namespace {

constexpr double kDriftShare = 0.01;
constexpr uint32_t kPage = 256;

double EnergyOf(const v1::Run& run) { return run.assembly().energy().energy_per_inference_uj(); }

bool Counts(const v1::Run& run) {
  return run.state() == v1::RUN_STATE_SUCCEEDED && run.assembly().valid() &&
         run.assembly().energy().has_energy_per_inference_uj();
}

// The sweep's reference trial, from its first pages on; nothing without one.
absl::StatusOr<std::optional<TrialRecord>> FindReference(RunReader& reader,
                                                         const SweepRecord& sweep) {
  for (uint32_t first = 0;; first += kPage) {
    TJ_ASSIGN_OR_RETURN(const auto trials, reader.ListTrials(sweep.sweep_id, first, kPage));
    if (const TrialRecord* reference = ReferenceTrial(sweep.spec, trials)) return *reference;
    if (trials.size() < kPage) return std::optional<TrialRecord>();
  }
}

}  // namespace

std::optional<v1::Flag> JudgeDrift(absl::Span<const v1::Run> reference_runs) {
  std::vector<const v1::Run*> runs;
  double sum_uj = 0;
  for (const v1::Run& run : reference_runs) {
    if (!Counts(run)) continue;
    runs.push_back(&run);
    sum_uj += EnergyOf(run);
  }
  if (runs.size() < 2) return std::nullopt;
  const auto [low, high] = std::minmax_element(
      runs.begin(), runs.end(),
      [](const v1::Run* a, const v1::Run* b) { return EnergyOf(*a) < EnergyOf(*b); });
  const double mean_uj = sum_uj / static_cast<double>(runs.size());
  const double apart_uj = EnergyOf(**high) - EnergyOf(**low);
  if (apart_uj <= kDriftShare * mean_uj) return std::nullopt;
  return MakeFlag("DRIFT", absl::StrFormat("%s/%s took %.6g uJ in repeat %d and %.6g uJ in repeat "
                                           "%d: %.2g %% apart over %d blocks",
                                           (*low)->model(), (*low)->variant(), EnergyOf(**low),
                                           (*low)->repeat(), EnergyOf(**high), (*high)->repeat(),
                                           100 * apart_uj / mean_uj, runs.size()));
}

absl::Status DriftFinder::AddTo(v1::Run& run) {
  if (!run.has_assembly() || run.agent().name().empty()) return absl::OkStatus();
  const auto key = std::make_pair(run.sweep_id(), run.agent().name());
  auto known = found_.find(key);
  if (known == found_.end()) {
    TJ_ASSIGN_OR_RETURN(std::optional<v1::Flag> flag, Find(key.first, key.second));
    known = found_.emplace(key, std::move(flag)).first;
  }
  if (known->second) PutFlag(*known->second, *run.mutable_assembly()->mutable_flags());
  return absl::OkStatus();
}

absl::StatusOr<std::optional<v1::Flag>> DriftFinder::Find(const std::string& sweep_id,
                                                          const std::string& agent) {
  TJ_ASSIGN_OR_RETURN(const SweepRecord sweep, reader_.GetSweep(sweep_id));
  TJ_ASSIGN_OR_RETURN(const auto reference, FindReference(reader_, sweep));
  std::vector<v1::Run> runs;
  if (!reference) return std::optional<v1::Flag>();
  for (uint32_t repeat = 0; repeat < RepeatsOf(sweep.spec); ++repeat) {
    auto record =
        reader_.GetRun(RunIdOf(reference->trial_id, ReferenceEngine(sweep.spec), repeat, agent));
    if (absl::IsNotFound(record.status())) continue;
    if (!record.ok()) return record.status();
    runs.push_back(std::move(record->run));
  }
  return JudgeDrift(runs);
}

}  // namespace tinyjoule

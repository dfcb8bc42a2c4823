// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/words.h"

#include <cmath>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/config/parameter_path.h"

namespace tinyjoule {
namespace {

std::string WithoutPrefix(const std::string& name, size_t prefix) {
  return name.size() > prefix ? absl::AsciiStrToLower(name.substr(prefix)) : "?";
}

}  // namespace

std::string Word(v1::SweepState state) {
  return WithoutPrefix(v1::SweepState_Name(state), sizeof("SWEEP_STATE_") - 1);
}
std::string Word(v1::TrialState state) {
  return WithoutPrefix(v1::TrialState_Name(state), sizeof("TRIAL_STATE_") - 1);
}
std::string Word(v1::TaskState state) {
  return WithoutPrefix(v1::TaskState_Name(state), sizeof("TASK_STATE_") - 1);
}
std::string Word(v1::RunState state) {
  return WithoutPrefix(v1::RunState_Name(state), sizeof("RUN_STATE_") - 1);
}
std::string Word(v1::Engine engine) {
  return WithoutPrefix(v1::Engine_Name(engine), sizeof("ENGINE_") - 1);
}
std::string Word(v1::TrainingPhase phase) {
  return WithoutPrefix(v1::TrainingPhase_Name(phase), sizeof("TRAINING_PHASE_") - 1);
}

std::string ShortId(const std::string& id) { return id.substr(0, 12); }

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

std::string ParametersText(const google::protobuf::Map<std::string, std::string>& parameters) {
  return ParametersText(std::map<std::string, std::string>(parameters.begin(), parameters.end()));
}

std::string LabelsText(const google::protobuf::Map<std::string, std::string>& labels) {
  const std::map<std::string, std::string> sorted(labels.begin(), labels.end());
  return absl::StrJoin(sorted, " ", absl::PairFormatter("="));
}

std::string Number(const std::optional<double>& value) {
  return value ? absl::StrFormat("%.4g", *value) : "";
}

std::string NetEnergyText(const v1::EnergySummary& energy, const char* unit) {
  if (energy.has_energy_net_per_inference_upper_uj()) {
    return absl::StrFormat("< %.4g%s (below the noise)", energy.energy_net_per_inference_upper_uj(),
                           unit);
  }
  if (!energy.has_energy_net_per_inference_uj()) return "";
  return Number(energy.energy_net_per_inference_uj()) + unit;
}

std::string BytesText(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  const char* const units[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
  return absl::StrFormat("%.1f %s", value, units[unit]);
}

std::string DurationText(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return absl::StrCat(whole, " s");
  if (whole < 3600) return absl::StrCat(whole / 60, " min ", whole % 60, " s");
  return absl::StrCat(whole / 3600, " h ", whole % 3600 / 60, " min");
}

}  // namespace tinyjoule

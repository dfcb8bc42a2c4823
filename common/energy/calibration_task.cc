// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/calibration_task.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr int64_t kDefaultDurationNs = 10 * kNsPerSecond;
// Two means of a second are the least that shows whether the current is steady.
constexpr int64_t kMinDurationNs = 2 * kNsPerSecond;
constexpr int64_t kMaxDurationNs = 600 * kNsPerSecond;
constexpr int64_t kMostResolutions = 16;
// Starting and settling, for each resolution; the way there and back once.
constexpr int64_t kSettlingNs = 3 * kNsPerSecond;
constexpr int64_t kAnswerNs = 15 * kNsPerSecond;
// Far above what a small board takes.
constexpr double kMaxCurrentA = 100;
constexpr double kMaxUncertainty = 0.2;
constexpr size_t kMaxNoteBytes = 256;

absl::Status CheckReference(const v1::CalibrationTask& task) {
  const double current_a = task.reference_current_a();
  if (!(current_a > 0 && current_a <= kMaxCurrentA)) {
    return absl::InvalidArgumentError(absl::StrCat("reference_current_a: ", current_a,
                                                   " A is not above 0 and at most ", kMaxCurrentA,
                                                   " A: give what the meter in series shows"));
  }
  const double uncertainty = task.reference_uncertainty();
  if (uncertainty >= 0 && uncertainty <= kMaxUncertainty) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("reference_uncertainty: ", uncertainty * 100,
                                                 " % is not from 0 to ", kMaxUncertainty * 100,
                                                 " %"));
}

}  // namespace

absl::Status CheckCalibrationTask(const v1::CalibrationTask& task) {
  if (!v1::CalibrationAction_IsValid(task.action()) ||
      task.action() == v1::CALIBRATION_ACTION_UNSPECIFIED) {
    return absl::InvalidArgumentError(
        absl::StrCat("action: ", static_cast<int>(task.action()), " is none that is known"));
  }
  const int64_t duration_ns = CalibrationDurationNs(task);
  if (duration_ns < kMinDurationNs || duration_ns > kMaxDurationNs) {
    return absl::InvalidArgumentError("duration: it is not from 2 s to 10 min");
  }
  if (task.note().size() > kMaxNoteBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("note: ", task.note().size(), " bytes, of at most ", kMaxNoteBytes));
  }
  return task.action() == v1::CALIBRATION_ACTION_ONE_POINT ? CheckReference(task)
                                                           : absl::OkStatus();
}

int64_t CalibrationDurationNs(const v1::CalibrationTask& task) {
  if (!task.has_duration()) return kDefaultDurationNs;
  // Beyond the limit in either direction nothing is gained by an exact figure.
  constexpr int64_t kMaxSeconds = kMaxDurationNs / kNsPerSecond;
  if (task.duration().seconds() < 0) return 0;
  if (task.duration().seconds() > kMaxSeconds) return kMaxDurationNs + 1;
  return task.duration().seconds() * kNsPerSecond + task.duration().nanos();
}

int64_t CalibrationTimeoutNs(const v1::CalibrationTask& task) {
  const int64_t rounds = task.action() == v1::CALIBRATION_ACTION_OBSERVER ? kMostResolutions : 1;
  return rounds * (CalibrationDurationNs(task) + kSettlingNs) + kAnswerNs;
}

}  // namespace tinyjoule

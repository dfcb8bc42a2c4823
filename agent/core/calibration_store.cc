// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/calibration_store.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/core/calibration.h"
#include "common/base/status.h"
#include "google/protobuf/util/json_util.h"

namespace tinyjoule {
namespace {

absl::Status Unreadable(absl::string_view path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("the calibrations in ", path, " cannot be used: ", why,
                   "; repair the file, or move it away and calibrate again"));
}

// What a hand at the file may have broken.
bool IsSound(const v1::Calibration& calibration) {
  const double gain = GainOf(calibration);
  return calibration.version() > 0 && calibration.reference_current_a() >= 0 &&
         calibration.current_stddev_a() >= 0 && calibration.reference_uncertainty() >= 0 &&
         std::isfinite(gain) && gain > 0 && std::isfinite(calibration.zero_offset_counts()) &&
         calibration.zero_offset_uncertainty_counts() >= 0;
}

}  // namespace

absl::StatusOr<CalibrationStore> CalibrationStore::Open(FileSystem& files,
                                                        const std::string& path) {
  CalibrationStore store(files, path);
  const absl::StatusOr<std::string> json = files.ReadFile(path);
  if (absl::IsNotFound(json.status())) return store;
  if (!json.ok()) return Unreadable(path, json.status().message());
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(*json, &store.file_, options);
  if (!parsed.ok()) {
    return Unreadable(path, absl::string_view(parsed.message().data(), parsed.message().size()));
  }
  for (const auto& [identity, calibration] : store.file_.sensors()) {
    if (!IsSound(calibration)) {
      return Unreadable(path, absl::StrCat("the figures of ", identity, " make no sense"));
    }
  }
  return store;
}

v1::Calibration CalibrationStore::Get(const std::string& identity) const {
  const auto found = file_.sensors().find(identity);
  return found == file_.sensors().end() ? v1::Calibration() : found->second;
}

v1::ObserverCosts CalibrationStore::GetCosts(const std::string& identity) const {
  const auto found = file_.observers().find(identity);
  return found == file_.observers().end() ? v1::ObserverCosts() : found->second;
}

absl::Status CalibrationStore::Put(const std::string& identity,
                                   const v1::Calibration& calibration) {
  v1::CalibrationFile changed = file_;
  (*changed.mutable_sensors())[identity] = calibration;
  return Write(std::move(changed));
}

absl::Status CalibrationStore::PutCosts(const std::string& identity,
                                        const v1::ObserverCosts& costs) {
  v1::CalibrationFile changed = file_;
  (*changed.mutable_observers())[identity] = costs;
  return Write(std::move(changed));
}

absl::Status CalibrationStore::Write(v1::CalibrationFile changed) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto printed = google::protobuf::util::MessageToJsonString(changed, &json, options);
  if (!printed.ok()) return absl::InternalError(absl::StrCat("cannot write ", path_, " as JSON"));
  TJ_RETURN_IF_ERROR(files_->WriteFileAtomically(path_, json));
  file_ = std::move(changed);
  return absl::OkStatus();
}

}  // namespace tinyjoule

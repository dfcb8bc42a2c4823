// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_CALIBRATION_STORE_H_
#define AGENT_CORE_CALIBRATION_STORE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/file_system.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// The calibrations of an agent's sensors, and what reading them costs: the file calibration.json, a
// v1::CalibrationFile. A sensor that is away for a while, and comes back, finds its own. One
// thread.
class CalibrationStore {
 public:
  // No file: no calibrations. An error for a file that cannot be read or makes no sense: to measure
  // without a calibration that was made would be wrong in silence. The file system outlives it.
  static absl::StatusOr<CalibrationStore> Open(FileSystem& files, const std::string& path);

  // Version 0 when there is none.
  v1::Calibration Get(const std::string& identity) const;
  // No rows when there are none.
  v1::ObserverCosts GetCosts(const std::string& identity) const;
  // On stable storage when they return OK; otherwise nothing has changed.
  [[nodiscard]] absl::Status Put(const std::string& identity, const v1::Calibration& calibration);
  [[nodiscard]] absl::Status PutCosts(const std::string& identity, const v1::ObserverCosts& costs);

 private:
  CalibrationStore(FileSystem& files, std::string path) : files_(&files), path_(std::move(path)) {}
  [[nodiscard]] absl::Status Write(v1::CalibrationFile changed);

  FileSystem* files_;
  std::string path_;
  v1::CalibrationFile file_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_CALIBRATION_STORE_H_

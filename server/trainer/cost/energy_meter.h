// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COST_ENERGY_METER_H_
#define SERVER_TRAINER_COST_ENERGY_METER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"

namespace tinyjoule {

// A counter of the energy of what trains.
//
//   1. Begin. 2. TakeJoules again and again, at least every minute; Begin again begins anew.
//
// It counts the whole device, whoever uses it: CheckAlone says whether that was this process. One
// thread. Errors say what a user can do.
class EnergyMeter {
 public:
  virtual ~EnergyMeter() = default;
  // "rapl:package-0", "nvml:0".
  virtual std::string source() const = 0;
  // The counter is renewed only now and then: a shorter time is not measured to 5 %.
  virtual int64_t shortest_ns() const = 0;
  [[nodiscard]] virtual absl::Status Begin() = 0;
  // Since Begin or the last call.
  virtual absl::StatusOr<double> TakeJoules() = 0;
  // FailedPrecondition: others used the device since Begin.
  [[nodiscard]] virtual absl::Status CheckAlone() = 0;
};

// The processor's packages. NotFound, PermissionDenied: as RaplCounters. `root` stands before /sys
// and /proc. The references outlive the meter.
absl::StatusOr<std::unique_ptr<EnergyMeter>> OpenRaplMeter(FileSystem& files,
                                                           const std::string& root,
                                                           const Clock& clock);

// The NVIDIA GPU that trains: the only one, or that of CUDA_VISIBLE_DEVICES where it holds one
// UUID. `library` is loaded at run time. NotFound: no such library or GPU; FailedPrecondition:
// which GPU trains is not known; Unimplemented: a GPU that does not count energy.
inline constexpr char kNvmlLibrary[] = "libnvidia-ml.so.1";
absl::StatusOr<std::unique_ptr<EnergyMeter>> OpenNvmlMeter(const std::string& library);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COST_ENERGY_METER_H_

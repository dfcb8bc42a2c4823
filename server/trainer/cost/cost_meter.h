// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COST_COST_METER_H_
#define SERVER_TRAINER_COST_COST_METER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "server/trainer/cost/energy_meter.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// What one task costs: its time, and its energy where a counter tells it.
//
//   1. Begin a span. 2. Poll while it lasts, at least every minute. 3. EndTraining or
//   EndEvaluation. 4. Again; 5. cost().
//
// The energy of a span is all meters' together: that of a GPU's work is the GPU's and, where it is
// told, the processor's. It is measured or absent, with the reason: when a meter fails, when others
// used what it counts, when the span is too short for it. Never a share, never an estimate. One
// thread.
class CostMeter {
 public:
  // Without meters `why_no_energy` says why there are none.
  CostMeter(const Clock& clock, std::vector<std::unique_ptr<EnergyMeter>> meters,
            std::string why_no_energy);

  void Begin();
  void Poll();
  void EndTraining();
  void EndEvaluation();

  const v1::TrainingCost& cost() const { return cost_; }

 private:
  double EndSpan();
  absl::Status TakeEnergy();
  [[nodiscard]] absl::Status CheckSpan();
  void AddReason(const std::string& span);

  const Clock& clock_;
  std::vector<std::unique_ptr<EnergyMeter>> meters_;
  v1::TrainingCost cost_;
  int64_t begin_ns_ = 0;
  double energy_j_ = 0;
  absl::Status energy_status_;
};

// Where a machine's meters are found; tests have another root and another library.
struct MeterPlaces {
  std::string root;
  std::string nvml_library = kNvmlLibrary;
};

// For a task on the processor, or on a GPU. The references outlive the meter.
CostMeter OpenCostMeter(const MeterPlaces& places, bool gpu, FileSystem& files, const Clock& clock);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COST_COST_METER_H_

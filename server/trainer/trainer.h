// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_TRAINER_H_
#define SERVER_TRAINER_TRAINER_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "server/trainer/compress/trained_model.h"
#include "server/trainer/cost/cost_meter.h"
#include "server/trainer/data/dataset.h"
#include "server/trainer/dataset_cache.h"
#include "server/trainer/fit/learn.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Which implementation trains networks on the processor. CUDA is LibTorch's in any case.
enum class EngineChoice { kNative, kTorch };

// Does training tasks, one after another; keeps the data sets of the last ones. One per process.
// Not thread-safe.
class Trainer {
 public:
  // Data sets in memory: the one in work and the one before.
  static constexpr size_t kCachedDatasets = 2;

  // `places`: where the energy of training is told.
  Trainer(EngineChoice engine, const Clock& clock, MeterPlaces places = {});

  // Blocks until the task is done; its artifacts are then in task.output_dir. `progress` is called
  // on this thread, about four times a second. A task that fails leaves the trainer as it was.
  // Errors: InvalidArgument, NotFound, DataLoss (what the task names), FailedPrecondition (a loss
  // that diverged, no CUDA), Unimplemented, and those of the file system.
  absl::StatusOr<v1::TrainingOutcome> Run(const v1::TrainingTask& task,
                                          const ProgressCallback& progress);

 private:
  struct Work;

  absl::Status Prepare(Work& work);
  absl::Status TrainBase(Work& work);
  absl::Status TrainNetwork(Work& work);
  absl::Status BuildKnn(Work& work);
  absl::Status LoadOnnx(Work& work);
  absl::Status Compress(Work& work);
  // The same model with int8 ends.
  absl::Status TakeTwin(Work& work, QuantizedNetwork twin);
  void DescribeEnvironment(const Work& work, v1::TrainingOutcome& outcome) const;

  EngineChoice engine_;
  const Clock& clock_;
  const MeterPlaces places_;
  PosixFileSystem files_;
  DatasetCache datasets_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_TRAINER_H_

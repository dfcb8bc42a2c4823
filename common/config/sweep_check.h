// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_SWEEP_CHECK_H_
#define COMMON_CONFIG_SWEEP_CHECK_H_

#include <functional>
#include <string>

#include "common/config/diagnostic.h"
#include "tinyjoule/v1/sweep.pb.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Receives what the checks find. A path is that of the spec, such as "models.1.kernel"; the place
// is that of the nearest part of it that stands in the file.
class CheckReport {
 public:
  virtual ~CheckReport() = default;
  virtual void Add(Severity severity, const std::string& path, const std::string& message) = 0;
  // True when the file (or an override) says something at this very path, right or wrong.
  virtual bool IsGiven(const std::string& path) const = 0;

  void Error(const std::string& path, const std::string& message) {
    Add(Severity::kError, path, message);
  }
  void Warning(const std::string& path, const std::string& message) {
    Add(Severity::kWarning, path, message);
  }
};

// The meaning of a sweep, beyond words and types. `spec` has its defaults; what the file itself
// gave is asked from the report.
void CheckSweep(const v1::SweepSpec& spec, CheckReport& report);

// Parts of it, which also check the values of swept parameters. `path` is where the part stands.
void CheckDataset(const v1::DatasetSpec& dataset, const std::string& path, CheckReport& report);
void CheckModel(const v1::ModelSpec& model, const std::string& path, CheckReport& report);
void CheckTrain(const v1::TrainSpec& train, const std::string& path, CheckReport& report);
// The steps of one variant on their own; `sweeps_sparsity`: values of the step at this position
// come from the variant's parameters.
void CheckSteps(const v1::VariantSpec& variant, const std::string& path, CheckReport& report);
// Whether models, loss and data set fit together.
void CheckLearning(const v1::SweepSpec& spec, CheckReport& report);
// The parameters of the sweep and of each variant; and each pair of model and variant.
void CheckParameters(const v1::SweepSpec& spec, CheckReport& report);
void CheckCombinations(const v1::SweepSpec& spec, CheckReport& report);
void CheckMeasurement(const v1::SweepSpec& spec, CheckReport& report);

// "X is not available in this version" with the words that are.
std::string NotAvailable(const std::string& what, const std::string& instead);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_SWEEP_CHECK_H_

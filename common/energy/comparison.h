// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_COMPARISON_H_
#define COMMON_ENERGY_COMPARISON_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tinyjoule/v1/comparison.pb.h"
#include "tinyjoule/v1/run.pb.h"

namespace tinyjoule {

struct ComparisonOptions {
  // A variant's name, also with parameters, as "l1 sparsity=0.4"; or an engine's word.
  std::string a;
  std::string b;
  // "variant" or "engine".
  std::string by = "variant";
  // One of ComparisonMetrics().
  std::string metric = "energy_per_inference";
  // Empty: every model.
  std::string model;
};

// Names of the figures that can be compared, smaller being better.
std::vector<std::string> ComparisonMetrics();

// A against B by pairs: a run of each that agree in model, fold, seed, agent, engine (or variant),
// block, repeat and every parameter whose values they share. With d = ln(B / A) of each pair, the
// ratio is exp(mean d) and its interval exp(mean d +- t(0.975, n - 1) s / sqrt(n)); one of them
// wins only when the interval excludes 1. INVALID runs are left out and counted; net energies below
// the noise are no values. InvalidArgument: a metric, model, variant or engine that is not there, A
// equal to B, a variant with several settings of a parameter of its own.
absl::StatusOr<v1::Comparison> CompareRuns(absl::Span<const v1::Run> runs,
                                           const ComparisonOptions& options);

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_COMPARISON_H_

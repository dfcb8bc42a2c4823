// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/export/emissions.h"

namespace tinyjoule {
namespace {

constexpr double kWhPerKwh = 1000;

Cell Emissions(bool measured, double energy_wh, std::optional<double> grid_gco2e_per_kwh) {
  if (!measured || !grid_gco2e_per_kwh) return {};
  return energy_wh * *grid_gco2e_per_kwh / kWhPerKwh;
}

}  // namespace

Cell TrainingEmissions(const v1::TrainingCost& cost, std::optional<double> grid_gco2e_per_kwh) {
  return Emissions(cost.has_training_energy_wh(), cost.training_energy_wh(), grid_gco2e_per_kwh);
}

Cell EvaluationEmissions(const v1::TrainingCost& cost, std::optional<double> grid_gco2e_per_kwh) {
  return Emissions(cost.has_evaluation_energy_wh(), cost.evaluation_energy_wh(),
                   grid_gco2e_per_kwh);
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_EXPORT_EMISSIONS_H_
#define SERVER_EXPORT_EMISSIONS_H_

#include <optional>

#include "server/export/cell.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Grams of CO2 equivalent: energy by the grid's factor in g/kWh. Missing without either.
Cell TrainingEmissions(const v1::TrainingCost& cost, std::optional<double> grid_gco2e_per_kwh);
Cell EvaluationEmissions(const v1::TrainingCost& cost, std::optional<double> grid_gco2e_per_kwh);

}  // namespace tinyjoule

#endif  // SERVER_EXPORT_EMISSIONS_H_

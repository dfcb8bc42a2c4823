// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_STATION_DATASET_H_
#define SERVER_TRAINER_DATA_STATION_DATASET_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/trainer/data/dataset.h"
#include "server/trainer/data/station_file.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// Gaps of up to so many rows are filled when the spec gives no limit: three hours, or three days.
// Longer ones would be invented data.
inline constexpr size_t kDefaultInterpolationLimit = 3;

// The spec with every default of a table written out: interpolation and its limit, context,
// horizon; for inmet and synthetic_weather also features and target (temperature, humidity, wind
// speed, gust and the precipitation of the row before give the precipitation).
v1::DatasetSpec WithStationDefaults(v1::DatasetSpec spec);

// The names of the table columns that the features and the target need, each once.
// InvalidArgument: no feature, no target, a feature that is neither a name nor a lag.
absl::StatusOr<std::vector<std::string>> NeededColumns(const v1::DatasetSpec& spec);

// From readings to samples: resample, fill or leave gaps, lags, drop incomplete rows, windows that
// never bridge a gap. `spec` has its defaults (WithStationDefaults).
absl::StatusOr<Dataset> BuildStationDataset(const v1::DatasetSpec& spec, StationTable station);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_STATION_DATASET_H_

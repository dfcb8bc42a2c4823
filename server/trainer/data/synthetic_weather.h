// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_SYNTHETIC_WEATHER_H_
#define SERVER_TRAINER_DATA_SYNTHETIC_WEATHER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "common/base/random_source.h"
#include "server/trainer/data/station_file.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// Standard normal and gamma variates with a sequence of their own (the standard library's
// distributions differ between implementations).
class Variates {
 public:
  explicit Variates(uint64_t seed) : random_(seed) {}
  // In [0, 1), 53 bits.
  double Uniform();
  // Polar method (G. Marsaglia and T. A. Bray, 1964).
  double Normal();
  // Mean shape * scale (G. Marsaglia and W. W. Tsang, 2000). shape, scale > 0.
  double Gamma(double shape, double scale);

 private:
  SeededRandom random_;
  double spare_ = 0;
  bool has_spare_ = false;
};

// Temperature, humidity, wind speed, gust.
inline constexpr size_t kWeatherVariables = 4;
using WeatherMatrix = std::array<std::array<double, kWeatherVariables>, kWeatherVariables>;

// Residuals follow x[t] = A x[t-1] + B e[t], where e is white noise (N. C. Matalas, 1967), with
// A = M1 inv(M0) and B B' = M0 - A M1' for the cross-correlations below at lag 0 and at one step.
extern const WeatherMatrix kResidualA;
extern const WeatherMatrix kResidualB;
extern const WeatherMatrix kResidualM0;
extern const WeatherMatrix kResidualM1;

// A stochastic weather generator after C. W. Richardson (Water Resources Research 17, 1981),
// half-hourly: first-order two-state Markov occurrence of rain, gamma amounts, and correlated
// first-order autoregressive residuals of the other variables around a daily and yearly cycle and
// a mean that depends on whether it rains.
//
// Columns: temperature (C), humidity (%), wind_speed, gust (m/s), precipitation (mm since
// midnight: a counter as the reference study's station has), all to 0.1. 20,028 rows from
// 2019-01-01 00:00 unless the spec says otherwise. The presets give the counter a standard
// deviation of 4.1 mm and a persistence R2 of 0.93, as the reference study's table. The same spec
// and seed give the same table on every machine.
// InvalidArgument: probabilities outside (0, 1), amounts not positive, fewer than 2 rows.
absl::StatusOr<StationTable> SyntheticWeather(const v1::SyntheticWeatherSpec& spec, uint64_t seed);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_SYNTHETIC_WEATHER_H_

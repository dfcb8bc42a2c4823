// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/synthetic_weather.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kPresetRows = 20028;
constexpr uint32_t kMostRows = 10'000'000;
constexpr double kPresetWetAfterDry = 0.02;
constexpr double kPresetWetAfterWet = 0.7;
constexpr double kPresetGammaShape = 0.7;
constexpr double kPresetGammaScaleMm = 1.89;

constexpr int64_t kStepS = 1800;
constexpr int64_t kStepsPerDay = 48;
// 2019-01-01 00:00.
constexpr int64_t kStartS = 1546300800;
constexpr double kTwoPi = 6.283185307179586;
constexpr double kDaysPerYear = 365.25;

// Cycles and spreads of a humid tropical coast, near those of the INMET station at Recife.
struct Climate {
  double mean;
  // Of the daily cycle, largest at 14:00 when positive.
  double daily_amplitude;
  // Of the yearly cycle, largest in early February when positive.
  double yearly_amplitude;
  double residual_std;
  // Added while it rains, in standard deviations of the residual.
  double wet_shift;
  double least;
  double most;
};
constexpr std::array<Climate, kWeatherVariables> kClimate = {{
    {26.1, 3.0, 1.6, 1.3, -0.6, 5, 45},
    {77.8, -12.5, -6.5, 7.3, 0.9, 10, 100},
    {1.5, 0.8, 0.3, 0.55, -0.2, 0, 40},
    {4.7, 2.0, 0.8, 1.55, 0.3, 0, 60},
}};
constexpr size_t kWind = 2;
constexpr size_t kGust = 3;

constexpr std::array<const char*, kWeatherVariables + 1> kNames = {
    "temperature", "humidity", "wind_speed", "gust", "precipitation"};

// A station's resolution. It also hides the last bit in which mathematical libraries differ.
double Tenths(double value) { return std::round(value * 10) / 10; }

struct RainModel {
  double wet_after_dry;
  double wet_after_wet;
  double gamma_shape;
  double gamma_scale_mm;
};

absl::Status CheckRange(double value, double most, const char* key) {
  if (value > 0 && value < most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("dataset.synthetic_weather.", key, ": ", value, " is not between 0 and ", most));
}

absl::StatusOr<RainModel> RainModelOf(const v1::SyntheticWeatherSpec& spec) {
  RainModel rain;
  rain.wet_after_dry = spec.has_wet_after_dry() ? spec.wet_after_dry() : kPresetWetAfterDry;
  rain.wet_after_wet = spec.has_wet_after_wet() ? spec.wet_after_wet() : kPresetWetAfterWet;
  rain.gamma_shape = spec.has_gamma_shape() ? spec.gamma_shape() : kPresetGammaShape;
  rain.gamma_scale_mm = spec.has_gamma_scale_mm() ? spec.gamma_scale_mm() : kPresetGammaScaleMm;
  TJ_RETURN_IF_ERROR(CheckRange(rain.wet_after_dry, 1, "wet_after_dry"));
  TJ_RETURN_IF_ERROR(CheckRange(rain.wet_after_wet, 1, "wet_after_wet"));
  TJ_RETURN_IF_ERROR(CheckRange(rain.gamma_shape, 1000, "gamma_shape"));
  TJ_RETURN_IF_ERROR(CheckRange(rain.gamma_scale_mm, 1000, "gamma_scale_mm"));
  return rain;
}

using Residuals = std::array<double, kWeatherVariables>;

Residuals NextResiduals(const Residuals& previous, Variates& variates) {
  Residuals noise;
  for (double& value : noise) value = variates.Normal();
  Residuals next{};
  for (size_t i = 0; i < kWeatherVariables; ++i) {
    for (size_t j = 0; j < kWeatherVariables; ++j) {
      next[i] += kResidualA[i][j] * previous[j] + kResidualB[i][j] * noise[j];
    }
  }
  return next;
}

// Values of one half-hour: cycles, rain and residual together.
Residuals Weather(size_t step, bool wet, const Residuals& residuals) {
  const double day = static_cast<double>(step) / kStepsPerDay;
  const double daily = std::cos(kTwoPi * (day - 14.0 / 24.0));
  const double yearly = std::cos(kTwoPi * (day - 35.0) / kDaysPerYear);
  Residuals values;
  for (size_t i = 0; i < kWeatherVariables; ++i) {
    const Climate& climate = kClimate[i];
    const double spread = climate.residual_std * (residuals[i] + (wet ? climate.wet_shift : 0));
    const double value =
        climate.mean + climate.daily_amplitude * daily + climate.yearly_amplitude * yearly + spread;
    values[i] = Tenths(std::clamp(value, climate.least, climate.most));
  }
  values[kGust] = std::max(values[kGust], values[kWind]);
  return values;
}

}  // namespace

const WeatherMatrix kResidualM0 = {
    {{1, -0.7, 0.4, 0.35}, {-0.7, 1, -0.5, -0.4}, {0.4, -0.5, 1, 0.75}, {0.35, -0.4, 0.75, 1}}};
const WeatherMatrix kResidualM1 = {{{0.95, -0.67, 0.37, 0.32},
                                    {-0.70, 0.96, -0.48, -0.39},
                                    {0.38, -0.46, 0.80, 0.64},
                                    {0.35, -0.39, 0.68, 0.82}}};
const WeatherMatrix kResidualA = {{{0.9455, -0.0167, -0.0077, -0.0119},
                                   {-0.0546, 0.9233, 0.0107, -0.0096},
                                   {0.0339, -0.0546, 0.6958, 0.0844},
                                   {0.0419, -0.0153, 0.1284, 0.7029}}};
const WeatherMatrix kResidualB = {{{0.3118, 0, 0, 0},
                                   {-0.0975, 0.2594, 0, 0},
                                   {0.1499, -0.1631, 0.5497, 0},
                                   {0.0882, -0.0448, 0.2800, 0.4770}}};

double Variates::Uniform() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }

double Variates::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double u = 0;
  double v = 0;
  double s = 0;
  do {
    u = 2 * Uniform() - 1;
    v = 2 * Uniform() - 1;
    s = u * u + v * v;
  } while (s >= 1 || s == 0);
  const double factor = std::sqrt(-2 * std::log(s) / s);
  spare_ = v * factor;
  has_spare_ = true;
  return u * factor;
}

double Variates::Gamma(double shape, double scale) {
  if (shape < 1) {
    // Gamma(a) = Gamma(a + 1) U^(1/a). 1 - U is never 0.
    const double uniform = 1 - Uniform();
    return Gamma(shape + 1, scale) * std::pow(uniform, 1 / shape);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = Normal();
    const double t = 1 + c * x;
    if (t <= 0) continue;
    const double v = t * t * t;
    if (std::log(1 - Uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v * scale;
  }
}

absl::StatusOr<StationTable> SyntheticWeather(const v1::SyntheticWeatherSpec& spec, uint64_t seed) {
  TJ_ASSIGN_OR_RETURN(const RainModel rain, RainModelOf(spec));
  const uint32_t rows = spec.has_rows() ? spec.rows() : kPresetRows;
  if (rows < 2 || rows > kMostRows) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset.synthetic_weather.rows: ", rows, " is not in 2..", kMostRows));
  }
  StationTable result;
  result.rows_read = result.rows_kept = result.table.row_count = rows;
  for (const char* name : kNames) result.table.columns.push_back({name, Cells(rows)});
  Variates variates(seed);
  Residuals residuals{};
  bool wet = false;
  double counter_mm = 0;
  for (size_t step = 0; step < rows; ++step) {
    wet = variates.Uniform() < (wet ? rain.wet_after_wet : rain.wet_after_dry);
    if (step % kStepsPerDay == 0) counter_mm = 0;
    if (wet) counter_mm += Tenths(variates.Gamma(rain.gamma_shape, rain.gamma_scale_mm));
    residuals = NextResiduals(residuals, variates);
    const Residuals values = Weather(step, wet, residuals);
    for (size_t i = 0; i < kWeatherVariables; ++i) result.table.columns[i].cells[step] = values[i];
    result.table.columns.back().cells[step] = Tenths(counter_mm);
    result.table.time_s.push_back(kStartS + static_cast<int64_t>(step) * kStepS);
  }
  return result;
}

}  // namespace tinyjoule

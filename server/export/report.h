// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_EXPORT_REPORT_H_
#define SERVER_EXPORT_REPORT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/energy/statistics.h"
#include "tinyjoule/v1/run.pb.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// The runs of one configuration over folds, seeds, repeats and agents of one board and engine.
// Means are over valid runs; an interval needs two of them (Student's t).
struct ReportGroup {
  std::string model;
  // "l1-structured sparsity=0.4".
  std::string variant;
  // "board / engine"; the processor where the board is not known.
  std::string device;
  uint32_t run_count = 0;
  uint32_t valid_count = 0;
  // RMSE, or the share of wrong classes; and R2, or accuracy.
  std::optional<double> error;
  std::optional<double> score;
  std::optional<double> latency_us;
  std::optional<double> energy_uj;
  std::optional<Interval> energy_interval_uj;
  std::optional<double> energy_net_uj;
  // Largest upper bound of the runs whose net energy is below the noise; the mean is no value then.
  std::optional<double> energy_net_upper_uj;
  // energy_uj over that of the model's float32 variant on the same device.
  std::optional<double> energy_ratio;
  uint64_t model_bytes = 0;
  uint64_t nonzero_count = 0;
};

// By model, device and variant, float32 first: the order of execution is random and says nothing.
std::vector<ReportGroup> GroupRuns(absl::Span<const v1::Run> runs);

// One self-contained page (HTML, inline SVG, no script): a summary per configuration, energy
// against error, and every flag with what it means. Simulated energy is labelled on the page and
// in the picture. The same input gives the same bytes.
std::string RenderReport(const v1::Sweep& sweep, absl::Span<const v1::Run> runs);

// The picture alone: energy per inference (log scale) against error, one point a group, whiskers
// for the interval. Empty when no group has an energy.
std::string EnergyErrorSvg(absl::Span<const ReportGroup> groups, bool classification,
                           bool simulated);

// Text with &, <, >, " and ' as entities.
std::string EscapeHtml(const std::string& text);

}  // namespace tinyjoule

#endif  // SERVER_EXPORT_REPORT_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/export/report.h"

namespace tinyjoule {
namespace {

constexpr double kWidth = 860, kHeight = 460;
// More labels than this would lie on each other; the points still have tooltips.
constexpr size_t kMaxLabels = 24;
constexpr double kLeft = 80, kRight = 200, kTop = 24, kBottom = 60;
// Okabe and Ito (2008): told apart by colour-blind readers.
constexpr const char* kColours[] = {"#0072B2", "#D55E00", "#009E73",
                                    "#CC79A7", "#E69F00", "#56B4E9"};

// A span of values mapped onto a span of pixels.
struct Axis {
  double low = 0, high = 1, from = 0, to = 1;
  double Pixel(double value) const { return from + (value - low) / (high - low) * (to - from); }
};

Axis MakeAxis(double low, double high, double from, double to) {
  const double margin = high > low ? 0.06 * (high - low) : std::max(0.1, 0.1 * std::abs(low));
  return {low - margin, high + margin, from, to};
}

std::string Text(double x, double y, const char* anchor, const std::string& text) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor,
                         EscapeHtml(text));
}

std::string Line(double x1, double y1, double x2, double y2, const char* colour) {
  return absl::StrFormat("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n",
                         x1, y1, x2, y2, colour);
}

// Ticks at 1, 2 and 5 times the powers of ten.
std::string EnergyTicks(const Axis& axis) {
  std::string svg;
  for (int power = static_cast<int>(std::floor(axis.low)); power <= std::ceil(axis.high); ++power) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double value = std::log10(digit) + power;
      if (value < axis.low || value > axis.high) continue;
      const double x = axis.Pixel(value);
      svg += Line(x, kTop, x, kHeight - kBottom, "#8883");
      svg += Text(x, kHeight - kBottom + 18, "middle", absl::StrFormat("%g", std::pow(10, value)));
    }
  }
  return svg;
}

std::string ErrorTicks(const Axis& axis) {
  const double rough = (axis.high - axis.low) / 6;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : 2);
  std::string svg;
  // Multiples of the step, not sums of it: 0 must be 0.
  for (auto tick = std::llround(std::ceil(axis.low / step));; ++tick) {
    const double value = static_cast<double>(tick) * step;
    if (value > axis.high) return svg;
    const double y = axis.Pixel(value);
    svg += Line(kLeft, y, kWidth - kRight, y, "#8883");
    svg += Text(kLeft - 8, y + 4, "end", absl::StrFormat("%.4g", value));
  }
}

std::string Point(const ReportGroup& group, const Axis& x, const Axis& y, const char* colour,
                  bool label) {
  const double px = x.Pixel(std::log10(*group.energy_uj)), py = y.Pixel(*group.error);
  std::string svg;
  if (group.energy_interval_uj && group.energy_interval_uj->low > 0) {
    svg += Line(x.Pixel(std::log10(group.energy_interval_uj->low)), py,
                x.Pixel(std::log10(group.energy_interval_uj->high)), py, colour);
  }
  absl::StrAppendFormat(&svg,
                        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"><title>%s %s (%s): "
                        "%.4g uJ, error %.4g</title></circle>\n",
                        px, py, colour, EscapeHtml(group.model), EscapeHtml(group.variant),
                        EscapeHtml(group.device), *group.energy_uj, *group.error);
  if (label) svg += Text(px + 8, py - 6, "start", group.variant);
  return svg;
}

}  // namespace

std::string EnergyErrorSvg(absl::Span<const ReportGroup> groups, bool classification,
                           bool simulated) {
  std::vector<const ReportGroup*> shown;
  double energy_low = INFINITY, energy_high = -INFINITY, error_low = INFINITY,
         error_high = -INFINITY;
  for (const ReportGroup& group : groups) {
    if (!group.energy_uj || *group.energy_uj <= 0 || !group.error) continue;
    shown.push_back(&group);
    energy_low = std::min(energy_low, std::log10(*group.energy_uj));
    energy_high = std::max(energy_high, std::log10(*group.energy_uj));
    error_low = std::min(error_low, *group.error);
    error_high = std::max(error_high, *group.error);
  }
  if (shown.empty()) return "<p>No run has an energy.</p>\n";
  const Axis x = MakeAxis(energy_low, energy_high, kLeft, kWidth - kRight);
  const Axis y = MakeAxis(error_low, error_high, kHeight - kBottom, kTop);
  std::string svg = absl::StrFormat(
      "<svg viewBox=\"0 0 %g %g\" width=\"%g\" role=\"img\" font-family=\"system-ui,sans-serif\" "
      "font-size=\"12\" fill=\"currentColor\">\n",
      kWidth, kHeight, kWidth);
  svg += EnergyTicks(x) + ErrorTicks(y);
  svg += Text(
      (kLeft + kWidth - kRight) / 2, kHeight - 14, "middle",
      simulated ? "energy per inference (uJ), SIMULATED power meter" : "energy per inference (uJ)");
  svg += absl::StrFormat("<g transform=\"translate(16 %.1f) rotate(-90)\">", kHeight / 2);
  svg += Text(0, 0, "middle", classification ? "error rate" : "RMSE") + "</g>\n";
  std::map<std::string, const char*> colours;
  for (const ReportGroup* group : shown) {
    const auto [colour, added] =
        colours.try_emplace(group->model, kColours[colours.size() % std::size(kColours)]);
    if (added) {
      const double row = kTop + 20.0 * static_cast<double>(colours.size());
      absl::StrAppendFormat(&svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>\n",
                            kWidth - kRight + 20, row - 4, colour->second);
      svg += Text(kWidth - kRight + 32, row, "start", group->model);
    }
    svg += Point(*group, x, y, colour->second, shown.size() <= kMaxLabels);
  }
  return svg + "</svg>\n";
}

}  // namespace tinyjoule

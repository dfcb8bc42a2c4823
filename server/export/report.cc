// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/export/report.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/base/names.h"
#include "common/energy/flag_catalog.h"

namespace tinyjoule {
namespace {

constexpr char kStyle[] = R"(
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .6rem;border-bottom:1px solid #8884;text-align:right;white-space:nowrap}
th:nth-child(-n+3),td:nth-child(-n+3){text-align:left}
.scroll{overflow-x:auto}
.simulated{background:#b45309;color:#fff;padding:.6rem 1rem;border-radius:.3rem}
svg{max-width:100%;height:auto}
)";

std::string DeviceText(const v1::Run& run) {
  const v1::AgentFacts& agent = run.agent();
  return absl::StrCat(agent.board().empty() ? agent.soc() : agent.board(), " / ",
                      WordOf(run.engine()));
}

bool InReadingOrder(const ReportGroup& a, const ReportGroup& b) {
  const auto key = [](const ReportGroup& group) {
    return std::make_tuple(group.model, group.device, group.variant != "float32", group.variant);
  };
  return key(a) < key(b);
}

std::string VariantText(const v1::Run& run) {
  std::string text = run.variant();
  const std::map<std::string, std::string> parameters(run.parameters().begin(),
                                                      run.parameters().end());
  for (const auto& [path, value] : parameters) {
    absl::StrAppend(&text, " ", path.substr(path.rfind('.') + 1), "=", value);
  }
  return text;
}

bool IsSimulated(const v1::Run& run) {
  return run.result().sensor().simulated() && run.assembly().energy().has_energy_j();
}

// What a group gathers before it is averaged.
struct Gathered {
  ReportGroup group;
  std::vector<double> error, score, latency_us, energy_uj, energy_net_uj;
};

void AddQuality(const v1::QualityMetrics& quality, Gathered& gathered) {
  if (quality.has_accuracy()) {
    gathered.error.push_back(1 - quality.accuracy());
    gathered.score.push_back(quality.accuracy());
  } else {
    if (quality.has_rmse()) gathered.error.push_back(quality.rmse());
    if (quality.has_r2()) gathered.score.push_back(quality.r2());
  }
}

void AddRun(const v1::Run& run, Gathered& gathered) {
  ++gathered.group.run_count;
  gathered.group.model_bytes = run.outcome().size().model_bytes();
  gathered.group.nonzero_count = run.outcome().size().nonzero_count();
  if (run.state() != v1::RUN_STATE_SUCCEEDED || !run.assembly().valid()) return;
  ++gathered.group.valid_count;
  AddQuality(run.assembly().quality(), gathered);
  if (run.result().has_latency()) gathered.latency_us.push_back(run.result().latency().mean_us());
  const v1::EnergySummary& energy = run.assembly().energy();
  if (energy.has_energy_per_inference_uj()) {
    gathered.energy_uj.push_back(energy.energy_per_inference_uj());
  }
  if (energy.has_energy_net_per_inference_uj()) {
    gathered.energy_net_uj.push_back(energy.energy_net_per_inference_uj());
  }
  if (energy.has_energy_net_per_inference_upper_uj()) {
    std::optional<double>& upper_uj = gathered.group.energy_net_upper_uj;
    upper_uj = std::max(upper_uj.value_or(0), energy.energy_net_per_inference_upper_uj());
  }
}

std::optional<double> MeanOf(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return Mean(values);
}

ReportGroup Averaged(const Gathered& gathered) {
  ReportGroup group = gathered.group;
  group.error = MeanOf(gathered.error);
  group.score = MeanOf(gathered.score);
  group.latency_us = MeanOf(gathered.latency_us);
  group.energy_uj = MeanOf(gathered.energy_uj);
  group.energy_net_uj = MeanOf(gathered.energy_net_uj);
  if (gathered.energy_uj.size() >= 2) group.energy_interval_uj = MeanInterval95(gathered.energy_uj);
  return group;
}

void FillRatios(std::vector<ReportGroup>& groups) {
  std::map<std::pair<std::string, std::string>, double> base;
  for (const ReportGroup& group : groups) {
    if (group.variant == "float32" && group.energy_uj) {
      base[{group.model, group.device}] = *group.energy_uj;
    }
  }
  for (ReportGroup& group : groups) {
    const auto found = base.find({group.model, group.device});
    if (found != base.end() && group.energy_uj) {
      group.energy_ratio = *group.energy_uj / found->second;
    }
  }
}

std::string Cell(const std::optional<double>& value, const char* format) {
  if (!value) return "<td></td>";
  return absl::StrCat("<td>", absl::StrFormat(*absl::ParsedFormat<'g'>::New(format), *value),
                      "</td>");
}

std::string EnergyCell(const ReportGroup& group) {
  if (!group.energy_uj) return "<td></td>";
  std::string text = absl::StrFormat("%.4g", *group.energy_uj);
  if (group.energy_interval_uj) {
    absl::StrAppendFormat(&text, " [%.4g, %.4g]", group.energy_interval_uj->low,
                          group.energy_interval_uj->high);
  }
  return absl::StrCat("<td>", text, "</td>");
}

std::string NetCell(const ReportGroup& group) {
  if (!group.energy_net_upper_uj) return Cell(group.energy_net_uj, "%.4g");
  return absl::StrFormat("<td>&lt; %.4g (below the noise)</td>", *group.energy_net_upper_uj);
}

std::string Row(const ReportGroup& group) {
  return absl::StrCat("<tr><td>", EscapeHtml(group.model), "</td><td>", EscapeHtml(group.variant),
                      "</td><td>", EscapeHtml(group.device), "</td><td>", group.valid_count, "/",
                      group.run_count, "</td>", Cell(group.error, "%.4g"),
                      Cell(group.score, "%.4g"), Cell(group.latency_us, "%.4g"), EnergyCell(group),
                      NetCell(group), Cell(group.energy_ratio, "%.3g"), "<td>", group.nonzero_count,
                      "</td><td>", group.model_bytes, "</td></tr>\n");
}

std::string SummaryTable(absl::Span<const ReportGroup> groups, bool classification) {
  std::string table = absl::StrCat(
      "<div class=\"scroll\"><table><thead><tr><th>model</th><th>variant</th><th>device</th>"
      "<th>valid runs</th><th>",
      classification ? "error rate</th><th>accuracy" : "RMSE</th><th>R&sup2;",
      "</th><th>latency (&micro;s)</th><th>energy per inference (&micro;J) [95 %]</th>"
      "<th>net (&micro;J)</th><th>&times; float32</th><th>non-zero parameters</th>"
      "<th>file (bytes)</th></tr></thead><tbody>\n");
  for (const ReportGroup& group : groups) table += Row(group);
  return table + "</tbody></table></div>\n";
}

std::string FlagSection(absl::Span<const v1::Run> runs) {
  std::map<std::string, uint32_t> counts;
  for (const v1::Run& run : runs) {
    std::set<std::string> names;
    for (const v1::Flag& flag : run.assembly().flags()) names.insert(flag.name());
    for (const std::string& name : names) ++counts[name];
  }
  if (counts.empty()) return "<p>No run is flagged.</p>\n";
  std::string list = "<ul>\n";
  for (const auto& [name, count] : counts) {
    const FlagDescription* flag = FindFlag(name);
    absl::StrAppend(&list, "<li><b>", EscapeHtml(name), "</b> on ", count, " of ", runs.size(),
                    " runs");
    if (flag != nullptr) {
      absl::StrAppend(&list, ": ", EscapeHtml(std::string(flag->meaning)), " ",
                      EscapeHtml(std::string(flag->advice)));
    }
    list += "</li>\n";
  }
  return list + "</ul>\n";
}

}  // namespace

std::string EscapeHtml(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::vector<ReportGroup> GroupRuns(absl::Span<const v1::Run> runs) {
  std::vector<Gathered> gathered;
  std::map<std::tuple<std::string, std::string, std::string>, size_t> places;
  for (const v1::Run& run : runs) {
    const std::string device = DeviceText(run);
    const auto [place, added] =
        places.try_emplace({run.model(), VariantText(run), device}, gathered.size());
    if (added) {
      gathered.emplace_back();
      gathered.back().group.model = run.model();
      gathered.back().group.variant = VariantText(run);
      gathered.back().group.device = device;
    }
    AddRun(run, gathered[place->second]);
  }
  std::vector<ReportGroup> groups;
  for (const Gathered& one : gathered) groups.push_back(Averaged(one));
  FillRatios(groups);
  std::sort(groups.begin(), groups.end(), InReadingOrder);
  return groups;
}

std::string RenderReport(const v1::Sweep& sweep, absl::Span<const v1::Run> runs) {
  const std::vector<ReportGroup> groups = GroupRuns(runs);
  const bool simulated = std::any_of(runs.begin(), runs.end(), IsSimulated);
  const bool classification = std::any_of(runs.begin(), runs.end(), [](const v1::Run& run) {
    return run.assembly().quality().has_accuracy();
  });
  const std::string name = EscapeHtml(sweep.name());
  return absl::StrCat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", name,
      " - TinyJoule</title><style>", kStyle, "</style></head><body>\n<h1>", name,
      "</h1>\n<p>Sweep ", EscapeHtml(sweep.sweep_id()), ", ", runs.size(), " runs.</p>\n",
      simulated
          ? "<p class=\"simulated\">The power meter was <b>simulated</b>: the energies on this "
            "page show the way, not the truth.</p>\n"
          : "",
      "<h2>Energy against error</h2>\n", EnergyErrorSvg(groups, classification, simulated),
      "<h2>Configurations</h2>\n", SummaryTable(groups, classification),
      "<p>Means over valid runs; intervals are Student's t at 95 % over the runs of a "
      "configuration. "
      "Quality is computed from predictions made on the device.</p>\n<h2>Flags</h2>\n",
      FlagSection(runs), "</body></html>\n");
}

}  // namespace tinyjoule

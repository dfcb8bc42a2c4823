// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/energy/statistics.h"

namespace tinyjoule {
namespace {

using Value = std::optional<double>;

struct Metric {
  absl::string_view name;
  bool is_energy;
  Value (*value)(const v1::Run& run);
};

Value Gross(const v1::Run& run) {
  const v1::EnergySummary& energy = run.assembly().energy();
  if (!energy.has_energy_per_inference_uj()) return std::nullopt;
  return energy.energy_per_inference_uj();
}

Value Net(const v1::Run& run) {
  const v1::EnergySummary& energy = run.assembly().energy();
  const bool is_value =
      energy.has_energy_net_per_inference_uj() && !energy.has_energy_net_per_inference_upper_uj();
  if (!is_value) return std::nullopt;
  return energy.energy_net_per_inference_uj();
}

Value Power(const v1::Run& run) {
  const v1::EnergySummary& energy = run.assembly().energy();
  if (!energy.has_power_mean_w()) return std::nullopt;
  return energy.power_mean_w();
}

template <double (v1::LatencySummary::*kFigure)() const>
Value Latency(const v1::Run& run) {
  if (!run.result().has_latency()) return std::nullopt;
  return (run.result().latency().*kFigure)();
}

Value PeakMemory(const v1::Run& run) {
  if (!run.result().has_memory()) return std::nullopt;
  return static_cast<double>(run.result().memory().peak_bytes());
}

constexpr Metric kMetrics[] = {
    {"energy_per_inference", true, Gross},
    {"energy_net_per_inference", true, Net},
    {"power_mean", true, Power},
    {"latency", false, Latency<&v1::LatencySummary::mean_us>},
    {"latency_p50", false, Latency<&v1::LatencySummary::p50_us>},
    {"latency_p95", false, Latency<&v1::LatencySummary::p95_us>},
    {"latency_p99", false, Latency<&v1::LatencySummary::p99_us>},
    {"memory_peak", false, PeakMemory},
};

const Metric* FindMetric(absl::string_view name) {
  const auto* const found = std::find_if(std::begin(kMetrics), std::end(kMetrics),
                                         [&](const Metric& metric) { return metric.name == name; });
  return found == std::end(kMetrics) ? nullptr : found;
}

std::string EngineWord(v1::Engine engine) {
  return absl::AsciiStrToLower(absl::StripPrefix(v1::Engine_Name(engine), "ENGINE_"));
}

using Parameters = std::map<std::string, std::string>;

Parameters ParametersOf(const v1::Run& run) {
  return {run.parameters().begin(), run.parameters().end()};
}

std::string LastPart(const std::string& path) { return path.substr(path.rfind('.') + 1); }

// "sparsity=0.4" or "compress.0.prune.sparsity=0.4".
bool HasSetting(const v1::Run& run, const std::string& setting) {
  const std::pair<std::string, std::string> wanted =
      absl::StrSplit(setting, absl::MaxSplits('=', 1));
  for (const auto& [path, value] : ParametersOf(run)) {
    if ((path == wanted.first || LastPart(path) == wanted.first) && value == wanted.second) {
      return true;
    }
  }
  return false;
}

bool IsVariant(const v1::Run& run, const std::string& text) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  return !words.empty() && run.variant() == words[0] &&
         std::all_of(words.begin() + 1, words.end(),
                     [&run](const std::string& setting) { return HasSetting(run, setting); });
}

using Runs = std::vector<const v1::Run*>;

// Compares two sets of runs; a scratch pad, used once.
class Comparer {
 public:
  Comparer(const ComparisonOptions& options, const Metric& metric, Runs a, Runs b)
      : options_(options), metric_(metric), a_(std::move(a)), b_(std::move(b)) {
    const ValuesByPath of_a = ValuesOf(a_);
    const ValuesByPath of_b = ValuesOf(b_);
    for (const auto& [path, values] : of_a) {
      const auto found = of_b.find(path);
      if (found != of_b.end() && Overlap(values, found->second)) shared_paths_.insert(path);
    }
  }

  absl::Status Pair() {
    TJ_ASSIGN_OR_RETURN(const auto by_key_a, ByKey(options_.a, a_));
    TJ_ASSIGN_OR_RETURN(const auto by_key_b, ByKey(options_.b, b_));
    for (const auto& [key, run] : by_key_a) {
      const auto partner = by_key_b.find(key);
      if (partner == by_key_b.end()) {
        ++ResultOf(*run).unpaired;
      } else {
        AddPair(*run, *partner->second);
      }
    }
    for (const auto& [key, run] : by_key_b) {
      if (by_key_a.count(key) == 0) ++ResultOf(*run).unpaired;
    }
    return absl::OkStatus();
  }

  void Report(v1::Comparison& comparison) const {
    comparison.set_simulated(simulated_);
    Tally all;
    for (const auto& [model, tally] : tallies_) {
      *comparison.add_results() = ResultFrom(model, tally);
      all.Add(tally);
    }
    if (tallies_.size() > 1) *comparison.add_results() = ResultFrom("", all);
  }

 private:
  struct Tally {
    std::vector<double> log_ratios;
    uint32_t invalid = 0, unfinished = 0, unpaired = 0, without_value = 0;

    void Add(const Tally& other) {
      log_ratios.insert(log_ratios.end(), other.log_ratios.begin(), other.log_ratios.end());
      invalid += other.invalid;
      unfinished += other.unfinished;
      unpaired += other.unpaired;
      without_value += other.without_value;
    }
  };
  using Key = std::vector<std::string>;
  using ValuesByPath = std::map<std::string, std::set<std::string>>;

  static ValuesByPath ValuesOf(const Runs& runs) {
    ValuesByPath values;
    for (const v1::Run* run : runs) {
      for (const auto& [path, value] : run->parameters()) values[path].insert(value);
    }
    return values;
  }

  static bool Overlap(const std::set<std::string>& a, const std::set<std::string>& b) {
    return std::any_of(a.begin(), a.end(),
                       [&b](const std::string& value) { return b.count(value) != 0; });
  }

  Tally& ResultOf(const v1::Run& run) { return tallies_[run.model()]; }

  Key KeyOf(const v1::Run& run) const {
    Key key = {run.model(),
               absl::StrCat(run.fold()),
               absl::StrCat(run.seed()),
               run.agent().name(),
               options_.by == "engine" ? run.variant() : EngineWord(run.engine()),
               absl::StrCat(run.block()),
               absl::StrCat(run.repeat())};
    const Parameters parameters = ParametersOf(run);
    for (const std::string& path : shared_paths_) {
      const auto found = parameters.find(path);
      key.push_back(found == parameters.end() ? "" : found->second);
    }
    return key;
  }

  // The runs with a value, by what a pair agrees in.
  absl::StatusOr<std::map<Key, const v1::Run*>> ByKey(const std::string& name, const Runs& runs) {
    std::map<Key, const v1::Run*> by_key;
    for (const v1::Run* run : runs) {
      if (!Counts(*run)) continue;
      if (by_key.try_emplace(KeyOf(*run), run).second) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          name, " has several settings; name one, as \"", run->variant(), " ",
          absl::StrJoin(ParametersOf(*run), " ",
                        [](std::string* out, const std::pair<std::string, std::string>& setting) {
                          absl::StrAppend(out, LastPart(setting.first), "=", setting.second);
                        }),
          "\""));
    }
    return by_key;
  }

  bool Counts(const v1::Run& run) {
    Tally& tally = ResultOf(run);
    if (run.state() == v1::RUN_STATE_INVALID) {
      ++tally.invalid;
    } else if (run.state() != v1::RUN_STATE_SUCCEEDED || !run.assembly().valid()) {
      ++tally.unfinished;
    } else if (metric_.value(run).value_or(0) <= 0) {
      ++tally.without_value;
    } else {
      return true;
    }
    return false;
  }

  void AddPair(const v1::Run& a, const v1::Run& b) {
    ResultOf(a).log_ratios.push_back(std::log(*metric_.value(b) / *metric_.value(a)));
    simulated_ |=
        metric_.is_energy && (a.result().sensor().simulated() || b.result().sensor().simulated());
  }

  v1::ComparisonResult ResultFrom(const std::string& model, const Tally& tally) const {
    v1::ComparisonResult result;
    result.set_model(model);
    result.set_pairs(static_cast<uint32_t>(tally.log_ratios.size()));
    result.set_left_out_invalid(tally.invalid);
    result.set_left_out_unfinished(tally.unfinished);
    result.set_left_out_unpaired(tally.unpaired);
    result.set_left_out_without_value(tally.without_value);
    if (!tally.log_ratios.empty()) result.set_ratio(std::exp(Mean(tally.log_ratios)));
    if (const std::optional<Interval> interval = MeanInterval95(tally.log_ratios)) {
      result.set_ratio_ci95_low(std::exp(interval->low));
      result.set_ratio_ci95_high(std::exp(interval->high));
    }
    result.set_verdict(VerdictOn(result));
    return result;
  }

  std::string VerdictOn(const v1::ComparisonResult& result) const {
    if (result.pairs() == 0) return "nothing to say: no pair of valid runs in a common block";
    if (result.pairs() == 1) return "nothing to say: one pair has no interval; measure more blocks";
    if (result.ratio_ci95_high() < 1) return absl::StrCat(options_.b, " is lower");
    if (result.ratio_ci95_low() > 1) return absl::StrCat(options_.a, " is lower");
    return "no difference shown: the interval contains 1";
  }

  const ComparisonOptions& options_;
  const Metric& metric_;
  const Runs a_;
  const Runs b_;
  // Parameters in which a pair agrees: those whose values A and B have in common.
  std::set<std::string> shared_paths_;
  std::map<std::string, Tally> tallies_;
  bool simulated_ = false;
};

std::string SideOf(const v1::Run& run, const std::string& by) {
  return by == "engine" ? EngineWord(run.engine()) : run.variant();
}

absl::StatusOr<Runs> Select(absl::Span<const v1::Run> runs, const ComparisonOptions& options,
                            const std::string& side) {
  Runs selected;
  std::set<std::string> there;
  for (const v1::Run& run : runs) {
    if (!options.model.empty() && run.model() != options.model) continue;
    there.insert(SideOf(run, options.by));
    const bool wanted =
        options.by == "engine" ? EngineWord(run.engine()) == side : IsVariant(run, side);
    if (wanted) selected.push_back(&run);
  }
  if (!selected.empty()) return selected;
  if (there.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the sweep has no run",
                     options.model.empty() ? "" : absl::StrCat(" of the model ", options.model)));
  }
  return absl::InvalidArgumentError(absl::StrCat("no run has the ", options.by, " \"", side,
                                                 "\"; there are: ", absl::StrJoin(there, ", ")));
}

}  // namespace

std::vector<std::string> ComparisonMetrics() {
  std::vector<std::string> names;
  for (const Metric& metric : kMetrics) names.emplace_back(metric.name);
  return names;
}

absl::StatusOr<v1::Comparison> CompareRuns(absl::Span<const v1::Run> runs,
                                           const ComparisonOptions& options) {
  const Metric* metric = FindMetric(options.metric);
  if (metric == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no metric ", options.metric,
                     "; there are: ", absl::StrJoin(ComparisonMetrics(), ", ")));
  }
  if (options.a == options.b) {
    return absl::InvalidArgumentError(absl::StrCat("A and B are both ", options.a));
  }
  TJ_ASSIGN_OR_RETURN(Runs a, Select(runs, options, options.a));
  TJ_ASSIGN_OR_RETURN(Runs b, Select(runs, options, options.b));
  v1::Comparison comparison;
  comparison.set_sweep_id(a[0]->sweep_id());
  comparison.set_metric(options.metric);
  comparison.set_by(options.by);
  comparison.set_a(options.a);
  comparison.set_b(options.b);
  Comparer comparer(options, *metric, std::move(a), std::move(b));
  TJ_RETURN_IF_ERROR(comparer.Pair());
  comparer.Report(comparison);
  return comparison;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands.h"
#include "client/pages.h"
#include "client/words.h"
#include "common/energy/comparison.h"

namespace tinyjoule {
namespace {

struct CompareOptions {
  std::string sweep;
  ComparisonOptions comparison;
};

// "2 invalid, 1 without a partner".
std::string LeftOutText(const v1::ComparisonResult& result) {
  std::vector<std::string> parts;
  const auto add = [&parts](uint32_t count, const char* what) {
    if (count > 0) parts.push_back(absl::StrCat(count, " ", what));
  };
  add(result.left_out_invalid(), "invalid");
  add(result.left_out_unfinished(), "not measured to the end");
  add(result.left_out_without_value(), "without a value");
  add(result.left_out_unpaired(), "without a partner");
  return absl::StrJoin(parts, ", ");
}

Table ComparisonTable(const v1::Comparison& comparison) {
  Table table({"model", "metric", "a", "b", "pairs", "ratio", "ratio_ci95_low", "ratio_ci95_high",
               "verdict", "left_out", "power"},
              {"metric", "a", "b", "power"});
  for (const v1::ComparisonResult& result : comparison.results()) {
    const bool has_interval = result.has_ratio_ci95_low();
    table.AddRow({result.model().empty() ? "(all)" : result.model(), comparison.metric(),
                  comparison.a(), comparison.b(), absl::StrCat(result.pairs()),
                  result.has_ratio() ? Number(result.ratio()) : "",
                  has_interval ? Number(result.ratio_ci95_low()) : "",
                  has_interval ? Number(result.ratio_ci95_high()) : "", result.verdict(),
                  LeftOutText(result), comparison.simulated() ? "SIMULATED" : ""});
  }
  return table;
}

bool HasInterval(const v1::Comparison& comparison) {
  for (const v1::ComparisonResult& result : comparison.results()) {
    if (result.has_ratio_ci95_low()) return true;
  }
  return false;
}

int Compare(Session& session, const CompareOptions& options) {
  v1::ListRunsRequest request;
  request.set_sweep_id(options.sweep);
  const auto runs = AllPages(session, &v1::RunService::Stub::ListRuns, request);
  if (!runs.ok()) return Fail(session, runs.status());
  const std::vector<v1::Run> all(runs->runs().begin(), runs->runs().end());
  const auto comparison = CompareRuns(all, options.comparison);
  if (!comparison.ok()) return Fail(session, kExitUsage, comparison.status().message());
  std::ostream& err = session.console.err;
  err << comparison->metric() << " of " << comparison->b() << " over " << comparison->a()
      << ", paired by block: geometric mean of the ratios, with its 95 % interval\n";
  if (comparison->simulated()) {
    err << "SIMULATED: no sensor on the board measured this power; the ratio is a try-out\n";
  }
  WriteAnswer(session.console, session.format, ComparisonTable(*comparison), *comparison);
  if (HasInterval(*comparison)) return kExitOk;
  return Fail(session, kExitInvalidMeasurements,
              "nothing can be compared: it takes two pairs of valid runs");
}

}  // namespace

void AddCompare(CLI::App& root, Command& chosen) {
  const auto options = std::make_shared<CompareOptions>();
  CLI::App* verb = root.add_subcommand(
      "compare", "Two variants (or engines) by pairs of runs in a block: ratio with its interval");
  verb->add_option("SWEEP", options->sweep, "An id, a prefix of one, or a name")->required();
  verb->add_option("A", options->comparison.a,
                   "A variant, as \"l1\" or \"l1 sparsity=0.4\"; or an engine")
      ->required();
  verb->add_option("B", options->comparison.b, "What is compared with it")->required();
  verb->add_option("--by", options->comparison.by, "What A and B are")
      ->check(CLI::IsMember({"variant", "engine"}))
      ->capture_default_str();
  verb->add_option("--model", options->comparison.model, "One model; all of them without it");
  verb->add_option("--metric", options->comparison.metric, "What is compared; lower is better")
      ->check(CLI::IsMember(ComparisonMetrics()))
      ->capture_default_str();
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return Compare(session, *options); };
  });
}

}  // namespace tinyjoule

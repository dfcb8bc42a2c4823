// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

v1::Run MakeRun(const std::string& variant, uint32_t block, double energy_uj) {
  v1::Run run;
  run.set_sweep_id("s1");
  run.set_model("tinymlp");
  run.set_variant(variant);
  run.set_block(block);
  run.set_repeat(block);
  run.set_engine(v1::ENGINE_XNNPACK);
  run.mutable_agent()->set_name("pi-1");
  run.set_state(v1::RUN_STATE_SUCCEEDED);
  run.mutable_assembly()->set_valid(true);
  run.mutable_assembly()->mutable_energy()->set_energy_per_inference_uj(energy_uj);
  return run;
}

// Three blocks: int8 takes 1/2, 1/4 and 1/8 of float32's energy, whatever the block's level.
std::vector<v1::Run> ThreeBlocks() {
  std::vector<v1::Run> runs;
  const double level_uj[] = {100, 300, 200};
  for (uint32_t block = 0; block < 3; ++block) {
    runs.push_back(MakeRun("int8", block, level_uj[block] / std::exp2(block + 1)));
    runs.push_back(MakeRun("float32", block, level_uj[block]));
  }
  return runs;
}

ComparisonOptions Float32AgainstInt8() {
  ComparisonOptions options;
  options.a = "float32";
  options.b = "int8";
  return options;
}

v1::ComparisonResult Only(const absl::StatusOr<v1::Comparison>& comparison) {
  EXPECT_TRUE(comparison.ok()) << comparison.status();
  EXPECT_EQ(comparison->results_size(), 1);
  return comparison->results(0);
}

// Logs to base 2 are -1, -2, -3: mean -2, s = 1, n = 3, t(0.975, 2) = 4.302653 (tables), so the
// interval is 2^(-2 +- 4.302653 / sqrt(3)).
TEST(CompareRuns, ThreePairsInClosedForm) {
  const auto comparison = CompareRuns(ThreeBlocks(), Float32AgainstInt8());
  const v1::ComparisonResult result = Only(comparison);
  EXPECT_EQ(result.model(), "tinymlp");
  EXPECT_EQ(result.pairs(), 3U);
  EXPECT_NEAR(result.ratio(), 0.25, 1e-12);
  EXPECT_NEAR(result.ratio_ci95_low(), std::exp2(-2 - 4.302653 / std::sqrt(3)), 1e-7);
  EXPECT_NEAR(result.ratio_ci95_high(), std::exp2(-2 + 4.302653 / std::sqrt(3)), 1e-6);
  EXPECT_EQ(result.verdict(), "no difference shown: the interval contains 1");
  EXPECT_FALSE(comparison->simulated());
  EXPECT_EQ(comparison->sweep_id(), "s1");
}

TEST(CompareRuns, OneWinsOnlyWhenTheIntervalExcludesOne) {
  std::vector<v1::Run> runs;
  for (uint32_t block = 0; block < 4; ++block) {
    runs.push_back(MakeRun("float32", block, 100 + 50 * block));
    runs.push_back(MakeRun("int8", block, (100 + 50 * block) * (0.90 + 0.01 * block)));
  }
  EXPECT_EQ(Only(CompareRuns(runs, Float32AgainstInt8())).verdict(), "int8 is lower");
  ComparisonOptions swapped = Float32AgainstInt8();
  std::swap(swapped.a, swapped.b);
  const v1::ComparisonResult result = Only(CompareRuns(runs, swapped));
  EXPECT_EQ(result.verdict(), "int8 is lower");
  EXPECT_GT(result.ratio_ci95_low(), 1);
}

TEST(CompareRuns, TooFewPairsSayNothing) {
  std::vector<v1::Run> runs = ThreeBlocks();
  runs.resize(2);
  const v1::ComparisonResult one = Only(CompareRuns(runs, Float32AgainstInt8()));
  EXPECT_NEAR(one.ratio(), 0.5, 1e-12);
  EXPECT_FALSE(one.has_ratio_ci95_low());
  EXPECT_THAT(one.verdict(), HasSubstr("one pair has no interval"));
  runs[1].set_block(7);
  const v1::ComparisonResult none = Only(CompareRuns(runs, Float32AgainstInt8()));
  EXPECT_FALSE(none.has_ratio());
  EXPECT_EQ(none.left_out_unpaired(), 2U);
  EXPECT_THAT(none.verdict(), HasSubstr("no pair"));
}

TEST(CompareRuns, WhatIsLeftOutIsCounted) {
  std::vector<v1::Run> runs = ThreeBlocks();
  runs[0].set_state(v1::RUN_STATE_INVALID);
  runs[0].mutable_assembly()->set_valid(false);
  runs[2].set_state(v1::RUN_STATE_WAITING);
  runs[4].mutable_assembly()->mutable_energy()->clear_energy_per_inference_uj();
  const v1::ComparisonResult result = Only(CompareRuns(runs, Float32AgainstInt8()));
  EXPECT_EQ(result.pairs(), 0U);
  EXPECT_EQ(result.left_out_invalid(), 1U);
  EXPECT_EQ(result.left_out_unfinished(), 1U);
  EXPECT_EQ(result.left_out_without_value(), 1U);
  EXPECT_EQ(result.left_out_unpaired(), 3U);
}

TEST(CompareRuns, AnEnergyBelowTheNoiseIsNoValue) {
  std::vector<v1::Run> runs = ThreeBlocks();
  for (v1::Run& run : runs) {
    run.mutable_assembly()->mutable_energy()->set_energy_net_per_inference_uj(3);
  }
  ComparisonOptions options = Float32AgainstInt8();
  options.metric = "energy_net_per_inference";
  EXPECT_EQ(Only(CompareRuns(runs, options)).pairs(), 3U);
  runs[0].mutable_assembly()->mutable_energy()->set_energy_net_per_inference_upper_uj(9);
  runs[2].mutable_assembly()->mutable_energy()->set_energy_net_per_inference_uj(-1);
  const v1::ComparisonResult result = Only(CompareRuns(runs, options));
  EXPECT_EQ(result.pairs(), 1U);
  EXPECT_EQ(result.left_out_without_value(), 2U);
}

TEST(CompareRuns, SimulatedPowerIsSaidOfEnergiesOnly) {
  std::vector<v1::Run> runs = ThreeBlocks();
  for (v1::Run& run : runs) run.mutable_result()->mutable_latency()->set_mean_us(5);
  runs[3].mutable_result()->mutable_sensor()->set_simulated(true);
  ComparisonOptions options = Float32AgainstInt8();
  EXPECT_TRUE(CompareRuns(runs, options)->simulated());
  options.metric = "latency";
  EXPECT_FALSE(CompareRuns(runs, options)->simulated());
}

TEST(CompareRuns, PerModelAndOverall) {
  std::vector<v1::Run> runs = ThreeBlocks();
  for (v1::Run run : ThreeBlocks()) {
    run.set_model("tinycnn");
    runs.push_back(run);
  }
  const auto comparison = CompareRuns(runs, Float32AgainstInt8());
  ASSERT_EQ(comparison->results_size(), 3);
  EXPECT_EQ(comparison->results(0).model(), "tinycnn");
  EXPECT_EQ(comparison->results(1).model(), "tinymlp");
  EXPECT_EQ(comparison->results(2).model(), "");
  EXPECT_EQ(comparison->results(2).pairs(), 6U);
  ComparisonOptions options = Float32AgainstInt8();
  options.model = "tinycnn";
  EXPECT_EQ(Only(CompareRuns(runs, options)).pairs(), 3U);
}

TEST(CompareRuns, EnginesCanBeTheSides) {
  std::vector<v1::Run> runs = ThreeBlocks();
  for (v1::Run& run : runs) {
    if (run.variant() == "int8") run.set_engine(v1::ENGINE_TORCH);
    run.set_variant("float32");
  }
  ComparisonOptions options;
  options.by = "engine";
  options.a = "xnnpack";
  options.b = "torch";
  EXPECT_NEAR(Only(CompareRuns(runs, options)).ratio(), 0.25, 1e-12);
}

TEST(CompareRuns, AVariantWithSeveralSettingsMustBeNamedWithOne) {
  std::vector<v1::Run> runs;
  for (uint32_t block = 0; block < 3; ++block) {
    runs.push_back(MakeRun("float32", block, 100));
    for (const double sparsity : {0.2, 0.4}) {
      v1::Run run = MakeRun("l1", block, 100 * (1 - sparsity));
      (*run.mutable_parameters())["compress.0.prune.sparsity"] = absl::StrCat(sparsity);
      runs.push_back(run);
    }
  }
  ComparisonOptions options;
  options.a = "float32";
  options.b = "l1";
  EXPECT_THAT(std::string(CompareRuns(runs, options).status().message()),
              HasSubstr("name one, as \"l1 sparsity=0."));
  options.b = "l1 sparsity=0.4";
  EXPECT_NEAR(Only(CompareRuns(runs, options)).ratio(), 0.6, 1e-12);
  options.a = "l1 sparsity=0.2";
  // Both have the parameter, with different values: it is what is compared, not what pairs share.
  EXPECT_NEAR(Only(CompareRuns(runs, options)).ratio(), 0.75, 1e-12);
}

TEST(CompareRuns, RefusalsNameWhatThereIs) {
  const std::vector<v1::Run> runs = ThreeBlocks();
  const auto message = [&runs](ComparisonOptions options) {
    return std::string(CompareRuns(runs, options).status().message());
  };
  ComparisonOptions options = Float32AgainstInt8();
  options.b = "int4";
  EXPECT_EQ(message(options), "no run has the variant \"int4\"; there are: float32, int8");
  options = Float32AgainstInt8();
  options.metric = "beauty";
  EXPECT_THAT(message(options), HasSubstr("there are: energy_per_inference, "));
  options = Float32AgainstInt8();
  options.model = "tinyknn";
  EXPECT_EQ(message(options), "the sweep has no run of the model tinyknn");
  options.b = options.a;
  EXPECT_THAT(message(options), HasSubstr("both float32"));
}

// True ratio 0.9, block levels that vary by 30 %, scatter of 2 % in each run: the interval of six
// pairs holds the truth in 95 % of 4,000 sweeps (binomial standard error 0.34 %).
TEST(CompareRuns, TheIntervalHoldsTheTruthNinetyFiveTimesOfAHundred) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> block_level(0, 0.3), scatter(0, 0.02);
  int held = 0;
  constexpr int kSweeps = 4000;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    std::vector<v1::Run> runs;
    for (uint32_t block = 0; block < 6; ++block) {
      const double level = block_level(random);
      runs.push_back(MakeRun("float32", block, 50 * std::exp(level + scatter(random))));
      runs.push_back(MakeRun("int8", block, 45 * std::exp(level + scatter(random))));
    }
    const v1::ComparisonResult result = Only(CompareRuns(runs, Float32AgainstInt8()));
    held += result.ratio_ci95_low() < 0.9 && 0.9 < result.ratio_ci95_high() ? 1 : 0;
  }
  EXPECT_NEAR(held / static_cast<double>(kSweeps), 0.95, 4 * 0.0034);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What a user gets who prunes: real trainers, and the engines xnnpack and sparse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <utility>

#include "tests/e2e/lab.h"
#include "tests/e2e/table.h"

namespace tinyjoule {
namespace {

using ::testing::StartsWith;

using Row = std::map<std::string, std::string>;

double Ratio(const Row& row, const Row& whole, const std::string& column) {
  return Number(row, column) / Number(whole, column);
}

TEST(PrunedSweepTest, SizesAndEnginesTellWhatWasPruned) {
  Lab lab;
  ASSERT_NO_FATAL_FAILURE(lab.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab.StartAgent("pi-1"));
  TinySweep sweep;
  sweep.models = "[{name: tinycnn, type: tinycnn}]";
  sweep.engine = "[xnnpack, sparse]";
  sweep.variants = R"([float32,
    {name: half, compress: [{prune: {scope: structured, sparsity: 0.5}}, {finetune: {epochs: 1}}]},
    {name: zeros, compress: [{prune: {sparsity: 0.95, allocation: global, schedule: gradual,
                                      steps: 2, epochs: 2}}]}])";
  const std::string id = lab.Submit(lab.WriteFile("sweep.yaml", sweep.Yaml()));
  ASSERT_EQ(lab.WaitForEnd(id).state(), v1::SWEEP_STATE_SUCCEEDED) << lab.Logs();
  ASSERT_EQ(lab.Coord({"export", id, "-O", lab.Path("results")}).exit_code, 0);
  std::map<std::pair<std::string, std::string>, Row> rows;
  for (const Row& row : ReadTable(lab.Path("results/runs.csv")).rows) {
    rows[{row.at("variant"), row.at("engine")}] = row;
  }
  ASSERT_EQ(rows.size(), 6u);
  const Row& whole = rows.at({"float32", "xnnpack"});
  const Row& half = rows.at({"half", "xnnpack"});
  const Row& zeros = rows.at({"zeros", "sparse"});

  EXPECT_EQ(Number(whole, "parameter_count"), 3057);
  // 1-4-8 channels, 40-16-1 units.
  EXPECT_EQ(Number(half, "parameter_count"), 16 + 104 + 656 + 17);
  EXPECT_EQ(Number(half, "sparsity"), 0);
  EXPECT_EQ(Number(half, "mac_count"), 5 * 4 * 3 + 5 * 8 * 12 + 40 * 16 + 16);
  EXPECT_LT(Ratio(half, whole, "model_bytes"), 0.5);
  std::printf(
      "structured by half, on xnnpack: %.2f of the bytes, %.2f of the MACs, %.2f of the "
      "latency\n",
      Ratio(half, whole, "model_bytes"), Ratio(half, whole, "mac_count"),
      Ratio(half, whole, "latency_p50_us"));

  // 3,000 weights; 57 biases.
  EXPECT_EQ(Number(zeros, "nonzero_count"), 150 + 57);
  EXPECT_EQ(Number(zeros, "sparsity_nominal"), 0.95);
  EXPECT_EQ(Number(zeros, "model_bytes_dense"), Number(zeros, "model_bytes"));
  EXPECT_LT(Number(zeros, "model_bytes_sparse"), 0.4 * Number(zeros, "model_bytes"));
  EXPECT_LT(Number(zeros, "model_bytes_clustered"), Number(zeros, "model_bytes"));
  EXPECT_THAT(zeros.at("engine_version"), StartsWith("sparse ("));
  for (const char* variant : {"float32", "half", "zeros"}) {
    const double rmse = Number(rows.at({variant, "xnnpack"}), "rmse");
    EXPECT_NEAR(Number(rows.at({variant, "sparse"}), "rmse"), rmse, 1e-5 * rmse) << variant;
  }
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What a framework costs: the same model on every engine of one agent.
#include <map>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/lab.h"
#include "tests/e2e/table.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class TorchEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    sweep_.engine = "[xnnpack, torch, reference]";
    ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  }

  Lab lab_;
  TinySweep sweep_;
};

TEST_F(TorchEngineTest, EveryEngineGivesARowWithTheSameQuality) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  sweep_.models = "[{name: tinymlp, type: tinymlp, hidden: [64, 32]}]";
  sweep_.variants = "[{name: float32}, {name: int8, compress: [{quantize: {mode: static}}]}]";
  const std::string id = lab_.Submit(lab_.WriteFile("sweep.yaml", sweep_.Yaml()));
  ASSERT_EQ(lab_.WaitForEnd(id).state(), v1::SWEEP_STATE_SUCCEEDED) << lab_.Logs();
  ASSERT_EQ(lab_.Coord({"export", id, "-O", lab_.Path("results")}).exit_code, 0);
  std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>> rows;
  for (const auto& row : ReadTable(lab_.Path("results/runs.csv")).rows) {
    EXPECT_EQ(row.at("state"), "succeeded");
    rows[{row.at("variant"), row.at("engine")}] = row;
  }
  ASSERT_EQ(rows.size(), 6u);
  for (const char* variant : {"float32", "int8"}) {
    const auto& reference = rows.at({variant, "reference"});
    const auto& xnnpack = rows.at({variant, "xnnpack"});
    const auto& torch = rows.at({variant, "torch"});
    EXPECT_THAT(torch.at("engine_version"), StartsWith("torch "));
    const double rmse = Number(reference, "rmse");
    const double tolerance = variant == std::string("int8") ? 0.01 * rmse : 1e-5 * rmse;
    EXPECT_NEAR(Number(torch, "rmse"), rmse, tolerance) << variant;
    EXPECT_NEAR(Number(xnnpack, "rmse"), rmse, tolerance) << variant;
    // 2,497 parameters are so few that the calls of the framework are most of it: tens of times.
    EXPECT_GT(Number(torch, "latency_mean_us"), 4 * Number(xnnpack, "latency_mean_us")) << variant;
    EXPECT_GT(Number(torch, "energy_per_inference_uj"),
              4 * Number(xnnpack, "energy_per_inference_uj"))
        << variant;
    EXPECT_GT(Number(torch, "memory_peak_bytes"), 4 * Number(xnnpack, "memory_peak_bytes"))
        << variant;
  }
  EXPECT_THAT(rows.at({"int8", "torch"}).at("engine_version"), HasSubstr("3 in int8 by "));
}

TEST_F(TorchEngineTest, AnAgentWithoutItIsNamed) {
  ASSERT_NO_FATAL_FAILURE(lab_.UseAgentsWithoutTorch());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("lean"));
  const Ended ended =
      lab_.Coord({"submit", lab_.WriteFile("sweep.yaml", sweep_.Yaml()), "--detach"});
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("lean has no engine torch"));
}

}  // namespace
}  // namespace tinyjoule

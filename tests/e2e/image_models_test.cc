// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The models of MLPerf Tiny from pictures to runs.csv, with the real programs, on every engine.
#include <filesystem>
#include <string>

#include "common/base/random_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/lab.h"
#include "tests/e2e/table.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

#ifdef TINYJOULE_TEST_TORCH_ENGINE
constexpr char kEngines[] = "[xnnpack, reference, torch]";
constexpr size_t kEngineCount = 3;
#else
constexpr char kEngines[] = "[xnnpack, reference]";
constexpr size_t kEngineCount = 2;
#endif

// Records of CIFAR-10's binary form: noise, brighter in the channel that the label names.
std::string Records(size_t count, uint64_t seed) {
  SeededRandom random(seed);
  std::string bytes;
  for (size_t i = 0; i < count; ++i) {
    const size_t label = i % 3;
    bytes.push_back(static_cast<char>(label));
    for (size_t p = 0; p < 3072; ++p) {
      const uint64_t noise = random() % 128;
      bytes.push_back(static_cast<char>(noise + (p / 1024 == label ? 100 : 0)));
    }
  }
  return bytes;
}

TEST(ImageModelsTest, EveryEngineGivesTheTrainersPredictions) {
  Lab lab;
  ASSERT_NO_FATAL_FAILURE(lab.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab.StartAgent("pi-1"));
  std::filesystem::create_directory(lab.Path("cifar"));
  lab.WriteFile("cifar/data_batch_1.bin", Records(96, 1));
  lab.WriteFile("cifar/test_batch.bin", Records(24, 2));
  TinySweep sweep;
  sweep.dataset = "{type: cifar10, path: cifar}";
  sweep.models = "[{type: resnet8}, {type: ds_cnn}, {type: mobilenet_v1}, {type: autoencoder}]";
  sweep.engine = kEngines;
  sweep.epochs = 3;
  sweep.windows = 1;
  const std::string id = lab.Submit(lab.WriteFile("sweep.yaml", sweep.Yaml()));
  ASSERT_EQ(lab.WaitForEnd(id).state(), v1::SWEEP_STATE_SUCCEEDED) << lab.Logs();
  ASSERT_EQ(lab.Coord({"export", id, "-O", lab.Path("results")}).exit_code, 0);
  const Table runs = ReadTable(lab.Path("results/runs.csv"));
  ASSERT_EQ(runs.rows.size(), 4 * kEngineCount);
  for (const auto& row : runs.rows) {
    SCOPED_TRACE(row.at("model") + " on " + row.at("engine"));
    EXPECT_EQ(row.at("state"), "succeeded");
    EXPECT_THAT(row.at("flags"), Not(HasSubstr("PREDICTION_MISMATCH")));
    EXPECT_LT(Number(row, "prediction_max_abs_diff"), 0.01);
    const bool classifies = row.at("model") != "autoencoder";
    EXPECT_EQ(row.at("rmse").empty(), classifies);
    EXPECT_EQ(row.at("accuracy").empty(), !classifies);
    if (!classifies) {
      EXPECT_GT(Number(row, "rmse"), 0);
    }
  }
  EXPECT_EQ(lab.Coord({"verify", id}).exit_code, 0);
}

}  // namespace
}  // namespace tinyjoule

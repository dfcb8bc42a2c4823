// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Every engine against the plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/onnx/knn_model.h"
#include "tests/contract/inference_engine_models.h"
#include "tests/contract/inference_engine_runs.h"

namespace tinyjoule {
namespace {

struct Comparison {
  float largest_difference = INFINITY;
  float largest_value = 1;
};

// An engine with the plain loops over random rows.
Comparison Compare(v1::Engine kind, const onnx::ModelProto& model, uint32_t seed,
                   uint32_t threads) {
  const auto reference = Load(v1::ENGINE_REFERENCE, model);
  const auto engine = Load(kind, model, threads);
  if (reference == nullptr || engine == nullptr) return {};
  std::mt19937 random(seed);
  float largest = 0;
  float spread = 0;
  for (int row = 0; row < 50; ++row) {
    const std::vector<float> input = RandomRow(*reference, random, 4.0f);
    const std::vector<float> expected = RunOnce(*reference, input);
    const std::vector<float> actual = RunOnce(*engine, input);
    for (size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::fabs(expected[i] - actual[i]));
      spread = std::max(spread, std::fabs(expected[i]));
    }
  }
  // A model that is always 0 would agree with anything.
  EXPECT_GT(spread, 0.02f) << "seed " << seed;
  return {largest, spread};
}

// An engine against the plain loops, over random models and rows.
class EngineAgreement : public ::testing::TestWithParam<v1::Engine> {
 protected:
  static float Tolerance() {
    return absl::c_find_if(EnginesUnderTest(),
                           [](const EngineUnderTest& engine) { return engine.kind == GetParam(); })
        ->tolerance;
  }
  template <typename Check>
  void ForEachSeed(uint32_t count, const Check& check) {
    for (uint32_t seed = 1; seed <= count; ++seed) {
      SCOPED_TRACE(absl::StrCat("seed ", seed));
      check(seed);
    }
  }
  static float Difference(const onnx::ModelProto& model, uint32_t seed) {
    return Compare(GetParam(), model, seed, /*threads=*/1).largest_difference;
  }
  // Of the largest value, where that is above 1.
  static float RealDifference(const onnx::ModelProto& model, uint32_t seed, uint32_t threads = 1) {
    const Comparison comparison = Compare(GetParam(), model, seed, threads);
    return comparison.largest_difference / std::max(1.0f, comparison.largest_value);
  }
};

std::vector<v1::Engine> KindsToCompare() {
  std::vector<v1::Engine> kinds = EngineKinds();
  kinds.erase(std::remove(kinds.begin(), kinds.end(), v1::ENGINE_REFERENCE), kinds.end());
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineAgreement, ::testing::ValuesIn(KindsToCompare()),
                         EngineKindName);

constexpr float kFloatTolerance = 1e-5f;

TEST_P(EngineAgreement, Float32) {
  ForEachSeed(20, [](uint32_t seed) {
    EXPECT_LT(RealDifference(MakeTinyMlp(Precision::kFloat32, seed), seed), Tolerance());
    EXPECT_LT(RealDifference(MakeTinyCnn(Precision::kFloat32, 3, seed), seed), Tolerance());
    EXPECT_LT(RealDifference(MakeTinyCnn(Precision::kFloat32, 5, seed), seed), Tolerance());
    EXPECT_LT(RealDifference(MakeWindowedCnn(Precision::kFloat32, seed), seed), Tolerance());
    EXPECT_LT(RealDifference(MakeImageCnn(Precision::kFloat32, seed), seed), Tolerance());
    EXPECT_LT(RealDifference(MakeResidualCnn(Precision::kFloat32, seed), seed), Tolerance());
    EXPECT_LT(RealDifference(MakeSeparableCnn(Precision::kFloat32, seed), seed), Tolerance());
  });
}

// Few: on a busy processor the threads wait for each other most of the time.
TEST_P(EngineAgreement, Float32OnTwoThreads) {
  ForEachSeed(3, [](uint32_t seed) {
    EXPECT_LT(RealDifference(MakeImageCnn(Precision::kFloat32, seed), seed, 2), Tolerance());
  });
}

// One layer from int8 to int8 differs by a rounding at most: one step of its result.
TEST_P(EngineAgreement, Int8LayersWithinOneStep) {
  ForEachSeed(20, [](uint32_t seed) {
    for (const Precision precision : {Precision::kInt8PerTensor, Precision::kInt8PerChannel}) {
      ModelMaker dense(precision, seed);
      dense.Input({20});
      dense.Dense(20, 9, seed % 2 == 0);
      const onnx::ModelProto dense_model = dense.Build({9});
      EXPECT_LE(Difference(dense_model, seed), dense.output_step() * 1.001f);
      ModelMaker conv(precision, seed);
      conv.Input({3, 8});
      conv.Conv1d(3, 6, 3);
      const onnx::ModelProto conv_model = conv.Build({6, 8});
      EXPECT_LE(Difference(conv_model, seed), conv.output_step() * 1.001f);
      ModelMaker image(precision, seed);
      image.Input({4, 6, 6});
      image.Conv2d(4, 4, 3, 1, 4);
      const onnx::ModelProto image_model = image.Build({4, 6, 6});
      EXPECT_LE(Difference(image_model, seed), image.output_step() * 1.001f);
      ModelMaker strided(precision, seed);
      strided.Input({4, 7, 6});
      strided.SameConv2d({4, 7, 6}, 4, {4, 3, 2}, 4, false);
      const onnx::ModelProto strided_model = strided.Build({4, 4, 3});
      EXPECT_LE(Difference(strided_model, seed), strided.output_step() * 1.001f);
      ModelMaker sum(precision, seed);
      sum.Input({4, 6, 6});
      const std::string source = sum.current();
      sum.SameConv2d({4, 6, 6}, 4, {1, 1, 1}, 1, false);
      sum.AddRectified(source);
      const onnx::ModelProto sum_model = sum.Build({4, 6, 6});
      // Of the convolution and of the sum.
      EXPECT_LE(Difference(sum_model, seed), 2 * sum.output_step() * 1.001f);
    }
  });
}

// The same arithmetic on whole numbers: what differs is the order of a few roundings of float32.
TEST_P(EngineAgreement, LayersQuantisedAtRunTime) {
  ForEachSeed(20, [](uint32_t seed) {
    ModelMaker dense(Precision::kInt8Dynamic, seed);
    dense.Input({20});
    dense.Dense(20, 9, seed % 2 == 0);
    EXPECT_LT(Difference(dense.Build({9}), seed), kFloatTolerance);
    ModelMaker conv(Precision::kInt8Dynamic, seed);
    conv.Input({3, 8});
    conv.Conv1d(3, 6, 3);
    EXPECT_LT(Difference(conv.Build({6, 8}), seed), kFloatTolerance);
    ModelMaker depthwise(Precision::kInt8Dynamic, seed);
    depthwise.Input({4, 6, 6});
    depthwise.Conv2d(4, 4, 3, 1, 4);
    EXPECT_LT(Difference(depthwise.Build({4, 6, 6}), seed), kFloatTolerance);
    ModelMaker strided(Precision::kInt8Dynamic, seed);
    strided.Input({3, 7, 5});
    strided.Conv2d(3, 8, 3, 2, 1);
    EXPECT_LT(Difference(strided.Build({8, 4, 3}), seed), kFloatTolerance);
  });
}

// The last bit of a sum may decide to which step a value of the next layer is rounded.
TEST_P(EngineAgreement, ModelsQuantisedAtRunTime) {
  ForEachSeed(20, [](uint32_t seed) {
    const float step = 8.0f / 255;
    EXPECT_LE(Difference(MakeTinyMlp(Precision::kInt8Dynamic, seed), seed), 2 * step);
    EXPECT_LE(Difference(MakeTinyCnn(Precision::kInt8Dynamic, 3, seed), seed), 2 * step);
    EXPECT_LE(Difference(MakeWindowedCnn(Precision::kInt8Dynamic, seed), seed), 2 * step);
  });
}

// A step that differs in one layer can move the next ones: whole models within two steps.
TEST_P(EngineAgreement, Int8Models) {
  ForEachSeed(20, [](uint32_t seed) {
    const float step = 4.0f / 127;
    for (const Precision precision : {Precision::kInt8PerTensor, Precision::kInt8PerChannel}) {
      EXPECT_LE(Difference(MakeTinyMlp(precision, seed), seed), 2.001f * step);
      EXPECT_LE(Difference(MakeTinyCnn(precision, 3, seed), seed), 2.001f * step);
      EXPECT_LE(Difference(MakeWindowedCnn(precision, seed), seed), 2.001f * step);
      EXPECT_LE(Difference(MakeImageCnn(precision, seed), seed), 2.001f * step);
      EXPECT_LE(Difference(MakeResidualCnn(precision, seed), seed), 2.001f * step);
      EXPECT_LE(Difference(MakeSeparableCnn(precision, seed), seed), 2.001f * step);
    }
  });
}

TEST_P(EngineAgreement, NearestNeighbours) {
  ForEachSeed(20, [](uint32_t seed) {
    ModelMaker maker(Precision::kFloat32, seed);
    const int64_t rows = 1500;
    const FloatTensor points = {{rows, 5}, maker.Uniform(rows * 5, -2, 2)};
    const FloatTensor targets = {{rows, 2}, maker.Uniform(rows * 2, -1, 1)};
    for (const KnnWeighting weights : {KnnWeighting::kUniform, KnnWeighting::kDistance}) {
      const auto model = MakeKnnRegressor(5, weights, points, targets);
      ASSERT_TRUE(model.ok()) << model.status();
      EXPECT_LT(Difference(BuildKnnModel(*model), seed), kFloatTolerance);
      EXPECT_LT(Difference(BuildKnnModel(QuantizeKnnPoints(*model)), seed), kFloatTolerance);
    }
  });
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/observer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tinyjoule {
namespace {

TEST(QuantizationOfTest, CoversTheRangeAndHitsZero) {
  const Quantization positive = QuantizationOf(0, 2.55F);
  EXPECT_FLOAT_EQ(positive.scale, 0.01F);
  EXPECT_EQ(positive.zero_point, -128);
  const Quantization both = QuantizationOf(-1, 1.55F);
  EXPECT_FLOAT_EQ(both.scale, 0.01F);
  EXPECT_EQ(both.zero_point, -28);
  EXPECT_EQ(DequantizeValue(both, QuantizeValue(both, 0)), 0);
  // A range on one side of zero grows to it.
  EXPECT_FLOAT_EQ(QuantizationOf(1, 2.55F).scale, 0.01F);
  EXPECT_EQ(QuantizationOf(0, 0), Quantization{});
}

// ONNX's QuantizeLinear: round half to even, then saturate.
TEST(QuantizeValueTest, RoundsHalfToEvenAndSaturates) {
  const Quantization quantization{2.0F, 1};
  for (const auto& [value, stored] : std::vector<std::pair<float, int>>{
           {1, 1}, {3, 3}, {5, 3}, {-1, 1}, {1e9F, 127}, {-1e9F, -128}}) {
    EXPECT_EQ(QuantizeValue(quantization, value), stored) << value;
    EXPECT_EQ(RoundToStep(quantization, value),
              DequantizeValue(quantization, static_cast<int8_t>(stored)))
        << value;
  }
}

std::vector<float> Integers(int first, int last) {
  std::vector<float> values;
  for (int i = first; i <= last; ++i) values.push_back(static_cast<float>(i));
  return values;
}

TEST(ObserverTest, MinMaxTakesAll) {
  const Quantization quantization =
      ObservedQuantization({v1::OBSERVER_MIN_MAX}, {0.3F, -1, 1.55F, 0});
  EXPECT_EQ(quantization, QuantizationOf(-1, 1.55F));
}

// numpy.percentile(numpy.arange(-500, 501), [5, 95]) = [-450, 450].
TEST(ObserverTest, PercentileCutsBothEndsAlike) {
  const std::vector<float> values = Integers(-500, 500);
  EXPECT_EQ(ObservedQuantization({v1::OBSERVER_PERCENTILE, 90}, values), QuantizationOf(-450, 450));
  EXPECT_EQ(ObservedQuantization({v1::OBSERVER_PERCENTILE, 100}, values),
            QuantizationOf(-500, 500));
  // One outlier in a hundred thousand is outside 99.99 %.
  std::vector<float> ramp = Integers(0, 99'999);
  ramp.back() = 1e9F;
  EXPECT_NEAR(ObservedQuantization({v1::OBSERVER_PERCENTILE}, ramp).scale, 99'994 / 255.0, 0.01);
}

// numpy.percentile([0, 1, 2, 3], 90) = 2.7.
TEST(ObserverTest, PercentileLiesBetweenTwoValues) {
  const Quantization quantization =
      ObservedQuantization({v1::OBSERVER_PERCENTILE, 80}, {3, 1, 0, 2});
  EXPECT_FLOAT_EQ(quantization.scale, 2.7F / 255);
}

TEST(ObserverTest, NoValuesGiveStepsOfOne) {
  for (const v1::Observer kind :
       {v1::OBSERVER_MIN_MAX, v1::OBSERVER_PERCENTILE, v1::OBSERVER_MSE}) {
    EXPECT_EQ(ObservedQuantization({kind}, {}), Quantization{}) << v1::Observer_Name(kind);
    EXPECT_EQ(ObservedQuantization({kind}, {0, 0, 0}), Quantization{}) << v1::Observer_Name(kind);
  }
}

// Uniform values lose nothing by their outermost steps: the whole range is best. Its error is that
// of rounding, step^2 / 12.
TEST(ObserverTest, LeastSquaresKeepsAUniformRange) {
  std::vector<float> values;
  for (int i = 0; i <= 100'000; ++i) values.push_back(static_cast<float>(i) / 50'000 - 1);
  EXPECT_NEAR(ObservedQuantization({v1::OBSERVER_MSE}, values).scale, 2.0 / 255, 1e-6);
}

// Banner, Nahshan and Soudry, "Post training 4-bit quantization of convolutional networks for
// rapid-deployment" (2019): the best range of 8 bits for a Laplace distribution of scale b is
// +-9.89 b. The candidates are 2 % of the observed 11.5 b apart.
TEST(ObserverTest, LeastSquaresCutsATailWhereTheTheoryDoes) {
  std::vector<float> values;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const double share = (i + 0.5) / kCount - 0.5;
    const double magnitude = -std::log(1 - 2 * std::abs(share));
    values.push_back(static_cast<float>(share < 0 ? -magnitude : magnitude));
  }
  const Quantization quantization = ObservedQuantization({v1::OBSERVER_MSE}, values);
  EXPECT_NEAR(127.5 * quantization.scale, 9.89, 0.25);
}

}  // namespace
}  // namespace tinyjoule

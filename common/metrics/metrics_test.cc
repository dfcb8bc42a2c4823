// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tinyjoule {
namespace {

using Floats = std::vector<float>;
using Classes = std::vector<int64_t>;

// scikit-learn 1.2.1: mean_absolute_error, mean_squared_error(squared=False), r2_score over the
// float32 values widened to float64.
TEST(RegressionMetrics, AgreesWithScikitLearn) {
  const Floats targets = {0, 0.2F, 5.5F, 12.25F, 0, 3.75F, 1e-3F, 48.5F};
  const Floats predictions = {0.1F, -0.3F, 4.5F, 13, 0.5F, 3.25F, 0.25F, 40};
  const auto metrics = RegressionMetrics(targets, predictions);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_DOUBLE_EQ(metrics->mae(), 1.5123750020429725);
  EXPECT_DOUBLE_EQ(metrics->rmse(), 3.0543923498622343);
  EXPECT_DOUBLE_EQ(metrics->r2(), 0.961342142361286);
  EXPECT_FALSE(metrics->has_accuracy());
}

// Exact rational arithmetic (Python fractions): a large offset must not eat the variance.
TEST(RegressionMetrics, KeepsItsDigitsFarFromZero) {
  const Floats targets = {16777200, 16777201, 16777203, 16777210};
  const Floats predictions = {16777201, 16777201, 16777202, 16777211};
  const auto metrics = RegressionMetrics(targets, predictions);
  ASSERT_TRUE(metrics.ok());
  EXPECT_DOUBLE_EQ(metrics->mae(), 0.75);
  EXPECT_DOUBLE_EQ(metrics->r2(), 0.9508196721311475);
}

TEST(RegressionMetrics, PerfectAndMeanPredictionsAreOneAndZero) {
  const Floats targets = {1, 2, 3, 4};
  EXPECT_EQ(RegressionMetrics(targets, targets)->r2(), 1);
  EXPECT_EQ(RegressionMetrics(targets, targets)->rmse(), 0);
  EXPECT_DOUBLE_EQ(RegressionMetrics(targets, Floats(4, 2.5F))->r2(), 0);
}

// 0.1F has no exact mean: the squares around the rounded one would give a huge, meaningless R2.
TEST(RegressionMetrics, R2IsAbsentWithoutVariance) {
  const auto metrics = RegressionMetrics(Floats(7, 0.1F), {1, 2, 3, 4, 5, 6, 7});
  ASSERT_TRUE(metrics.ok());
  EXPECT_FALSE(metrics->has_r2());
  EXPECT_TRUE(metrics->has_mae());
  EXPECT_FALSE(RegressionMetrics({2}, {3})->has_r2());
}

TEST(RegressionMetrics, RefusesWhatHasNoAnswer) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(RegressionMetrics({}, {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RegressionMetrics({1, 2}, {1}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RegressionMetrics({1, nan}, {1, 2}).status().message(), "the target of row 1 is nan");
  EXPECT_EQ(RegressionMetrics({1, 2}, {infinity, 2}).status().message(),
            "the prediction of row 0 is inf");
}

// scikit-learn 1.2.1: accuracy_score and precision_recall_fscore_support(average="macro",
// zero_division=0). Class 3 is never predicted, class 4 never a target.
TEST(ClassificationMetrics, AgreesWithScikitLearn) {
  const Classes targets = {0, 1, 2, 2, 1, 0, 3, 3, 2, 1};
  const Classes predictions = {0, 2, 2, 2, 1, 1, 0, 4, 2, 1};
  const auto metrics = ClassificationMetrics(targets, predictions);
  ASSERT_TRUE(metrics.ok());
  EXPECT_DOUBLE_EQ(metrics->accuracy(), 0.6);
  EXPECT_DOUBLE_EQ(metrics->precision_macro(), 0.3833333333333333);
  EXPECT_DOUBLE_EQ(metrics->recall_macro(), 0.4333333333333333);
  EXPECT_DOUBLE_EQ(metrics->f1_macro(), 0.40476190476190477);
  EXPECT_FALSE(metrics->has_mae());
}

TEST(ArgMaxRows, TakesTheFirstOfEquals) {
  const auto best = ArgMaxRows({0.1F, 0.7F, 0.2F, 3, 3, 1, -1, -2, -1}, 3);
  ASSERT_TRUE(best.ok());
  EXPECT_EQ(*best, (Classes{1, 0, 0}));
  EXPECT_FALSE(ArgMaxRows({1, 2, 3}, 2).ok());
  EXPECT_FALSE(ArgMaxRows({1, 2}, 0).ok());
  EXPECT_FALSE(ArgMaxRows({1, std::nanf("")}, 2).ok());
}

TEST(ClassIndices, RefusesWhatIsNoIndex) {
  EXPECT_EQ(*ClassIndices({0, 9, 3}), (Classes{0, 9, 3}));
  EXPECT_FALSE(ClassIndices({0.5F}).ok());
  EXPECT_FALSE(ClassIndices({-1}).ok());
  EXPECT_FALSE(ClassIndices({std::nanf("")}).ok());
  EXPECT_FALSE(ClassIndices({1e20F}).ok());
}

TEST(ComputeQuality, FollowsTheOutputKind) {
  const auto classes = ComputeQuality(v1::OUTPUT_KIND_CLASSIFICATION, {1, 0}, {0, 5, 2, 1});
  ASSERT_TRUE(classes.ok());
  EXPECT_EQ(classes->accuracy(), 1);
  EXPECT_EQ(ComputeQuality(v1::OUTPUT_KIND_REGRESSION, {1, 0}, {1, 1})->mae(), 0.5);
  EXPECT_FALSE(ComputeQuality(v1::OUTPUT_KIND_UNSPECIFIED, {1}, {1}).ok());
  EXPECT_FALSE(ComputeQuality(v1::OUTPUT_KIND_CLASSIFICATION, {1, 0}, {1, 2, 3}).ok());
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "server/trainer/data/dataset.h"
#include "server/trainer/data/split_indices.h"

namespace tinyjoule {
namespace {

using ::testing::Contains;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

// Row i: features (i, 10 + i * i); target 3 i.
Dataset Ramp(size_t count) {
  Dataset dataset;
  dataset.output_kind = v1::OUTPUT_KIND_REGRESSION;
  dataset.sample_shape = {1, 2};
  dataset.feature_count = 2;
  for (size_t i = 0; i < count; ++i) {
    const auto x = static_cast<double>(i);
    dataset.rows.insert(dataset.rows.end(), {x, 10 + x * x});
    dataset.first_row.push_back(static_cast<uint32_t>(i));
    dataset.targets.push_back(3 * x);
    dataset.persistence.push_back(i == 0 ? std::numeric_limits<double>::quiet_NaN() : 3 * (x - 1));
  }
  return dataset;
}

v1::SplitSpec Method(v1::SplitMethod method, uint32_t folds = 0, bool shuffle = false) {
  v1::SplitSpec spec;
  spec.set_method(method);
  if (folds > 0) spec.set_folds(folds);
  spec.set_shuffle(shuffle);
  return spec;
}

std::vector<size_t> Range(size_t begin, size_t end) {
  std::vector<size_t> range(end - begin);
  std::iota(range.begin(), range.end(), begin);
  return range;
}

// fold = 20 // 6 = 3: train on rows [0, 3 i), test on the next 3.
TEST(SplitIndicesTest, WalkForward) {
  for (uint32_t fold = 0; fold < 5; ++fold) {
    const auto indices = IndicesOf(Ramp(20), Method(v1::SPLIT_METHOD_WALK_FORWARD, 5), fold, 1);
    ASSERT_TRUE(indices.ok());
    EXPECT_EQ(indices->train, Range(0, 3 * (fold + 1)));
    EXPECT_EQ(indices->test, Range(3 * (fold + 1), 3 * (fold + 2)));
  }
  EXPECT_FALSE(IndicesOf(Ramp(20), Method(v1::SPLIT_METHOD_WALK_FORWARD, 5), 5, 1).ok());
}

TEST(SplitIndicesTest, HoldoutTakesTheLastRowsRoundedUp) {
  v1::SplitSpec spec = Method(v1::SPLIT_METHOD_HOLDOUT);
  EXPECT_EQ(IndicesOf(Ramp(10), spec, 0, 1)->test, Range(7, 10));
  spec.set_test_fraction(0.25);
  EXPECT_EQ(IndicesOf(Ramp(10), spec, 0, 1)->test, Range(7, 10));
  EXPECT_FALSE(IndicesOf(Ramp(10), spec, 1, 1).ok());
  spec.set_test_fraction(1);
  EXPECT_FALSE(IndicesOf(Ramp(10), spec, 0, 1).ok());
}

TEST(SplitIndicesTest, ShuffledHoldoutDependsOnTheSeedAlone) {
  const v1::SplitSpec spec = Method(v1::SPLIT_METHOD_HOLDOUT, 0, true);
  const auto first = IndicesOf(Ramp(100), spec, 0, 7);
  const auto again = IndicesOf(Ramp(100), spec, 0, 7);
  const auto other = IndicesOf(Ramp(100), spec, 0, 8);
  EXPECT_EQ(first->test, again->test);
  EXPECT_NE(first->test, other->test);
  std::set<size_t> all(first->train.begin(), first->train.end());
  all.insert(first->test.begin(), first->test.end());
  EXPECT_EQ(all.size(), 100);
}

TEST(SplitIndicesTest, KFoldTestsEveryRowOnce) {
  for (const bool shuffle : {false, true}) {
    std::vector<size_t> tested;
    for (uint32_t fold = 0; fold < 3; ++fold) {
      const auto indices = IndicesOf(Ramp(10), Method(v1::SPLIT_METHOD_KFOLD, 3, shuffle), fold, 5);
      ASSERT_TRUE(indices.ok());
      EXPECT_EQ(indices->train.size() + indices->test.size(), 10);
      for (const size_t row : indices->test) {
        EXPECT_EQ(std::count(indices->train.begin(), indices->train.end(), row), 0);
      }
      tested.insert(tested.end(), indices->test.begin(), indices->test.end());
    }
    EXPECT_EQ(tested != Range(0, 10), shuffle);
    std::sort(tested.begin(), tested.end());
    EXPECT_EQ(tested, Range(0, 10));
  }
}

TEST(SplitTest, StandardisesWithTheTrainingRows) {
  const auto split = MakeSplit(Ramp(6), Method(v1::SPLIT_METHOD_WALK_FORWARD, 2), 0, 1);
  ASSERT_TRUE(split.ok());
  // Rows 0 and 1: x = 0, 1 and 10, 11: means 0.5 and 10.5, standard deviation 0.5.
  EXPECT_THAT(split->scaler.mean, ElementsAre(0.5, 10.5));
  EXPECT_THAT(split->scaler.std, ElementsAre(0.5, 0.5));
  EXPECT_THAT(split->inputs_train, ElementsAre(-1, -1, 1, 1));
  EXPECT_THAT(split->inputs_test, ElementsAre(3, 7, 5, 17));
  EXPECT_THAT(split->targets_test, ElementsAre(6, 9));
  EXPECT_THAT(split->persistence_test, ElementsAre(3, 6));
  EXPECT_EQ(split->facts.train_rows(), 2);
  EXPECT_EQ(split->facts.test_rows(), 2);
  EXPECT_EQ(split->sample_size(), 2);
}

// Whatever happens to the rows behind the training rows, not one bit before them may change.
TEST(SplitTest, TestRowsCannotReachTrainingDataOrScaler) {
  for (const auto method :
       {v1::SPLIT_METHOD_WALK_FORWARD, v1::SPLIT_METHOD_HOLDOUT, v1::SPLIT_METHOD_KFOLD}) {
    for (const bool shuffle : {false, true}) {
      const v1::SplitSpec spec = Method(method, 0, shuffle);
      const Dataset honest = Ramp(60);
      Dataset changed = honest;
      const auto indices = IndicesOf(honest, spec, 0, 3);
      ASSERT_TRUE(indices.ok());
      for (const size_t row : indices->test) {
        changed.rows[2 * row] = 1e6 + static_cast<double>(row);
        changed.rows[2 * row + 1] = -1e9;
        changed.targets[row] = 777;
      }
      const auto before = MakeSplit(honest, spec, 0, 3);
      const auto after = MakeSplit(changed, spec, 0, 3);
      ASSERT_TRUE(before.ok() && after.ok());
      EXPECT_EQ(before->scaler.mean, after->scaler.mean);
      EXPECT_EQ(before->scaler.std, after->scaler.std);
      EXPECT_EQ(before->inputs_train, after->inputs_train);
      EXPECT_EQ(before->targets_train, after->targets_train);
      EXPECT_NE(before->inputs_test, after->inputs_test);
    }
  }
}

// The same with windows, which share rows.
TEST(SplitTest, WindowsOfTheTestCannotReachTheScaler) {
  Dataset windows = Ramp(30);
  windows.context = 3;
  windows.sample_shape = {2, 3};
  windows.first_row.resize(27);
  windows.targets.resize(27);
  windows.persistence.clear();
  const v1::SplitSpec spec = Method(v1::SPLIT_METHOD_WALK_FORWARD, 2);
  const auto before = MakeSplit(windows, spec, 0, 3);
  // Windows 0..8 cover rows 0..10.
  for (size_t i = 2 * 11; i < windows.rows.size(); ++i) windows.rows[i] = 1e6;
  const auto after = MakeSplit(windows, spec, 0, 3);
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(before->scaler.mean, after->scaler.mean);
  EXPECT_EQ(before->inputs_train, after->inputs_train);
  EXPECT_THAT(before->scaler.mean[0], DoubleNear(5, 1e-12));
  // Channels x time: first the three times of feature 0. Rows 0..10 have the deviation sqrt(10).
  const auto first = static_cast<float>(-5 / std::sqrt(10.0));
  EXPECT_THAT(before->inputs_train[0], FloatNear(first, 1e-6F));
  EXPECT_THAT(before->inputs_train[2], FloatNear(first * 3 / 5, 1e-6F));
}

TEST(SplitTest, ConstantFeatureIsCentredOnly) {
  Dataset dataset = Ramp(6);
  for (size_t i = 0; i < 6; ++i) dataset.rows[2 * i] = 0.1;
  const auto split = MakeSplit(dataset, Method(v1::SPLIT_METHOD_HOLDOUT), 0, 1);
  ASSERT_TRUE(split.ok());
  EXPECT_EQ(split->scaler.std[0], 1);
  EXPECT_NEAR(split->inputs_test[0], 0, 1e-6);
}

TEST(SplitTest, LimitsKeepTheFirstRows) {
  Dataset dataset = Ramp(10);
  dataset.max_train = 2;
  dataset.max_test = 1;
  const auto split = MakeSplit(dataset, Method(v1::SPLIT_METHOD_HOLDOUT), 0, 1);
  ASSERT_TRUE(split.ok());
  EXPECT_THAT(split->targets_train, ElementsAre(0, 3));
  EXPECT_THAT(split->targets_test, ElementsAre(21));
}

TEST(SplitTest, TooFewRowsAndDryFoldsAreTold) {
  const auto few = MakeSplit(Ramp(4), Method(v1::SPLIT_METHOD_WALK_FORWARD, 5), 0, 1);
  EXPECT_THAT(std::string(few.status().message()), HasSubstr("4 samples are too few"));
  Dataset dry = Ramp(10);
  for (size_t i = 7; i < 10; ++i) dry.targets[i] = 0;
  const auto split = MakeSplit(dry, Method(v1::SPLIT_METHOD_HOLDOUT), 0, 1);
  ASSERT_TRUE(split.ok());
  EXPECT_THAT(split->facts.notes(), Contains(HasSubstr("R2 is undefined")));
}

TEST(SplitTest, FirstRowWithoutAPastIsPredictedByTheMean) {
  const auto split = MakeSplit(Ramp(4), Method(v1::SPLIT_METHOD_KFOLD, 2), 0, 1);
  ASSERT_TRUE(split.ok());
  EXPECT_THAT(split->persistence_test, ElementsAre(7.5, 0));
}

Dataset Pixels() {
  Dataset dataset;
  dataset.output_kind = v1::OUTPUT_KIND_CLASSIFICATION;
  dataset.class_count = 3;
  dataset.sample_shape = {1, 1, 2};
  dataset.pixels = {0, 255, 255, 0, 51, 51, 102, 102};
  dataset.targets = {0, 1, 1, 0};
  dataset.official_train_count = 3;
  return dataset;
}

TEST(SplitTest, ImagesHaveTheOfficialSplitAndOneScaler) {
  const auto split = MakeSplit(Pixels(), v1::SplitSpec(), 0, 1);
  ASSERT_TRUE(split.ok());
  // 0, 1, 1, 0, 0.2, 0.2.
  EXPECT_THAT(split->scaler.mean, ElementsAre(DoubleNear(0.4, 1e-12)));
  EXPECT_THAT(split->scaler.std, ElementsAre(DoubleNear(std::sqrt(2.08 / 6 - 0.16), 1e-12)));
  EXPECT_THAT(split->inputs_test, ElementsAre(FloatNear(0, 1e-6F), FloatNear(0, 1e-6F)));
  EXPECT_THAT(split->targets_train, ElementsAre(0, 1, 1));
  EXPECT_THAT(split->facts.notes(), Contains("1 classes have no training row"));
  EXPECT_FALSE(MakeSplit(Pixels(), Method(v1::SPLIT_METHOD_WALK_FORWARD), 0, 1).ok());
  EXPECT_THAT(MakeSplit(Pixels(), Method(v1::SPLIT_METHOD_HOLDOUT), 0, 1)->targets_test,
              ElementsAre(0));
  // Only the official training set is cut.
  EXPECT_THAT(MakeSplit(Pixels(), Method(v1::SPLIT_METHOD_KFOLD, 3), 2, 1)->targets_test,
              ElementsAre(1));
}

TEST(BaselinesTest, OfRegressionAndOfClasses) {
  const auto split = MakeSplit(Ramp(6), Method(v1::SPLIT_METHOD_WALK_FORWARD, 2), 0, 1);
  const auto baselines = Baselines(*split);
  ASSERT_EQ(baselines.size(), 2);
  EXPECT_EQ(baselines[0].name, "predict_mean");
  EXPECT_THAT(baselines[0].values, ElementsAre(1.5, 1.5));
  EXPECT_EQ(baselines[1].name, "persistence");
  EXPECT_THAT(baselines[1].values, ElementsAre(3, 6));
  const auto classes = Baselines(*MakeSplit(Pixels(), v1::SplitSpec(), 0, 1));
  ASSERT_EQ(classes.size(), 1);
  EXPECT_EQ(classes[0].name, "majority_class");
  EXPECT_THAT(classes[0].values, ElementsAre(1));
}

// Means by hand: of 1 and 3, and of 2 and 6.
TEST(LearnInputsTest, TargetsAreTheInputs) {
  Split split;
  split.sample_shape = {2};
  split.output_kind = v1::OUTPUT_KIND_CLASSIFICATION;
  split.inputs_train = {1, 2, 3, 6};
  split.targets_train = {0, 1};
  split.inputs_test = {7, 8, 9, 10};
  split.targets_test = {1, 0};
  split.persistence_test = {1, 1};
  LearnInputs(split);
  EXPECT_EQ(split.output_kind, v1::OUTPUT_KIND_REGRESSION);
  EXPECT_EQ(split.learned_targets(), split.inputs_train);
  EXPECT_EQ(split.tested_targets(), split.inputs_test);
  EXPECT_EQ(split.train_count(), 2);
  const std::vector<BaselinePrediction> baselines = Baselines(split);
  ASSERT_EQ(baselines.size(), 1);
  EXPECT_EQ(baselines[0].name, "predict_mean");
  EXPECT_EQ(baselines[0].values, (std::vector<float>{2, 4, 2, 4}));
}

}  // namespace
}  // namespace tinyjoule

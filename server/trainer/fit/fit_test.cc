// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/fit/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "server/trainer/fit/learn.h"
#include "server/trainer/fit/native_engine.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

// Gives the validation losses it is told to; its parameter is the number of epochs seen.
class ScriptedEngine final : public TrainingEngine {
 public:
  explicit ScriptedEngine(std::vector<double> losses) : losses_(std::move(losses)) {}

  absl::Status Step(absl::Span<const uint32_t> rows) override {
    seen_.insert(rows.begin(), rows.end());
    row_count_ += rows.size();
    return absl::OkStatus();
  }
  absl::StatusOr<double> TakeLossSum() override { return losses_.at(epoch_) * kTrainRows; }
  absl::StatusOr<double> MeanLoss(uint32_t, uint32_t) override { return losses_.at(epoch_++); }
  absl::StatusOr<std::vector<float>> Parameters() override {
    return std::vector<float>{static_cast<float>(epoch_)};
  }
  absl::Status SetParameters(absl::Span<const float> parameters) override {
    restored_ = parameters[0];
    return absl::OkStatus();
  }
  std::string Description() const override { return "scripted"; }

  static constexpr uint32_t kTrainRows = 10;
  std::set<uint32_t> seen_;
  size_t row_count_ = 0;
  float restored_ = 0;

 private:
  std::vector<double> losses_;
  size_t epoch_ = 0;
};

FitOptions WatchedFit(uint32_t patience) {
  FitOptions options;
  options.epochs = 7;
  options.batch_size = 3;
  options.train_rows = ScriptedEngine::kTrainRows;
  options.row_count = 12;
  options.patience = patience;
  return options;
}

class FitTest : public testing::Test {
 protected:
  SystemClock clock_;
  SeededRandom random_{1};
};

TEST_F(FitTest, StopsWhenPatienceIsOutAndRestoresTheBest) {
  ScriptedEngine engine({5, 3, 4, 3.5, 3.2, 1, 0});
  const auto history = Fit(engine, WatchedFit(3), random_, clock_, nullptr);
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->size(), 5U);
  EXPECT_EQ(engine.restored_, 2.0F);
  EXPECT_EQ(history->back().validation_loss(), 3.2);
}

TEST_F(FitTest, WithoutPatienceKeepsTheLast) {
  ScriptedEngine engine({5, 3, 4, 3.5, 3.2, 4, 6});
  const auto history = Fit(engine, WatchedFit(0), random_, clock_, nullptr);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->size(), 7U);
  EXPECT_EQ(engine.restored_, 0.0F);
}

TEST_F(FitTest, EveryEpochSeesEveryTrainingRowOnce) {
  ScriptedEngine engine({1, 1, 1, 1, 1, 1, 1});
  ASSERT_TRUE(Fit(engine, WatchedFit(0), random_, clock_, nullptr).ok());
  EXPECT_EQ(engine.seen_.size(), 10U);
  EXPECT_EQ(*engine.seen_.rbegin(), 9U) << "validation rows are never learnt from";
  EXPECT_EQ(engine.row_count_, 70U);
}

TEST_F(FitTest, LossThatIsNotANumberSaysWhatToDo) {
  ScriptedEngine engine({1, std::numeric_limits<double>::quiet_NaN()});
  const auto history = Fit(engine, WatchedFit(0), random_, clock_, nullptr);
  EXPECT_EQ(history.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(history.status().message()),
              HasSubstr("the loss is nan in epoch 2; try a smaller learning rate"));
}

TEST_F(FitTest, NoRowsIsAnError) {
  ScriptedEngine engine({1});
  FitOptions options = WatchedFit(0);
  options.train_rows = 0;
  EXPECT_EQ(Fit(engine, options, random_, clock_, nullptr).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// y = 2 a - 3 b + 1 on a grid.
class LearnTest : public testing::Test {
 protected:
  LearnTest() {
    for (int i = 0; i < 400; ++i) {
      const float a = static_cast<float>(i % 20) / 10 - 1;
      const float b = static_cast<float>(i / 20) / 10 - 1;
      inputs_.insert(inputs_.end(), {a, b});
      targets_.push_back(2 * a - 3 * b + 1);
    }
    v1::ModelSpec spec;
    spec.set_type(v1::MODEL_TYPE_TINYMLP);
    spec.add_hidden(16);
    network_ = *BuildNetwork(spec, {1, 2}, 1);
    SeededRandom random(3);
    InitializeParameters(random, network_);
    context_.clock = &clock_;
    context_.make_engine = [](const Network& network, const TrainingRows& rows,
                              const EngineOptions& options) {
      return std::make_unique<NativeEngine>(network, rows, options);
    };
    options_.epochs = 60;
    options_.learning_rate = 0.01;
  }

  double MeanAbsoluteError(const Network& network) const {
    const std::vector<float> outputs = Predict(network, inputs_);
    double sum = 0;
    for (size_t i = 0; i < outputs.size(); ++i) sum += std::abs(outputs[i] - targets_[i]);
    return sum / static_cast<double>(outputs.size());
  }

  SystemClock clock_;
  LearningContext context_;
  LearningOptions options_;
  std::vector<float> inputs_;
  std::vector<float> targets_;
  Network network_;
};

TEST_F(LearnTest, FindsALinearFunction) {
  EXPECT_GT(MeanAbsoluteError(network_), 1.0);
  const auto history = Learn({inputs_, targets_, {}}, options_, context_, network_);
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->size(), 60U);
  EXPECT_LT(MeanAbsoluteError(network_), 0.03);
  EXPECT_LT(history->back().train_loss(), history->front().train_loss() / 100);
}

TEST_F(LearnTest, StochasticGradientDescentLearnsToo) {
  options_.optimizer = v1::OPTIMIZER_SGD;
  options_.learning_rate = 0.02;
  ASSERT_TRUE(Learn({inputs_, targets_, {}}, options_, context_, network_).ok());
  EXPECT_LT(MeanAbsoluteError(network_), 0.1);
}

TEST_F(LearnTest, SameSeedGivesTheSameBitsAndAnotherSeedOthers) {
  Network again = network_;
  Network other = network_;
  ASSERT_TRUE(Learn({inputs_, targets_, {}}, options_, context_, network_).ok());
  ASSERT_TRUE(Learn({inputs_, targets_, {}}, options_, context_, again).ok());
  options_.seed = 9;
  ASSERT_TRUE(Learn({inputs_, targets_, {}}, options_, context_, other).ok());
  EXPECT_EQ(FlatParameters(network_), FlatParameters(again));
  EXPECT_NE(FlatParameters(network_), FlatParameters(other));
}

TEST_F(LearnTest, KeepsZeroWeightsZero) {
  network_.layers[0].weight[3] = 0.0F;
  network_.layers[2].weight[5] = 0.0F;
  options_.keep_zeros = true;
  const float bias = network_.layers[0].bias[1];
  ASSERT_TRUE(Learn({inputs_, targets_, {}}, options_, context_, network_).ok());
  EXPECT_EQ(network_.layers[0].weight[3], 0.0F);
  EXPECT_EQ(network_.layers[2].weight[5], 0.0F);
  EXPECT_NE(network_.layers[0].weight[4], 0.0F);
  EXPECT_NE(network_.layers[0].bias[1], bias);
}

TEST_F(LearnTest, DivergenceIsAnError) {
  options_.optimizer = v1::OPTIMIZER_SGD;
  options_.learning_rate = 1e6;
  const auto history = Learn({inputs_, targets_, {}}, options_, context_, network_);
  EXPECT_EQ(history.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(LearningOptionsTest, DefaultsAreTheReferenceStudys) {
  const auto options = LearningOptionsOf(v1::TrainSpec(), /*classifies=*/false);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->epochs, 100U);
  EXPECT_EQ(options->batch_size, 32U);
  EXPECT_EQ(options->learning_rate, 0.001);
  EXPECT_EQ(options->loss.kind, v1::LOSS_MSE);
  EXPECT_EQ(options->validation_fraction, 0);
}

TEST(LearningOptionsTest, RefusesWhatCannotBe) {
  v1::TrainSpec train;
  train.set_lr(-1);
  EXPECT_THAT(std::string(LearningOptionsOf(train, false).status().message()),
              HasSubstr("train.lr: -1"));
  train.set_lr(0.1);
  train.set_batch_size(0);
  EXPECT_THAT(std::string(LearningOptionsOf(train, false).status().message()),
              HasSubstr("train.batch_size: 0"));
  train.set_batch_size(8);
  train.set_loss(v1::LOSS_CROSS_ENTROPY);
  EXPECT_FALSE(LearningOptionsOf(train, false).ok());
  EXPECT_TRUE(LearningOptionsOf(train, true).ok());
}

}  // namespace
}  // namespace tinyjoule

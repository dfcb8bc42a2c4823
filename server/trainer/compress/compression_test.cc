// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/compression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <set>

#include "server/trainer/compress/cluster.h"
#include "server/trainer/fit/native_engine.h"
#include "server/trainer/nn/network_builder.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class CompressionTest : public testing::Test {
 protected:
  CompressionTest() {
    SeededRandom random(6);
    for (int i = 0; i < 300; ++i) {
      const float a = 2 * UniformFloat(random) - 1;
      const float b = 2 * UniformFloat(random) - 1;
      inputs_.insert(inputs_.end(), {a, b});
      targets_.push_back(std::abs(a) + 2 * b);
    }
    trial_.mutable_model()->set_type(v1::MODEL_TYPE_TINYMLP);
    trial_.mutable_model()->add_hidden(16);
    trial_.mutable_model()->add_hidden(8);
    trial_.mutable_train()->set_lr(0.01);
    trial_.set_seed(42);
    input_.trial = &trial_;
    input_.rows = {inputs_, targets_, {}};
    input_.data_shape = {1, 2};
    context_.clock = &clock_;
    context_.make_engine = [](const Network& network, const TrainingRows& rows,
                              const EngineOptions& options) {
      return std::make_unique<NativeEngine>(network, rows, options);
    };
    network_ = *BuildNetwork(trial_.model(), input_.data_shape, 1);
    InitializeParameters(random, network_);
    LearningOptions options;
    options.epochs = 80;
    options.learning_rate = 0.01;
    EXPECT_TRUE(Learn(input_.rows, options, context_, network_).ok());
  }

  double Error(const TrainedModel& model) const {
    const std::vector<float> outputs = PredictModel(model, inputs_);
    double sum = 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
      sum += (outputs[i] - targets_[i]) * (outputs[i] - targets_[i]);
    }
    return std::sqrt(sum / static_cast<double>(outputs.size()));
  }

  static v1::CompressStep Prune(v1::PruneScope scope, double sparsity) {
    v1::CompressStep step;
    step.mutable_prune()->set_scope(scope);
    step.mutable_prune()->set_criterion(v1::PRUNE_CRITERION_L1);
    step.mutable_prune()->set_sparsity(sparsity);
    return step;
  }
  static v1::CompressStep Finetune() {
    v1::CompressStep step;
    step.mutable_finetune();
    return step;
  }
  static v1::CompressStep Int8() {
    v1::CompressStep step;
    step.mutable_quantize()->set_mode(v1::QUANTIZE_MODE_STATIC);
    return step;
  }
  static v1::CompressStep Distill() {
    v1::CompressStep step;
    step.mutable_distill()->set_kind(v1::DISTILL_KIND_RESPONSE);
    v1::ModelSpec& student = *step.mutable_distill()->mutable_student();
    student.set_type(v1::MODEL_TYPE_TINYMLP);
    student.add_hidden(8);
    student.add_hidden(4);
    return step;
  }
  static v1::CompressStep Cluster() {
    v1::CompressStep step;
    step.mutable_cluster()->set_centroids(8);
    return step;
  }

  SystemClock clock_;
  LearningContext context_;
  v1::TrialSpec trial_;
  CompressionInput input_;
  std::vector<float> inputs_;
  std::vector<float> targets_;
  Network network_;
};

TEST_F(CompressionTest, FinetuningRepairsAndKeepsTheZeros) {
  Compression compression(input_, context_, network_);
  ASSERT_TRUE(compression.Apply(Prune(v1::PRUNE_SCOPE_UNSTRUCTURED, 0.6)).ok());
  const double pruned = Error(compression.model());
  const size_t zeros = ZeroWeights(std::get<Network>(compression.model())).size();
  ASSERT_TRUE(compression.Apply(Finetune()).ok());
  EXPECT_EQ(ZeroWeights(std::get<Network>(compression.model())).size(), zeros);
  EXPECT_LT(Error(compression.model()), 0.7 * pruned);
  EXPECT_EQ(compression.history().size(), 10U);
}

TEST_F(CompressionTest, GradualPruningEndsAtItsSparsityAndHasLearnt) {
  v1::CompressStep step = Prune(v1::PRUNE_SCOPE_UNSTRUCTURED, 0.6);
  Compression at_once(input_, context_, network_);
  ASSERT_TRUE(at_once.Apply(step).ok());
  step.mutable_prune()->set_schedule(v1::PRUNE_SCHEDULE_GRADUAL);
  step.mutable_prune()->set_steps(3);
  step.mutable_prune()->set_epochs(7);
  Compression gradual(input_, context_, network_);
  ASSERT_TRUE(gradual.Apply(step).ok());
  const Network& network = std::get<Network>(gradual.model());
  // 0.6 of 32, 128 and 8 weights.
  EXPECT_EQ(ZeroWeights(network).size(), 19U + 77 + 5);
  EXPECT_EQ(gradual.history().size(), 7U);
  EXPECT_LT(Error(gradual.model()), 0.7 * Error(at_once.model()));
}

TEST_F(CompressionTest, GradualStructuredPruningShrinksStepByStep) {
  v1::CompressStep step = Prune(v1::PRUNE_SCOPE_STRUCTURED, 0.5);
  step.mutable_prune()->set_schedule(v1::PRUNE_SCHEDULE_GRADUAL);
  step.mutable_prune()->set_round_to(3);
  Compression gradual(input_, context_, network_);
  ASSERT_TRUE(gradual.Apply(step).ok());
  // Of 16 units 8 stay, rounded up to 9; of 8 units 4, rounded up to 6.
  EXPECT_EQ(std::get<Network>(gradual.model()).ParameterCount(), 2 * 9 + 9 + 9 * 6 + 6 + 6 + 1);
  EXPECT_EQ(gradual.history().size(), 10U);
  v1::CompressStep short_step = step;
  short_step.mutable_prune()->set_epochs(4);
  EXPECT_THAT(std::string(gradual.Apply(short_step).message()),
              HasSubstr("prune.epochs: 4 epochs for 5 steps"));
}

TEST_F(CompressionTest, EveryModeOfQuantisationStaysClose) {
  const double before = Error(network_);
  for (const v1::QuantizeMode mode : {v1::QUANTIZE_MODE_STATIC, v1::QUANTIZE_MODE_DYNAMIC,
                                      v1::QUANTIZE_MODE_QAT, v1::QUANTIZE_MODE_FLOAT16}) {
    v1::CompressStep step;
    step.mutable_quantize()->set_mode(mode);
    Compression compression(input_, context_, network_);
    ASSERT_TRUE(compression.Apply(step).ok()) << v1::QuantizeMode_Name(mode);
    EXPECT_LT(Error(compression.model()), before + 0.02) << v1::QuantizeMode_Name(mode);
    EXPECT_EQ(compression.history().size(), mode == v1::QUANTIZE_MODE_QAT ? 15U : 0U);
  }
}

// Ranges that cut two fifths of all values hurt; training with them in place wins a part back.
TEST_F(CompressionTest, QatRepairsWhatStaticQuantisationHurts) {
  v1::CompressStep step;
  step.mutable_quantize()->set_mode(v1::QUANTIZE_MODE_STATIC);
  step.mutable_quantize()->set_observer(v1::OBSERVER_PERCENTILE);
  step.mutable_quantize()->set_percentile(60);
  Compression after_training(input_, context_, network_);
  ASSERT_TRUE(after_training.Apply(step).ok());
  step.mutable_quantize()->set_mode(v1::QUANTIZE_MODE_QAT);
  step.mutable_quantize()->set_lr(0.001);
  step.mutable_quantize()->set_epochs(60);
  Compression aware(input_, context_, network_);
  ASSERT_TRUE(aware.Apply(step).ok());
  const double hurt = Error(after_training.model());
  EXPECT_GT(hurt, 2 * Error(network_)) << "nothing to repair";
  EXPECT_LT(Error(aware.model()), hurt);
}

TEST_F(CompressionTest, QatKeepsTheZerosOfPruning) {
  Compression compression(input_, context_, network_);
  ASSERT_TRUE(compression.Apply(Prune(v1::PRUNE_SCOPE_UNSTRUCTURED, 0.5)).ok());
  const size_t zeros = ZeroWeights(std::get<Network>(compression.model())).size();
  v1::CompressStep step;
  step.mutable_quantize()->set_mode(v1::QUANTIZE_MODE_QAT);
  ASSERT_TRUE(compression.Apply(step).ok());
  const auto& quantized = std::get<QuantizedNetwork>(compression.model());
  EXPECT_GE(ZeroWeights(DequantizeNetwork(quantized)).size(), zeros);
  EXPECT_EQ(quantized.calibration.size(), 4U);
}

TEST_F(CompressionTest, QuantizeNamesABadKey) {
  const auto message = [&](const v1::CompressStep& step) {
    Compression compression(input_, context_, network_);
    return std::string(compression.Apply(step).message());
  };
  v1::CompressStep step;
  step.mutable_quantize()->set_mode(v1::QUANTIZE_MODE_STATIC);
  step.mutable_quantize()->set_percentile(30);
  EXPECT_THAT(message(step), HasSubstr("compress.0.quantize: percentile: 30 is not in (50, 100]"));
  step.mutable_quantize()->clear_percentile();
  step.mutable_quantize()->set_calibration_samples(0);
  EXPECT_THAT(message(step), HasSubstr("calibration_samples: 0"));
  network_.layers[0].weight[0] = 70'000;
  step.mutable_quantize()->set_mode(v1::QUANTIZE_MODE_FLOAT16);
  EXPECT_THAT(message(step), HasSubstr("'dense1' has a parameter of 70000"));
}

TEST_F(CompressionTest, PruneFinetuneQuantize) {
  Compression compression(input_, context_, network_);
  ASSERT_TRUE(compression.Apply(Prune(v1::PRUNE_SCOPE_STRUCTURED, 0.25)).ok());
  ASSERT_TRUE(compression.Apply(Finetune()).ok());
  const double before = Error(compression.model());
  ASSERT_TRUE(compression.Apply(Int8()).ok());
  EXPECT_TRUE(std::holds_alternative<QuantizedNetwork>(compression.model()));
  EXPECT_LT(Error(compression.model()), before + 0.05);
}

TEST_F(CompressionTest, StudentLearnsFromItsTeacher) {
  Compression compression(input_, context_, network_);
  ASSERT_TRUE(compression.Apply(Distill()).ok());
  const Network& student = std::get<Network>(compression.model());
  // Half of 16 and 8 hidden units.
  EXPECT_EQ(student.ParameterCount(), 8 * 2 + 8 + 4 * 8 + 4 + 4 + 1);
  EXPECT_LT(Error(compression.model()), 0.3);
  EXPECT_EQ(compression.history().size(), 60U);
  ASSERT_TRUE(compression.Apply(Int8()).ok());
}

TEST_F(CompressionTest, SameSeedGivesTheSameModel) {
  const auto run = [&]() {
    Compression compression(input_, context_, network_);
    v1::CompressStep prune = Prune(v1::PRUNE_SCOPE_STRUCTURED, 0.5);
    prune.mutable_prune()->set_criterion(v1::PRUNE_CRITERION_RANDOM);
    EXPECT_TRUE(compression.Apply(prune).ok());
    EXPECT_TRUE(compression.Apply(Finetune()).ok());
    return FlatParameters(std::get<Network>(compression.model()));
  };
  EXPECT_EQ(run(), run());
}

TEST_F(CompressionTest, SaysWhichStepIsWrong) {
  Compression compression(input_, context_, network_);
  ASSERT_TRUE(compression.Apply(Int8()).ok());
  const absl::Status finetuned = compression.Apply(Finetune());
  EXPECT_EQ(finetuned.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(finetuned.message()),
              HasSubstr("compress.1.finetune: the model is quantised already"));
  v1::CompressStep dynamic = Int8();
  dynamic.mutable_quantize()->set_mode(v1::QUANTIZE_MODE_DYNAMIC);
  const absl::Status refused = compression.Apply(dynamic);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("the model is quantised already"));
  EXPECT_EQ(compression.Apply(v1::CompressStep()).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CompressionTest, StudentMustBeSmaller) {
  Compression compression(input_, context_, network_);
  v1::CompressStep step = Distill();
  step.mutable_distill()->mutable_student()->add_hidden(64);
  EXPECT_THAT(std::string(compression.Apply(step).message()),
              HasSubstr("a student must be smaller"));
}

TEST_F(CompressionTest, KnnIsPrunedAndQuantizedButNotTrained) {
  KnnModel knn =
      *MakeKnnRegressor(5, KnnWeighting::kDistance, {{300, 2}, inputs_}, {{300}, targets_});
  Compression compression(input_, context_, knn);
  v1::CompressStep prune = Prune(v1::PRUNE_SCOPE_UNSTRUCTURED, 0.5);
  prune.mutable_prune()->set_criterion(v1::PRUNE_CRITERION_RANDOM);
  ASSERT_TRUE(compression.Apply(prune).ok());
  EXPECT_EQ(std::get<KnnModel>(compression.model()).rows, 150);
  EXPECT_LT(Error(compression.model()), 0.2);
  ASSERT_TRUE(compression.Apply(Int8()).ok());
  EXPECT_TRUE(std::get<KnnModel>(compression.model()).quantized());
  EXPECT_LT(Error(compression.model()), 0.2);
  EXPECT_THAT(std::string(compression.Apply(Finetune()).message()), HasSubstr("has no weights"));
}

TEST_F(CompressionTest, ClusterFinetuneQuantize) {
  Compression compression(input_, context_, network_);
  ASSERT_TRUE(compression.Apply(Prune(v1::PRUNE_SCOPE_UNSTRUCTURED, 0.3)).ok());
  ASSERT_TRUE(compression.Apply(Cluster()).ok());
  const double clustered = Error(compression.model());
  const size_t zeros = ZeroWeights(std::get<Network>(compression.model())).size();
  ASSERT_TRUE(compression.Apply(Finetune()).ok());
  EXPECT_LT(Error(compression.model()), clustered);
  const Network& network = std::get<Network>(compression.model());
  EXPECT_EQ(ZeroWeights(network).size(), zeros);
  for (const Layer& layer : network.layers) {
    if (!layer.HasParameters()) continue;
    EXPECT_LE(CodebookOf(layer).size(), 8U);
  }
  const double tuned = Error(compression.model());
  ASSERT_TRUE(compression.Apply(Int8()).ok());
  EXPECT_LT(Error(compression.model()), tuned + 0.05);
}

// With one scale for the layer each shared value becomes one whole number.
TEST_F(CompressionTest, QuantisationAwareTrainingKeepsClusters) {
  Compression compression(input_, context_, network_);
  ASSERT_TRUE(compression.Apply(Cluster()).ok());
  const double clustered = Error(compression.model());
  v1::CompressStep qat;
  qat.mutable_quantize()->set_mode(v1::QUANTIZE_MODE_QAT);
  qat.mutable_quantize()->set_weight_scales(v1::WEIGHT_SCALES_PER_TENSOR);
  qat.mutable_quantize()->set_lr(0.005);
  ASSERT_TRUE(compression.Apply(qat).ok());
  EXPECT_LT(Error(compression.model()), clustered);
  for (const QuantizedLayer& layer : std::get<QuantizedNetwork>(compression.model()).layers) {
    EXPECT_LE(std::set<int8_t>(layer.weight.begin(), layer.weight.end()).size(), 8U);
  }
}

TEST_F(CompressionTest, ClusteredWeightsAreNotPruned) {
  Compression compression(input_, context_, network_);
  ASSERT_TRUE(compression.Apply(Cluster()).ok());
  EXPECT_THAT(std::string(compression.Apply(Prune(v1::PRUNE_SCOPE_UNSTRUCTURED, 0.3)).message()),
              HasSubstr("compress.1.prune: the weights are clustered"));
  EXPECT_THAT(std::string(compression.Apply(Cluster()).message()), HasSubstr("clustered already"));
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/distill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "server/trainer/compress/knn_predict.h"
#include "server/trainer/fit/native_engine.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

class DistillTest : public testing::Test {
 protected:
  static constexpr int kRows = 400;

  DistillTest() {
    SeededRandom random(6);
    for (int i = 0; i < kRows; ++i) {
      const float a = 2 * UniformFloat(random) - 1;
      const float b = 2 * UniformFloat(random) - 1;
      inputs_.insert(inputs_.end(), {a, b});
      targets_.push_back(std::abs(a) + 2 * b);
      classes_.push_back(a * b > 0 ? 2.0F : (a > 0 ? 1.0F : 0.0F));
    }
    trial_.mutable_train()->set_lr(0.01);
    input_.trial = &trial_;
    input_.rows = {inputs_, targets_, {}};
    input_.data_shape = {1, 2};
    context_.clock = &clock_;
    context_.make_engine = [](const Network& network, const TrainingRows& rows,
                              const EngineOptions& options) {
      return std::make_unique<NativeEngine>(network, rows, options);
    };
    step_.set_kind(v1::DISTILL_KIND_RESPONSE);
    step_.mutable_student()->set_type(v1::MODEL_TYPE_TINYMLP);
    step_.mutable_student()->add_hidden(8);
    step_.mutable_student()->add_hidden(4);
  }

  void Classify() {
    input_.rows.targets = classes_;
    input_.classifies = true;
  }

  Network TrainedTeacher(v1::ModelType type, int64_t outputs) {
    v1::ModelSpec spec;
    spec.set_type(type);
    spec.add_hidden(32);
    spec.add_hidden(16);
    Network network = *BuildNetwork(spec, input_.data_shape, outputs);
    SeededRandom random(1);
    InitializeParameters(random, network);
    LearningOptions options = *LearningOptionsOf(trial_.train(), input_.classifies);
    options.epochs = 60;
    EXPECT_TRUE(Learn(input_.rows, options, context_, network).ok());
    return network;
  }

  KnnModel StoredRows(int64_t k, KnnWeighting weights) {
    FloatTensor points{{kRows, 2}, inputs_};
    if (!input_.classifies) return *MakeKnnRegressor(k, weights, points, {{kRows}, targets_});
    const std::vector<int32_t> classes(classes_.begin(), classes_.end());
    return *MakeKnnClassifier(k, weights, points, classes, 3);
  }

  absl::StatusOr<Distilled> Run(const TrainedModel& teacher) {
    return Distill(step_, input_, /*seed=*/3, teacher, context_);
  }

  // Root mean square of the distance from the targets.
  double Error(const TrainedModel& model) const {
    const std::vector<float> outputs = PredictModel(model, inputs_);
    double sum = 0;
    for (size_t i = 0; i < outputs.size(); ++i) sum += std::pow(outputs[i] - targets_[i], 2);
    return std::sqrt(sum / kRows);
  }

  double Accuracy(const TrainedModel& model) const {
    const std::vector<float> outputs = PredictModel(model, inputs_);
    int right = 0;
    for (int row = 0; row < kRows; ++row) {
      const auto first = outputs.begin() + 3 * row;
      right += std::max_element(first, first + 3) - first == static_cast<int>(classes_[row]);
    }
    return static_cast<double>(right) / kRows;
  }

  SystemClock clock_;
  LearningContext context_;
  v1::TrialSpec trial_;
  CompressionInput input_;
  std::vector<float> inputs_;
  std::vector<float> targets_;
  std::vector<float> classes_;
  v1::DistillStep step_;
};

class DistillKindTest : public DistillTest, public testing::WithParamInterface<v1::DistillKind> {};

TEST_P(DistillKindTest, StudentLearnsFromAnotherArchitecture) {
  step_.set_kind(GetParam());
  const Network teacher = TrainedTeacher(v1::MODEL_TYPE_TINYCNN, 1);
  const auto distilled = Run(teacher);
  ASSERT_TRUE(distilled.ok()) << distilled.status();
  EXPECT_EQ(distilled->history.size(), 60U);
  EXPECT_EQ(std::get<Network>(distilled->student).sample_shape, std::vector<int64_t>{2});
  EXPECT_LT(Error(distilled->student), 0.2);
  const auto again = Run(teacher);
  EXPECT_EQ(FlatParameters(std::get<Network>(again->student)),
            FlatParameters(std::get<Network>(distilled->student)));
}

TEST_P(DistillKindTest, StudentLearnsClasses) {
  Classify();
  step_.set_kind(GetParam());
  const Network teacher = TrainedTeacher(v1::MODEL_TYPE_TINYMLP, 3);
  const auto distilled = Run(teacher);
  ASSERT_TRUE(distilled.ok()) << distilled.status();
  EXPECT_GT(Accuracy(distilled->student), 0.93);
}

INSTANTIATE_TEST_SUITE_P(Kinds, DistillKindTest,
                         testing::Values(v1::DISTILL_KIND_RESPONSE, v1::DISTILL_KIND_FEATURE,
                                         v1::DISTILL_KIND_RELATIONAL),
                         [](const auto& test) { return v1::DistillKind_Name(test.param); });

// With no weight on the labels and a strong hidden loss, the student's hidden values must explain
// the teacher's: a linear map of them comes nearer than without that loss.
TEST_F(DistillTest, KindsGiveDifferentStudents) {
  const Network teacher = TrainedTeacher(v1::MODEL_TYPE_TINYMLP, 1);
  std::vector<std::vector<float>> students;
  for (const v1::DistillKind kind :
       {v1::DISTILL_KIND_RESPONSE, v1::DISTILL_KIND_FEATURE, v1::DISTILL_KIND_RELATIONAL}) {
    step_.set_kind(kind);
    students.push_back(FlatParameters(std::get<Network>(Run(teacher)->student)));
  }
  EXPECT_NE(students[0], students[1]);
  EXPECT_NE(students[0], students[2]);
  EXPECT_NE(students[1], students[2]);
}

TEST_F(DistillTest, KnnTeachesWhatTheOtherRowsSay) {
  const KnnModel teacher = StoredRows(5, KnnWeighting::kDistance);
  const std::vector<float> responses = TeacherResponses(teacher, input_);
  EXPECT_EQ(responses, PredictLeavingOneOut(teacher));
  EXPECT_NE(responses, targets_) << "with itself among the stored points a row repeats its label";
  const auto distilled = Run(teacher);
  ASSERT_TRUE(distilled.ok()) << distilled.status();
  EXPECT_LT(Error(distilled->student), 0.2);
}

TEST_F(DistillTest, KnnTeachesClasses) {
  Classify();
  const auto distilled = Run(StoredRows(7, KnnWeighting::kUniform));
  ASSERT_TRUE(distilled.ok()) << distilled.status();
  EXPECT_GT(Accuracy(distilled->student), 0.93);
}

TEST_F(DistillTest, PrototypesAreAsGoodAsTheirTeacher) {
  v1::ModelSpec& student = *step_.mutable_student();
  student.Clear();
  student.set_type(v1::MODEL_TYPE_TINYKNN);
  student.set_prototypes(60);
  student.set_k(3);
  student.set_weights(v1::KNN_WEIGHTS_DISTANCE);
  const auto distilled = Run(TrainedTeacher(v1::MODEL_TYPE_TINYMLP, 1));
  ASSERT_TRUE(distilled.ok()) << distilled.status();
  const KnnModel& knn = std::get<KnnModel>(distilled->student);
  EXPECT_EQ(knn.rows, 60);
  EXPECT_EQ(knn.k, 3);
  EXPECT_EQ(knn.weights, KnnWeighting::kDistance);
  EXPECT_LT(Error(distilled->student), 0.2);
  Classify();
  const auto classifier = Run(StoredRows(7, KnnWeighting::kUniform));
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  EXPECT_EQ(OutputCount(classifier->student), 3);
  EXPECT_GT(Accuracy(classifier->student), 0.9);
}

// Two heaps of rows. The teacher, k = 1 without itself, says to each row the other one's target;
// with alpha 0.25 a prototype has a quarter of the mean label and three quarters of the mean
// answer.
TEST_F(DistillTest, PrototypeIsTheMeanOfItsCell) {
  inputs_ = {0, 0, 0, 1, 9, 9, 9, 8, 9, 10.5F};
  targets_ = {1, 3, 10, 20, 60};
  input_.rows = {inputs_, targets_, {}};
  v1::ModelSpec& student = *step_.mutable_student();
  student.Clear();
  student.set_type(v1::MODEL_TYPE_TINYKNN);
  student.set_prototypes(2);
  student.set_k(1);
  step_.set_alpha(0.25);
  const KnnModel teacher =
      *MakeKnnRegressor(1, KnnWeighting::kUniform, {{5, 2}, inputs_}, {{5}, targets_});
  EXPECT_THAT(TeacherResponses(teacher, input_), ElementsAre(3, 1, 20, 10, 10));
  const auto distilled = Run(teacher);
  ASSERT_TRUE(distilled.ok()) << distilled.status();
  // Labels 2 and 30, answers 2 and 40 / 3.
  EXPECT_THAT(PredictModel(distilled->student, {0, 0, 9, 9}),
              ElementsAre(FloatNear(2, 1e-5F), FloatNear(0.25F * 30 + 0.75F * 40 / 3, 1e-5F)));
}

TEST_F(DistillTest, SenselessStepsAreRefused) {
  const Network teacher = TrainedTeacher(v1::MODEL_TYPE_TINYMLP, 1);
  const auto message = [&](const TrainedModel& model) {
    return std::string(Run(model).status().message());
  };
  step_.set_alpha(1.5);
  EXPECT_THAT(message(teacher), HasSubstr("alpha: 1.5"));
  step_.clear_alpha();
  step_.set_beta(0);
  EXPECT_THAT(message(teacher), HasSubstr("beta: 0"));
  step_.clear_beta();
  step_.set_temperature(0);
  EXPECT_THAT(message(teacher), HasSubstr("temperature: 0"));
  step_.clear_temperature();
  step_.set_kind(v1::DISTILL_KIND_FEATURE);
  EXPECT_THAT(message(StoredRows(3, KnnWeighting::kUniform)),
              HasSubstr("the teacher is no network whose hidden layers can be read"));
  step_.mutable_student()->set_type(v1::MODEL_TYPE_TINYKNN);
  EXPECT_THAT(message(teacher), HasSubstr("the student is a tinyknn, which has no hidden layer"));
  step_.set_kind(v1::DISTILL_KIND_RESPONSE);
  EXPECT_THAT(message(teacher), HasSubstr("a tinyknn needs prototypes"));
  step_.mutable_student()->set_prototypes(kRows + 1);
  EXPECT_THAT(message(teacher), HasSubstr("student.prototypes: k-means: 401 centers for 400"));
  step_.mutable_student()->set_type(v1::MODEL_TYPE_TINYMLP);
  step_.mutable_student()->set_hidden(0, 640);
  EXPECT_THAT(message(teacher), HasSubstr("a student must be smaller"));
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/distill.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/random_source.h"
#include "common/base/status.h"
#include "server/trainer/compress/feature_loss.h"
#include "server/trainer/compress/knn_predict.h"
#include "server/trainer/compress/relational_loss.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kEpochs = 60;
constexpr double kAlpha = 0.5;
constexpr double kTemperature = 4.0;
constexpr double kBeta = 0.1;
// The share of a class that got no vote, of which there is no logarithm.
constexpr double kLeastShare = 1e-3;

absl::Status CheckStep(const v1::DistillStep& step) {
  if (step.has_alpha() && !(step.alpha() >= 0 && step.alpha() <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("alpha: ", step.alpha(), " is not in [0, 1]"));
  }
  if (step.has_temperature() && !(step.temperature() > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("temperature: ", step.temperature(), " is not > 0"));
  }
  if (step.has_beta() && !(step.beta() > 0)) {
    return absl::InvalidArgumentError(absl::StrCat("beta: ", step.beta(), " is not > 0"));
  }
  if (step.kind() == v1::DISTILL_KIND_UNSPECIFIED) {
    return absl::InvalidArgumentError("kind is missing: response, feature or relational");
  }
  return absl::OkStatus();
}

// The layer whose values the output layer reads.
absl::StatusOr<size_t> LastHiddenLayer(const Network& network, absl::string_view whose) {
  const int64_t layer = network.InputOf(OutputLayer(network));
  if (layer < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(whose, ": has no hidden layer to compare; use kind: response"));
  }
  return static_cast<size_t>(layer);
}

// What a layer gives for each sample: [row][value].
std::vector<float> LayerValues(const Network& network, size_t layer,
                               absl::Span<const float> samples) {
  const int64_t rows = static_cast<int64_t>(samples.size()) / network.SampleSize();
  const std::vector<float> parameters = FlatParameters(network);
  NetworkPass pass(network, std::min<int64_t>(rows, 128));
  std::vector<float> values;
  std::vector<uint32_t> batch;
  for (int64_t first = 0; first < rows; first += pass.max_rows()) {
    batch.resize(static_cast<size_t>(std::min(pass.max_rows(), rows - first)));
    std::iota(batch.begin(), batch.end(), static_cast<uint32_t>(first));
    pass.Load(samples.data(), batch);
    pass.Forward(parameters.data());
    pass.AppendLayerOutput(layer, static_cast<int64_t>(batch.size()), values);
  }
  return values;
}

class NetworkStudent {
 public:
  NetworkStudent(const v1::DistillStep& step, const CompressionInput& input, uint64_t seed,
                 const TrainedModel& teacher, LearningContext& context)
      : step_(step), input_(input), seed_(seed), teacher_(teacher), context_(context) {}

  absl::StatusOr<Distilled> Learn() {
    SeededRandom random(seed_);
    TJ_ASSIGN_OR_RETURN(Network student, Build(random));
    TJ_ASSIGN_OR_RETURN(LearningOptions options, Options());
    TJ_ASSIGN_OR_RETURN(const std::unique_ptr<HiddenLoss> hidden,
                        MakeHiddenLoss(student, options, random));
    options.hidden_loss = hidden.get();
    const std::vector<float> taught = TeacherResponses(teacher_, input_);
    TrainingRows rows = input_.rows;
    rows.teacher = taught;
    TJ_ASSIGN_OR_RETURN(std::vector<v1::EpochRecord> history,
                        tinyjoule::Learn(rows, options, context_, student));
    return Distilled{std::move(student), std::move(history)};
  }

 private:
  absl::StatusOr<Network> Build(RandomSource& random) {
    TJ_ASSIGN_OR_RETURN(Network student,
                        BuildNetwork(step_.student(), input_.data_shape, OutputCount(teacher_)));
    if (const auto* teacher = std::get_if<Network>(&teacher_)) {
      TJ_RETURN_IF_ERROR(CheckSmaller(student, *teacher));
    }
    InitializeParameters(random, student);
    return student;
  }

  static absl::Status CheckSmaller(const Network& student, const Network& teacher) {
    if (student.ParameterCount() < teacher.ParameterCount()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("student: has ", student.ParameterCount(), " parameters, its teacher only ",
                     teacher.ParameterCount(), "; a student must be smaller"));
  }

  absl::StatusOr<LearningOptions> Options() const {
    TJ_ASSIGN_OR_RETURN(LearningOptions options,
                        LearningOptionsOf(input_.trial->train(), input_.classifies));
    options.epochs = step_.has_epochs() ? step_.epochs() : kEpochs;
    if (step_.has_lr()) options.learning_rate = step_.lr();
    options.patience = 0;
    options.validation_fraction = 0;
    if (!input_.classifies) options.loss.kind = v1::LOSS_HUBER;
    options.loss.label_weight = step_.has_alpha() ? step_.alpha() : kAlpha;
    options.loss.temperature = step_.has_temperature() ? step_.temperature() : kTemperature;
    options.seed = seed_;
    options.what = "distillation";
    options.phase = v1::TRAINING_PHASE_COMPRESSING;
    return options;
  }

  // Null for responses alone.
  absl::StatusOr<std::unique_ptr<HiddenLoss>> MakeHiddenLoss(const Network& student,
                                                             const LearningOptions& options,
                                                             RandomSource& random) {
    if (step_.kind() == v1::DISTILL_KIND_RESPONSE) return nullptr;
    const auto* teacher = std::get_if<Network>(&teacher_);
    if (teacher == nullptr) {
      return absl::InvalidArgumentError(
          "kind: the teacher is no network whose hidden layers can be read, such as a tinyknn; use "
          "kind: response");
    }
    TJ_ASSIGN_OR_RETURN(const size_t from, LastHiddenLayer(*teacher, "teacher"));
    TJ_ASSIGN_OR_RETURN(const size_t to, LastHiddenLayer(student, "student"));
    teacher_values_ = LayerValues(*teacher, from, input_.rows.inputs);
    const TeacherFeatures features{teacher_values_, teacher->layers[from].out.size()};
    const double beta = step_.has_beta() ? step_.beta() : kBeta;
    std::unique_ptr<HiddenLoss> loss;
    if (step_.kind() == v1::DISTILL_KIND_FEATURE) {
      loss = std::make_unique<FeatureLoss>(
          to, student.layers[to].out.size(), features, beta,
          OptimizerOptions{options.optimizer, options.learning_rate, options.weight_decay}, random);
    } else {
      loss = std::make_unique<RelationalLoss>(to, features, beta);
    }
    return loss;
  }

  const v1::DistillStep& step_;
  const CompressionInput& input_;
  uint64_t seed_;
  const TrainedModel& teacher_;
  LearningContext& context_;
  std::vector<float> teacher_values_;
};

}  // namespace

std::vector<float> TeacherResponses(const TrainedModel& teacher, const CompressionInput& input) {
  const auto* knn = std::get_if<KnnModel>(&teacher);
  if (knn == nullptr) return PredictModel(teacher, input.rows.inputs);
  const bool stores_rows =
      static_cast<size_t>(knn->rows * knn->features) == input.rows.inputs.size();
  std::vector<float> outputs =
      stores_rows ? PredictLeavingOneOut(*knn) : Predict(*knn, input.rows.inputs);
  if (!input.classifies) return outputs;
  for (float& share : outputs) {
    share = static_cast<float>(std::log(std::max<double>(share, kLeastShare)));
  }
  return outputs;
}

absl::StatusOr<Distilled> Distill(const v1::DistillStep& step, const CompressionInput& input,
                                  uint64_t seed, const TrainedModel& teacher,
                                  LearningContext& context) {
  TJ_RETURN_IF_ERROR(CheckStep(step));
  if (step.student().type() != v1::MODEL_TYPE_TINYKNN) {
    return NetworkStudent(step, input, seed, teacher, context).Learn();
  }
  TJ_ASSIGN_OR_RETURN(KnnModel student, DistillPrototypes(step, input, seed, teacher));
  return Distilled{std::move(student), {}};
}

}  // namespace tinyjoule

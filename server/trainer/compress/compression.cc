// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/compression.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random_source.h"
#include "common/base/status.h"
#include "server/trainer/compress/cluster.h"
#include "server/trainer/compress/distill.h"
#include "server/trainer/compress/prune.h"
#include "server/trainer/compress/prune_knn.h"
#include "server/trainer/compress/quantize_step.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kFinetuneEpochs = 10;
constexpr size_t kPruneSamples = 1000;
// Multiplications that the samples of pruning may take in one pass through the network.
constexpr double kPruneMultiplications = 2e9;
constexpr uint32_t kGradualSteps = 5;
constexpr uint32_t kGradualEpochs = 10;

absl::string_view StepName(const v1::CompressStep& step) {
  switch (step.step_case()) {
    case v1::CompressStep::kPrune:
      return "prune";
    case v1::CompressStep::kFinetune:
      return "finetune";
    case v1::CompressStep::kQuantize:
      return "quantize";
    case v1::CompressStep::kDistill:
      return "distill";
    case v1::CompressStep::kCluster:
      return "cluster";
    case v1::CompressStep::STEP_NOT_SET:
      break;
  }
  return "step";
}

double Multiplications(const Network& network) {
  double sum = 0;
  for (const Layer& layer : network.layers) {
    if (!layer.HasParameters()) continue;
    sum += static_cast<double>(layer.out.size() * layer.FanIn());
  }
  return sum;
}

// At most kPruneSamples of the samples, fewer for a large network: a convolution gives many values
// for each.
std::vector<float> PruneSamples(const Network& network, absl::Span<const float> samples) {
  const size_t size = static_cast<size_t>(network.SampleSize());
  const size_t rows = samples.size() / size;
  const size_t affordable = static_cast<size_t>(kPruneMultiplications / Multiplications(network));
  const size_t count = std::min({rows, kPruneSamples, std::max<size_t>(affordable, 32)});
  std::vector<float> chosen;
  for (size_t i = 0; i < count; ++i) {
    const absl::Span<const float> sample = samples.subspan(i * rows / count * size, size);
    chosen.insert(chosen.end(), sample.begin(), sample.end());
  }
  return chosen;
}

}  // namespace

Compression::Compression(const CompressionInput& input, LearningContext& context,
                         TrainedModel model)
    : input_(input), context_(context), model_(std::move(model)) {}

absl::Status Compression::Apply(const v1::CompressStep& step) {
  const absl::Status status = ApplyUnannotated(step);
  const uint64_t index = steps_++;
  if (status.ok()) return status;
  return Annotate(status, absl::StrCat("compress.", index, ".", StepName(step)));
}

absl::Status Compression::ApplyUnannotated(const v1::CompressStep& step) {
  switch (step.step_case()) {
    case v1::CompressStep::kPrune:
      return Prune(step.prune());
    case v1::CompressStep::kFinetune:
      return Finetune(step.finetune());
    case v1::CompressStep::kQuantize:
      return Quantize(step.quantize());
    case v1::CompressStep::kDistill:
      return Distill(step.distill());
    case v1::CompressStep::kCluster:
      return Cluster(step.cluster());
    case v1::CompressStep::STEP_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("names none of prune, finetune, quantize, distill, cluster");
}

// SplitMix64's odd constant spreads neighbouring seeds and steps.
uint64_t Compression::StepSeed() const {
  return input_.trial->seed() + 0x9E3779B97F4A7C15ULL * (steps_ + 1);
}

absl::StatusOr<Network*> Compression::FloatNetwork() {
  if (auto* network = std::get_if<Network>(&model_)) return network;
  const bool quantized = std::holds_alternative<QuantizedNetwork>(model_) ||
                         std::holds_alternative<DynamicNetwork>(model_) ||
                         std::holds_alternative<HalfNetwork>(model_);
  if (quantized) {
    return absl::FailedPreconditionError(
        "the model is quantised already; quantize must be the last step");
  }
  return absl::FailedPreconditionError(
      "a tinyknn has no weights: only prune (random or error) and quantize apply to it");
}

absl::Status Compression::Prune(const v1::PruneStep& step) {
  SeededRandom random(StepSeed());
  if (auto* knn = std::get_if<KnnModel>(&model_)) return PruneKnn(step, random, *knn);
  TJ_ASSIGN_OR_RETURN(Network * network, FloatNetwork());
  if (IsClustered(*network)) {
    return absl::FailedPreconditionError(
        "the weights are clustered, and pruning would tear clusters apart; prune first");
  }
  const std::vector<float> samples = PruneSamples(*network, input_.rows.inputs);
  if (step.schedule() != v1::PRUNE_SCHEDULE_GRADUAL) {
    return PruneNetwork(step, samples, random, *network);
  }
  return PruneGradually(step, samples, random, *network);
}

absl::Status Compression::PruneGradually(const v1::PruneStep& step, absl::Span<const float> samples,
                                         RandomSource& random, Network& network) {
  TJ_ASSIGN_OR_RETURN(const NetworkPruner pruner, NetworkPruner::Create(step, network));
  TJ_ASSIGN_OR_RETURN(
      const std::vector<PruningStage> stages,
      GradualSchedule(step.sparsity(), step.has_steps() ? step.steps() : kGradualSteps,
                      step.has_epochs() ? step.epochs() : kGradualEpochs));
  TJ_ASSIGN_OR_RETURN(LearningOptions options, FinetuningOptions());
  if (step.has_lr()) options.learning_rate = step.lr();
  options.what = "gradual pruning";
  for (const PruningStage& stage : stages) {
    pruner.PruneTo(stage.sparsity, samples, random, network);
    options.epochs = stage.epochs;
    // Another order of the rows in each stage.
    options.seed += 1;
    TJ_RETURN_IF_ERROR(LearnInto(input_.rows, options, network));
  }
  return absl::OkStatus();
}

absl::Status Compression::LearnInto(const TrainingRows& rows, const LearningOptions& options,
                                    Network& network) {
  TJ_ASSIGN_OR_RETURN(const std::vector<v1::EpochRecord> history,
                      Learn(rows, options, context_, network));
  history_.insert(history_.end(), history.begin(), history.end());
  return absl::OkStatus();
}

absl::StatusOr<LearningOptions> Compression::FinetuningOptions() const {
  TJ_ASSIGN_OR_RETURN(LearningOptions options,
                      LearningOptionsOf(input_.trial->train(), input_.classifies));
  options.patience = 0;
  options.validation_fraction = 0;
  options.keep_zeros = true;
  options.seed = StepSeed();
  options.what = "fine-tuning";
  options.phase = v1::TRAINING_PHASE_COMPRESSING;
  return options;
}

absl::Status Compression::Finetune(const v1::FinetuneStep& step) {
  TJ_ASSIGN_OR_RETURN(Network * network, FloatNetwork());
  TJ_ASSIGN_OR_RETURN(LearningOptions options, FinetuningOptions());
  options.epochs = step.has_epochs() ? step.epochs() : kFinetuneEpochs;
  if (step.has_lr()) options.learning_rate = step.lr();
  return LearnInto(input_.rows, options, *network);
}

absl::Status Compression::Quantize(const v1::QuantizeStep& step) {
  if (auto* knn = std::get_if<KnnModel>(&model_)) {
    TJ_ASSIGN_OR_RETURN(model_, QuantizeKnn(step, std::move(*knn)));
    return absl::OkStatus();
  }
  TJ_ASSIGN_OR_RETURN(const Network* network, FloatNetwork());
  const QuantizeInput input = {input_.rows, &input_.trial->train(), input_.classifies, StepSeed()};
  TJ_ASSIGN_OR_RETURN(model_, QuantizeFloatNetwork(step, input, context_, *network, history_));
  return absl::OkStatus();
}

absl::Status Compression::Distill(const v1::DistillStep& step) {
  TJ_ASSIGN_OR_RETURN(Distilled distilled,
                      tinyjoule::Distill(step, input_, StepSeed(), model_, context_));
  history_.insert(history_.end(), distilled.history.begin(), distilled.history.end());
  model_ = std::move(distilled.student);
  return absl::OkStatus();
}

absl::Status Compression::Cluster(const v1::ClusterStep& step) {
  TJ_ASSIGN_OR_RETURN(Network * network, FloatNetwork());
  SeededRandom random(StepSeed());
  return ClusterWeights(step, random, *network);
}

}  // namespace tinyjoule

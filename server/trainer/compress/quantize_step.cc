// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/quantize_step.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kCalibrationSamples = 200;
constexpr uint32_t kQatEpochs = 15;
constexpr double kQatLearningRate = 1e-4;

std::string ModeWord(v1::QuantizeMode mode) {
  return absl::AsciiStrToLower(v1::QuantizeMode_Name(mode).substr(sizeof("QUANTIZE_MODE")));
}

absl::StatusOr<std::vector<float>> SamplesOf(const v1::QuantizeStep& step,
                                             const QuantizeInput& input, const Network& network) {
  const uint32_t count =
      step.has_calibration_samples() ? step.calibration_samples() : kCalibrationSamples;
  if (count == 0) return absl::InvalidArgumentError("calibration_samples: 0 is not at least 1");
  return CalibrationSamples(network, input.rows.inputs, count);
}

absl::StatusOr<TrainedModel> QuantizeStatically(const v1::QuantizeStep& step,
                                                const QuantizeInput& input,
                                                const Network& network) {
  TJ_ASSIGN_OR_RETURN(const QuantizeOptions options, QuantizeOptionsOf(step));
  TJ_ASSIGN_OR_RETURN(const std::vector<float> samples, SamplesOf(step, input, network));
  TJ_ASSIGN_OR_RETURN(QuantizedNetwork quantized, QuantizeNetwork(network, samples, options));
  return TrainedModel(std::move(quantized));
}

absl::StatusOr<LearningOptions> QatOptions(const v1::QuantizeStep& step,
                                           const QuantizeInput& input) {
  TJ_ASSIGN_OR_RETURN(LearningOptions options, LearningOptionsOf(*input.train, input.classifies));
  options.epochs = step.has_epochs() ? step.epochs() : kQatEpochs;
  options.learning_rate = step.has_lr() ? step.lr() : kQatLearningRate;
  options.patience = 0;
  options.validation_fraction = 0;
  options.keep_zeros = true;
  options.seed = input.seed;
  options.what = "quantisation-aware training";
  options.phase = v1::TRAINING_PHASE_COMPRESSING;
  return options;
}

// Ranges are chosen as by static quantisation and frozen; then the weights learn to live with them.
absl::StatusOr<TrainedModel> TrainQuantized(const v1::QuantizeStep& step,
                                            const QuantizeInput& input, LearningContext& context,
                                            const Network& network,
                                            std::vector<v1::EpochRecord>& history) {
  TJ_ASSIGN_OR_RETURN(const QuantizeOptions options, QuantizeOptionsOf(step));
  TJ_ASSIGN_OR_RETURN(LearningOptions learning, QatOptions(step, input));
  TJ_ASSIGN_OR_RETURN(Network trained, PrepareToQuantize(network));
  TJ_ASSIGN_OR_RETURN(const std::vector<float> samples, SamplesOf(step, input, trained));
  const std::vector<Quantization> steps =
      ChooseSteps(trained, Calibration(trained, samples), options);
  learning.fake_quantization = FakeQuantization{steps, options.per_channel};
  TJ_ASSIGN_OR_RETURN(const std::vector<v1::EpochRecord> epochs,
                      Learn(input.rows, learning, context, trained));
  history.insert(history.end(), epochs.begin(), epochs.end());
  QuantizedNetwork quantized = AssembleQuantized(trained, steps, options);
  quantized.calibration = CalibrationReport(trained, Calibration(trained, samples), quantized);
  return TrainedModel(std::move(quantized));
}

}  // namespace

absl::StatusOr<QuantizeOptions> QuantizeOptionsOf(const v1::QuantizeStep& step) {
  QuantizeOptions options;
  if (step.observer() != v1::OBSERVER_UNSPECIFIED) options.observer.kind = step.observer();
  if (step.has_percentile()) options.observer.percentile = step.percentile();
  if (!(options.observer.percentile > 50 && options.observer.percentile <= 100)) {
    return absl::InvalidArgumentError(
        absl::StrCat("percentile: ", options.observer.percentile, " is not in (50, 100]"));
  }
  options.per_channel = step.weight_scales() != v1::WEIGHT_SCALES_PER_TENSOR;
  options.int8_io = step.io() == v1::QUANTIZED_IO_INT8;
  return options;
}

absl::StatusOr<TrainedModel> QuantizeFloatNetwork(const v1::QuantizeStep& step,
                                                  const QuantizeInput& input,
                                                  LearningContext& context, const Network& network,
                                                  std::vector<v1::EpochRecord>& history) {
  switch (step.mode()) {
    case v1::QUANTIZE_MODE_STATIC:
      return QuantizeStatically(step, input, network);
    case v1::QUANTIZE_MODE_QAT:
      return TrainQuantized(step, input, context, network, history);
    case v1::QUANTIZE_MODE_DYNAMIC:
      return QuantizeDynamically(network, step.weight_scales() != v1::WEIGHT_SCALES_PER_TENSOR);
    case v1::QUANTIZE_MODE_FLOAT16:
      return RoundToHalf(network);
    default:
      return absl::InvalidArgumentError("mode: is none of dynamic, static, qat and float16");
  }
}

absl::StatusOr<TrainedModel> QuantizeKnn(const v1::QuantizeStep& step, KnnModel model) {
  switch (step.mode()) {
    case v1::QUANTIZE_MODE_STATIC:
      return TrainedModel(QuantizeKnnPoints(std::move(model)));
    case v1::QUANTIZE_MODE_FLOAT16: {
      TJ_ASSIGN_OR_RETURN(model, RoundKnnPointsToHalf(std::move(model)));
      return TrainedModel(std::move(model));
    }
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("mode ", ModeWord(step.mode()),
                       " needs layers, and a tinyknn has stored points; use static or float16"));
  }
}

}  // namespace tinyjoule

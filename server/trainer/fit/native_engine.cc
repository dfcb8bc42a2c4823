// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/fit/native_engine.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tinyjoule {

std::vector<size_t> ZeroWeights(const Network& network) {
  std::vector<size_t> zeros;
  size_t start = 0;
  for (const Layer& layer : network.layers) {
    for (size_t i = 0; i < layer.weight.size(); ++i) {
      if (layer.weight[i] == 0.0F) zeros.push_back(start + i);
    }
    start += layer.weight.size() + layer.bias.size();
  }
  return zeros;
}

NativeEngine::NativeEngine(const Network& network, const TrainingRows& rows,
                           const EngineOptions& options, const Kernels& kernels)
    : kernels_(kernels),
      rows_(rows),
      options_(options),
      pass_(network, options.batch_size, kernels),
      parameters_(FlatParameters(network)),
      gradients_(static_cast<size_t>(network.ParameterCount())),
      first_moment_(gradients_.size()),
      second_moment_(gradients_.size()) {
  if (options_.keep_zeros) zeros_ = ZeroWeights(network);
  if (options_.fake_quantization.has_value()) {
    fake_quantizer_ = std::make_unique<FakeQuantizer>(network, *options_.fake_quantization, pass_);
  }
}

double NativeEngine::Loss(absl::Span<const uint32_t> rows, float* gradient) {
  pass_.Load(rows_.inputs.data(), rows);
  pass_parameters_ = fake_quantizer_ == nullptr ? parameters_.data()
                                                : fake_quantizer_->Rounded(parameters_).data();
  if (gradient != nullptr) {
    pass_.ForwardTraining(pass_parameters_);
  } else {
    pass_.Forward(pass_parameters_);
  }
  LossBatch batch;
  batch.output_count = pass_.output_count();
  batch.lanes = pass_.lanes();
  batch.outputs = pass_.outputs();
  batch.targets = rows_.targets.data();
  batch.teacher = rows_.teacher.empty() ? nullptr : rows_.teacher.data();
  batch.rows = rows;
  return ComputeLoss(options_.loss, batch, gradient);
}

absl::Status NativeEngine::Step(absl::Span<const uint32_t> rows) {
  loss_sum_ += Loss(rows, pass_.output_gradient());
  pass_.Backward(pass_parameters_, gradients_.data());
  Update();
  pass_.UpdateMoments(parameters_.data());
  return absl::OkStatus();
}

void NativeEngine::Update() {
  ++steps_;
  if (options_.optimizer == v1::OPTIMIZER_SGD) {
    const float rate = static_cast<float>(options_.learning_rate);
    const float decay = static_cast<float>(options_.weight_decay);
    for (size_t i = 0; i < gradients_.size(); ++i) {
      parameters_[i] -= rate * (gradients_[i] + decay * parameters_[i]);
    }
  } else {
    AdamArguments adam;
    adam.count = static_cast<int64_t>(gradients_.size());
    adam.parameters = parameters_.data();
    adam.gradients = gradients_.data();
    adam.first_moment = first_moment_.data();
    adam.second_moment = second_moment_.data();
    const double steps = static_cast<double>(steps_);
    adam.step_size = static_cast<float>(options_.learning_rate / (1 - std::pow(0.9, steps)));
    adam.root_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, steps)));
    adam.weight_decay = static_cast<float>(options_.weight_decay);
    kernels_.adam(adam);
  }
  for (size_t zero : zeros_) parameters_[zero] = 0.0F;
}

absl::StatusOr<double> NativeEngine::TakeLossSum() { return std::exchange(loss_sum_, 0.0); }

absl::StatusOr<double> NativeEngine::MeanLoss(uint32_t first, uint32_t end) {
  double sum = 0;
  std::vector<uint32_t> batch;
  const uint32_t step = static_cast<uint32_t>(pass_.max_rows());
  for (uint32_t row = first; row < end; row += step) {
    batch.resize(std::min(step, end - row));
    std::iota(batch.begin(), batch.end(), row);
    sum += Loss(batch, nullptr);
  }
  return sum / static_cast<double>(end - first);
}

absl::Status NativeEngine::SetParameters(absl::Span<const float> parameters) {
  parameters_.assign(parameters.begin(), parameters.end());
  return absl::OkStatus();
}

std::string NativeEngine::Description() const { return absl::StrCat("native ", kernels_.name); }

}  // namespace tinyjoule

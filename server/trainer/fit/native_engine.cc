// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/fit/native_engine.h"

#include <algorithm>
#include <cstdint>
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

std::vector<TiedWeight> TiedWeights(const Network& network) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  std::vector<TiedWeight> tied;
  size_t start = 0;
  for (const Layer& layer : network.layers) {
    std::vector<size_t> first(UINT8_MAX + 1, kNone);
    for (size_t i = 0; i < layer.clusters.size(); ++i) {
      size_t& leader = first[layer.clusters[i]];
      if (leader == kNone) {
        leader = start + i;
      } else {
        tied.push_back({start + i, leader});
      }
    }
    start += layer.weight.size() + layer.bias.size();
  }
  return tied;
}

NativeEngine::NativeEngine(const Network& network, const TrainingRows& rows,
                           const EngineOptions& options, const Kernels& kernels)
    : kernels_(kernels),
      rows_(rows),
      options_(options),
      pass_(network, options.batch_size, kernels),
      parameters_(FlatParameters(network)),
      gradients_(static_cast<size_t>(network.ParameterCount())),
      optimizer_({options.optimizer, options.learning_rate, options.weight_decay},
                 gradients_.size(), kernels),
      tied_(TiedWeights(network)) {
  if (options_.keep_zeros) zeros_ = ZeroWeights(network);
  if (options_.fake_quantization.has_value()) {
    fake_quantizer_ = std::make_unique<FakeQuantizer>(network, *options_.fake_quantization, pass_);
  }
  if (options_.hidden_loss != nullptr) {
    hidden_gradient_ = pass_.ExtraGradient(options_.hidden_loss->layer() + 1);
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
  if (options_.hidden_loss != nullptr) loss_sum_ += AddHiddenLoss(rows);
  pass_.Backward(pass_parameters_, gradients_.data());
  Update();
  if (options_.hidden_loss != nullptr) options_.hidden_loss->Update();
  pass_.UpdateMoments(parameters_.data());
  return absl::OkStatus();
}

// What a layer gives stands in rows that may have borders between them.
double NativeEngine::AddHiddenLoss(absl::Span<const uint32_t> rows) {
  const size_t value = options_.hidden_loss->layer() + 1;
  const FeatureMap& shape = pass_.ValueShape(value);
  const int64_t length = shape.width * pass_.lanes();
  hidden_values_.resize(static_cast<size_t>(shape.size() * pass_.lanes()));
  for (int64_t row = 0; row < shape.channels * shape.height; ++row) {
    std::copy_n(pass_.ValueRow(value, row), length, hidden_values_.begin() + row * length);
  }
  HiddenBatch batch;
  batch.value_count = shape.size();
  batch.lanes = pass_.lanes();
  batch.values = hidden_values_.data();
  batch.rows = rows;
  return options_.hidden_loss->Compute(batch, hidden_gradient_.data());
}

void NativeEngine::Update() {
  for (const TiedWeight& tied : tied_) gradients_[tied.first] += gradients_[tied.weight];
  for (const TiedWeight& tied : tied_) gradients_[tied.weight] = gradients_[tied.first];
  optimizer_.Step(gradients_.data(), parameters_.data());
  for (size_t zero : zeros_) parameters_[zero] = 0.0F;
  // Vector and scalar instructions may round the same step differently.
  for (const TiedWeight& tied : tied_) parameters_[tied.weight] = parameters_[tied.first];
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

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/torch/torch_engine.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/fit/native_engine.h"
#include "server/trainer/torch/torch_forward.h"

namespace tinyjoule {
namespace {

namespace F = torch::nn::functional;

// The border at which LibTorch's exceptions become statuses.
template <typename Function>
auto Guarded(absl::string_view what, Function function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(absl::StrCat("LibTorch, ", what, ": out of memory"));
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    const std::string text = absl::StrCat("LibTorch, ", what, ": ", message);
    if (message.find("out of memory") != std::string::npos) {
      return absl::ResourceExhaustedError(text);
    }
    return absl::InternalError(text);
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("LibTorch, ", what, ": ", error.what()));
  }
}

torch::Tensor CopyOf(absl::Span<const float> values, std::vector<int64_t> shape,
                     torch::Device device) {
  // from_blob takes no const pointer; clone() makes the only copy that is written to.
  return torch::from_blob(const_cast<float*>(values.data()), std::move(shape), torch::kFloat32)
      .clone()
      .to(device);
}

torch::Tensor IndicesOf(absl::Span<const uint32_t> rows, torch::Device device) {
  const std::vector<int64_t> indices(rows.begin(), rows.end());
  return torch::tensor(indices, torch::kInt64).to(device);
}

torch::Tensor RegressionLoss(const LossOptions& options, const torch::Tensor& outputs,
                             const torch::Tensor& targets) {
  if (options.kind == v1::LOSS_MAE) return torch::l1_loss(outputs, targets);
  if (options.kind == v1::LOSS_HUBER) {
    return torch::huber_loss(outputs, targets, at::Reduction::Mean, options.huber_delta);
  }
  return torch::mse_loss(outputs, targets);
}

// The mean of what loss.h defines.
torch::Tensor MeanLossOf(const LossOptions& options, const torch::Tensor& outputs,
                         const torch::Tensor& targets, const torch::Tensor& teacher) {
  const bool distills = teacher.defined();
  const double weight = distills ? options.label_weight : 1.0;
  if (!options.classifies()) {
    torch::Tensor loss = weight * RegressionLoss(options, outputs.flatten(), targets.flatten());
    if (distills) {
      loss = loss + (1 - weight) * RegressionLoss(options, outputs.flatten(), teacher.flatten());
    }
    return loss;
  }
  torch::Tensor loss =
      weight * torch::nll_loss(torch::log_softmax(outputs, 1), targets.to(torch::kInt64));
  if (distills) {
    const double heat = options.temperature;
    const torch::Tensor divergence =
        torch::kl_div(torch::log_softmax(outputs / heat, 1), torch::log_softmax(teacher / heat, 1),
                      at::Reduction::Sum, /*log_target=*/true) /
        outputs.size(0);
    loss = loss + (1 - weight) * heat * heat * divergence;
  }
  return loss;
}

class TorchEngine final : public TrainingEngine {
 public:
  TorchEngine(const Network& network, const TrainingRows& rows, const EngineOptions& options,
              torch::Device device)
      : network_(network), options_(options), device_(device) {
    const int64_t count = static_cast<int64_t>(rows.inputs.size()) / network.SampleSize();
    inputs_ = CopyOf(rows.inputs, {count, network.SampleSize()}, device);
    std::vector<int64_t> target_shape = {count};
    if (!options.loss.classifies()) target_shape.push_back(network.OutputCount());
    targets_ = CopyOf(rows.targets, std::move(target_shape), device);
    if (!rows.teacher.empty()) {
      teacher_ = CopyOf(rows.teacher, {count, network.OutputCount()}, device);
    }
    const std::vector<float> row = FlatParameters(network);
    const auto parameters =
        absl::MakeConstSpan(row).first(static_cast<size_t>(network.ParameterCount()));
    parameters_ = CopyOf(parameters, {network.ParameterCount()}, device);
    moments_ = CopyOf(absl::MakeConstSpan(row).subspan(parameters.size()), {network.MomentCount()},
                      device);
    parameters_.set_requires_grad(true);
    first_moment_ = torch::zeros_like(parameters_);
    second_moment_ = torch::zeros_like(parameters_);
    loss_sum_ = torch::zeros({}, torch::TensorOptions(torch::kFloat64).device(device));
    if (options.keep_zeros) mask_ = MaskOf(network, parameters.size());
    leaders_ = LeadersOf(network, parameters.size());
  }

  absl::Status Step(absl::Span<const uint32_t> rows) override {
    return Guarded("a training step", [&]() -> absl::Status {
      TorchMoments moments;
      const torch::Tensor loss = Loss(IndicesOf(rows, device_), &moments);
      parameters_.mutable_grad() = torch::Tensor();
      loss.backward();
      const torch::NoGradGuard no_grad;
      loss_sum_ += loss.detach().to(torch::kFloat64) * static_cast<double>(rows.size());
      Update(parameters_.grad());
      UpdateMoments(moments);
      return absl::OkStatus();
    });
  }

  absl::StatusOr<double> TakeLossSum() override {
    return Guarded("reading the loss", [&]() -> absl::StatusOr<double> {
      const double sum = loss_sum_.item<double>();
      loss_sum_.zero_();
      return sum;
    });
  }

  absl::StatusOr<double> MeanLoss(uint32_t first, uint32_t end) override {
    return Guarded("the validation loss", [&]() -> absl::StatusOr<double> {
      const torch::NoGradGuard no_grad;
      double sum = 0;
      for (uint32_t row = first; row < end; row += kEvaluationRows) {
        std::vector<uint32_t> rows(std::min(kEvaluationRows, end - row));
        std::iota(rows.begin(), rows.end(), row);
        const torch::Tensor loss = Loss(IndicesOf(rows, device_), /*moments=*/nullptr);
        sum += loss.item<double>() * static_cast<double>(rows.size());
      }
      return sum / static_cast<double>(end - first);
    });
  }

  absl::StatusOr<std::vector<float>> Parameters() override {
    TJ_ASSIGN_OR_RETURN(std::vector<float> row, Read(parameters_));
    TJ_ASSIGN_OR_RETURN(const std::vector<float> moments, Read(moments_));
    row.insert(row.end(), moments.begin(), moments.end());
    return row;
  }

  absl::Status SetParameters(absl::Span<const float> parameters) override {
    return Guarded("writing parameters", [&]() -> absl::Status {
      const torch::NoGradGuard no_grad;
      const size_t trained = static_cast<size_t>(parameters_.numel());
      parameters_.copy_(CopyOf(parameters.first(trained), {parameters_.numel()}, device_));
      moments_.copy_(CopyOf(parameters.subspan(trained), {moments_.numel()}, device_));
      return absl::OkStatus();
    });
  }

  std::string Description() const override {
    return absl::StrCat("torch ", device_.is_cuda() ? "cuda" : "cpu");
  }

  absl::StatusOr<std::vector<float>> Gradient() {
    std::vector<uint32_t> rows(static_cast<size_t>(inputs_.size(0)));
    std::iota(rows.begin(), rows.end(), 0U);
    TJ_RETURN_IF_ERROR(Guarded("a gradient", [&]() -> absl::Status {
      TorchMoments moments;
      Loss(IndicesOf(rows, device_), &moments).backward();
      return absl::OkStatus();
    }));
    return Read(parameters_.grad());
  }

 private:
  static constexpr uint32_t kEvaluationRows = 4096;

  static absl::StatusOr<std::vector<float>> Read(const torch::Tensor& tensor) {
    return Guarded("reading parameters", [&]() -> absl::StatusOr<std::vector<float>> {
      const torch::Tensor host = tensor.detach().to(torch::kCPU).contiguous();
      const float* values = host.data_ptr<float>();
      return std::vector<float>(values, values + host.numel());
    });
  }

  torch::Tensor MaskOf(const Network& network, size_t count) const {
    std::vector<float> mask(count, 1.0F);
    size_t start = 0;
    for (const Layer& layer : network.layers) {
      for (size_t i = 0; i < layer.weight.size(); ++i) {
        if (layer.weight[i] == 0.0F) mask[start + i] = 0.0F;
      }
      start += layer.weight.size() + layer.bias.size();
    }
    return CopyOf(mask, {static_cast<int64_t>(count)}, device_);
  }

  // For each parameter the one whose value it has; undefined without clusters.
  torch::Tensor LeadersOf(const Network& network, size_t count) const {
    const std::vector<TiedWeight> tied = TiedWeights(network);
    if (tied.empty()) return torch::Tensor();
    std::vector<int64_t> leaders(count);
    std::iota(leaders.begin(), leaders.end(), int64_t{0});
    for (const TiedWeight& weight : tied) {
      leaders[weight.weight] = static_cast<int64_t>(weight.first);
    }
    return torch::tensor(leaders, torch::kInt64).to(device_);
  }

  // With `moments` as in training.
  torch::Tensor Loss(const torch::Tensor& rows, TorchMoments* moments) {
    const torch::Tensor outputs =
        TorchForward(network_, parameters_, moments_, moments).Run(inputs_.index_select(0, rows));
    const torch::Tensor teacher =
        teacher_.defined() ? teacher_.index_select(0, rows) : torch::Tensor();
    return MeanLossOf(options_.loss, outputs, targets_.index_select(0, rows), teacher);
  }

  void Update(torch::Tensor gradient) {
    ++steps_;
    if (leaders_.defined()) {
      gradient =
          torch::zeros_like(gradient).index_add_(0, leaders_, gradient).index_select(0, leaders_);
    }
    if (options_.weight_decay != 0) gradient = gradient + options_.weight_decay * parameters_;
    if (options_.optimizer == v1::OPTIMIZER_SGD) {
      parameters_.add_(gradient, -options_.learning_rate);
    } else {
      first_moment_.mul_(0.9).add_(gradient, 0.1);
      second_moment_.mul_(0.999).addcmul_(gradient, gradient, 0.001);
      const double steps = static_cast<double>(steps_);
      const double root_scale = 1 / std::sqrt(1 - std::pow(0.999, steps));
      const torch::Tensor divisor = second_moment_.sqrt().mul_(root_scale).add_(1e-8);
      parameters_.addcdiv_(first_moment_, divisor,
                           -options_.learning_rate / (1 - std::pow(0.9, steps)));
    }
    if (mask_.defined()) parameters_.mul_(mask_);
    if (leaders_.defined()) parameters_.copy_(parameters_.index_select(0, leaders_));
  }

  void UpdateMoments(const TorchMoments& batch) {
    if (batch.empty()) return;
    const double momentum = kBatchNormMomentum;
    moments_.mul_(momentum).add_(torch::cat(batch), 1 - momentum);
  }

  Network network_;
  EngineOptions options_;
  torch::Device device_;
  torch::Tensor inputs_;
  torch::Tensor targets_;
  torch::Tensor teacher_;
  torch::Tensor parameters_;
  // Running mean and variance of each batch normalisation.
  torch::Tensor moments_;
  torch::Tensor first_moment_;
  torch::Tensor second_moment_;
  torch::Tensor mask_;
  torch::Tensor leaders_;
  // Stays on the device, so that no step waits for the host.
  torch::Tensor loss_sum_;
  int64_t steps_ = 0;
};

absl::StatusOr<std::unique_ptr<TorchEngine>> Create(const Network& network,
                                                    const TrainingRows& rows,
                                                    const EngineOptions& options, bool cuda) {
  if (options.hidden_loss != nullptr) {
    return absl::UnimplementedError(
        "distill.kind: feature and relational are trained by our own loops only; use train.device: "
        "cpu, or kind: response");
  }
  // Trainers run one to a core.
  torch::set_num_threads(1);
  if (cuda && !TorchHasCuda()) {
    return absl::FailedPreconditionError(
        absl::StrCat("train.device: cuda, but LibTorch ", TorchVersion(),
                     " of this machine has no CUDA device; use device: cpu"));
  }
  return Guarded("set-up", [&]() -> absl::StatusOr<std::unique_ptr<TorchEngine>> {
    return std::make_unique<TorchEngine>(network, rows, options, cuda ? torch::kCUDA : torch::kCPU);
  });
}

}  // namespace

std::string TorchVersion() { return TORCH_VERSION; }

bool TorchHasCuda() { return torch::cuda::is_available(); }

absl::StatusOr<std::unique_ptr<TrainingEngine>> CreateTorchEngine(const Network& network,
                                                                  const TrainingRows& rows,
                                                                  const EngineOptions& options,
                                                                  bool cuda) {
  if (options.fake_quantization.has_value()) {
    return absl::UnimplementedError(
        "quantisation-aware training runs on our own loops; use device: cpu and engine native");
  }
  TJ_ASSIGN_OR_RETURN(std::unique_ptr<TorchEngine> engine, Create(network, rows, options, cuda));
  return std::unique_ptr<TrainingEngine>(std::move(engine));
}

absl::StatusOr<std::vector<float>> TorchGradient(const Network& network, const TrainingRows& rows,
                                                 const LossOptions& loss) {
  EngineOptions options;
  options.loss = loss;
  TJ_ASSIGN_OR_RETURN(std::unique_ptr<TorchEngine> engine, Create(network, rows, options, false));
  return engine->Gradient();
}

}  // namespace tinyjoule

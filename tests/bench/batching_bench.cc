// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// How the reference study's tinyCNN (5,953 parameters, batches of 32 rows) is trained fastest when
// several are to be trained: one after another by our own loops or by LibTorch, or all together as
// one batched computation by LibTorch. One core.
//
//   batching_bench [STEPS]     1 when the three do not train the same models.
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "common/base/random_source.h"
#include "server/trainer/fit/native_engine.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/torch/torch_engine.h"

namespace tinyjoule {
namespace {

constexpr int64_t kRows = 4096;
constexpr int64_t kFeatures = 5;
constexpr int64_t kBatch = 32;
// Of a parameter after kCheckedSteps: a tenth of what Adam moves it.
constexpr int64_t kCheckedSteps = 10;
constexpr double kTolerance = 1e-3;

struct Data {
  std::vector<float> inputs;
  std::vector<float> targets;
  TrainingRows rows() const { return {inputs, targets, {}}; }
};

Data MakeData() {
  SeededRandom random(7);
  Data data;
  for (int64_t row = 0; row < kRows; ++row) {
    float sum = 0;
    for (int64_t i = 0; i < kFeatures; ++i) {
      data.inputs.push_back(2 * UniformFloat(random) - 1);
      sum += data.inputs.back();
    }
    data.targets.push_back(std::abs(sum));
  }
  return data;
}

Network MakeNetwork(uint64_t seed) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYCNN);
  spec.set_kernel(5);
  spec.add_dense(64);
  Network network = *BuildNetwork(spec, {1, kFeatures}, 1);
  SeededRandom random(seed);
  InitializeParameters(random, network);
  return network;
}

// The rows of each model's batch in a step: models differ, as folds and seeds do.
std::vector<uint32_t> BatchOf(int64_t model, int64_t step) {
  SeededRandom random(static_cast<uint64_t>(1'000 * model + step));
  std::vector<uint32_t> rows(kBatch);
  for (uint32_t& row : rows) row = static_cast<uint32_t>(random() % kRows);
  return rows;
}

// All models' parameters as one tensor [model][parameter], trained by one graph of batched
// multiplications.
class BatchedModels {
 public:
  BatchedModels(const std::vector<Network>& networks, const Data& data)
      : models_(static_cast<int64_t>(networks.size())) {
    std::vector<torch::Tensor> rows;
    for (const Network& network : networks) rows.push_back(torch::tensor(FlatParameters(network)));
    parameters_ = torch::stack(rows).requires_grad_(true);
    first_moment_ = torch::zeros_like(parameters_.detach());
    second_moment_ = torch::zeros_like(first_moment_);
    inputs_ = torch::tensor(data.inputs).reshape({kRows, 1, kFeatures});
    targets_ = torch::tensor(data.targets);
  }

  void Step(const std::vector<int64_t>& rows) {
    const torch::Tensor index = torch::tensor(rows);
    const torch::Tensor inputs =
        inputs_.index_select(0, index).reshape({models_, kBatch, 1, kFeatures});
    const torch::Tensor targets = targets_.index_select(0, index).reshape({models_, kBatch, 1});
    // A model's gradient is that of its own mean.
    const torch::Tensor loss = (Outputs(inputs) - targets).square().sum() / kBatch;
    Adam(torch::autograd::grad({loss}, {parameters_})[0]);
  }

  std::vector<float> Parameters(int64_t model) const {
    const torch::Tensor row = parameters_.detach()[model].contiguous();
    return {row.data_ptr<float>(), row.data_ptr<float>() + row.numel()};
  }

 private:
  // [model][batch * places][inputs] by [model][outputs][inputs], and the bias.
  torch::Tensor Layer(const torch::Tensor& values, const torch::Tensor& weight,
                      const torch::Tensor& bias, int64_t outputs) {
    return torch::baddbmm(bias.unsqueeze(1), values,
                          weight.reshape({models_, outputs, -1}).transpose(1, 2));
  }

  // [model][batch][channel][place] to the same with `outputs` channels.
  torch::Tensor Convolve(const torch::Tensor& values, const torch::Tensor& weight,
                         const torch::Tensor& bias, int64_t outputs) {
    const torch::Tensor windows = torch::constant_pad_nd(values, {2, 2})
                                      .unfold(-1, kFeatures, 1)
                                      .permute({0, 1, 3, 2, 4})
                                      .reshape({models_, kBatch * kFeatures, -1});
    return torch::relu(Layer(windows, weight, bias, outputs))
        .reshape({models_, kBatch, kFeatures, outputs})
        .transpose(2, 3);
  }

  torch::Tensor Outputs(torch::Tensor values) {
    const auto parts = parameters_.split_with_sizes({40, 8, 640, 16, 5120, 64, 64, 1}, 1);
    values = Convolve(values, parts[0], parts[1], 8);
    values = Convolve(values, parts[2], parts[3], 16).reshape({models_, kBatch, 80});
    values = torch::relu(Layer(values, parts[4], parts[5], 64));
    return Layer(values, parts[6], parts[7], 1);
  }

  void Adam(const torch::Tensor& gradient) {
    const torch::NoGradGuard guard;
    ++steps_;
    first_moment_.mul_(0.9).add_(gradient, 0.1);
    second_moment_.mul_(0.999).addcmul_(gradient, gradient, 0.001);
    const torch::Tensor root =
        second_moment_.sqrt().div_(std::sqrt(1 - std::pow(0.999, steps_))).add_(1e-8);
    parameters_.addcdiv_(first_moment_, root, -1e-3 / (1 - std::pow(0.9, steps_)));
  }

  int64_t models_;
  torch::Tensor parameters_;
  torch::Tensor first_moment_;
  torch::Tensor second_moment_;
  torch::Tensor inputs_;
  torch::Tensor targets_;
  int64_t steps_ = 0;
};

using Trained = std::vector<std::vector<float>>;

Trained TrainOneByOne(const std::vector<Network>& networks, const Data& data, int64_t steps,
                      bool native) {
  Trained trained;
  for (size_t model = 0; model < networks.size(); ++model) {
    std::unique_ptr<TrainingEngine> engine;
    if (native) {
      engine = std::make_unique<NativeEngine>(networks[model], data.rows(), EngineOptions());
    } else {
      engine = *CreateTorchEngine(networks[model], data.rows(), EngineOptions(), false);
    }
    for (int64_t step = 0; step < steps; ++step) {
      if (!engine->Step(BatchOf(static_cast<int64_t>(model), step)).ok()) std::abort();
    }
    trained.push_back(*engine->Parameters());
  }
  return trained;
}

Trained TrainTogether(const std::vector<Network>& networks, const Data& data, int64_t steps) {
  BatchedModels models(networks, data);
  for (int64_t step = 0; step < steps; ++step) {
    std::vector<int64_t> rows;
    for (size_t model = 0; model < networks.size(); ++model) {
      for (uint32_t row : BatchOf(static_cast<int64_t>(model), step)) rows.push_back(row);
    }
    models.Step(rows);
  }
  Trained trained;
  for (size_t model = 0; model < networks.size(); ++model) {
    trained.push_back(models.Parameters(static_cast<int64_t>(model)));
  }
  return trained;
}

double LargestDifference(const Trained& a, const Trained& b) {
  double largest = 0;
  for (size_t model = 0; model < a.size(); ++model) {
    for (size_t i = 0; i < a[model].size(); ++i) {
      largest = std::max<double>(largest, std::abs(a[model][i] - b[model][i]));
    }
  }
  return largest;
}

// Microseconds of one model's step.
template <typename Train>
double Timed(int64_t models, int64_t steps, const Train& train) {
  const auto start = std::chrono::steady_clock::now();
  train(steps);
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  return took.count() / static_cast<double>(models * steps);
}

// False: they do not train the same models.
bool Compare(int64_t models, int64_t steps, const Data& data) {
  std::vector<Network> networks;
  for (int64_t model = 0; model < models; ++model) {
    networks.push_back(MakeNetwork(static_cast<uint64_t>(model)));
  }
  const auto native = [&](int64_t count) { return TrainOneByOne(networks, data, count, true); };
  const auto torch = [&](int64_t count) { return TrainOneByOne(networks, data, count, false); };
  const auto together = [&](int64_t count) { return TrainTogether(networks, data, count); };
  const Trained expected = native(kCheckedSteps);
  const double difference = std::max(LargestDifference(expected, torch(kCheckedSteps)),
                                     LargestDifference(expected, together(kCheckedSteps)));
  std::printf("| %lld | %.1f | %.1f | %.1f | %.1e |\n", static_cast<long long>(models),
              Timed(models, steps, native), Timed(models, steps, torch),
              Timed(models, steps, together), difference);
  return difference < kTolerance;
}

}  // namespace
}  // namespace tinyjoule

int main(int argc, char** argv) {
  const int64_t steps = argc > 1 ? std::max(1L, std::atol(argv[1])) : 500;
  torch::set_num_threads(1);
  const tinyjoule::Data data = tinyjoule::MakeData();
  std::printf(
      "us per step and model, %lld steps\n\n| models | our loops, one by one | LibTorch, one "
      "by one | LibTorch, batched | largest difference of a parameter after 10 |\n"
      "| --- | --- | --- | --- | --- |\n",
      static_cast<long long>(steps));
  bool same = true;
  for (const int64_t models : {1, 4, 16, 64}) {
    same = tinyjoule::Compare(models, models > 4 ? std::max<int64_t>(1, steps / 4) : steps, data) &&
           same;
  }
  if (!same) std::printf("they did not train the same models\n");
  return same ? 0 : 1;
}

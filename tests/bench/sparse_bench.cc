// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// Prints from which share of zero weights on the engine `sparse` is faster than `xnnpack`:
//   sparse_bench [SECONDS_PER_ROUND [ROUNDS]]
// First layers alone, each in the order of elements that its engine wants, and whether the engine
// `sparse` would take them; then whole models: "all" computes every layer sparse, however few zeros
// it has; "sparse" is the engine as it is, which leaves the layers that gain nothing to XNNPACK.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "agent/runner/inference_engine.h"
#include "agent/runner/sparse_layers.h"
#include "agent/runner/xnnpack_engine.h"
#include "common/onnx/onnx_builder.h"
#include "tests/bench/latency.h"
#include "tests/bench/made.h"

namespace tinyjoule {
namespace {

// `count` weights of which a share, at random places, is 0.
std::vector<float> PrunedWeights(size_t count, double sparsity, std::mt19937& random) {
  std::uniform_real_distribution<float> uniform(-0.2F, 0.2F);
  std::vector<float> weights(count);
  for (float& weight : weights) weight = uniform(random);
  std::fill_n(weights.begin(), std::llround(sparsity * static_cast<double>(count)), 0.0F);
  std::shuffle(weights.begin(), weights.end(), random);
  return weights;
}

// The steps of a plan, over the same input again and again.
class LayerAlone final : public InferenceEngine {
 public:
  XnnPlan& plan() { return plan_; }
  Activation NewInput(int64_t size, int64_t channels) {
    const Activation input = plan_.NewActivation(size, channels);
    std::fill_n(input.floats(), size, 0.5F);
    return input;
  }

  const Shape& input_shape() const override { return shape_; }
  const Shape& output_shape() const override { return shape_; }
  void Run(const void* /*input*/, void* /*output*/) override { plan_.Run(); }
  std::string version() const override { return "a layer alone"; }

 private:
  XnnPlan plan_{nullptr};
  Shape shape_ = {1};
};

struct LayerPair {
  LayerAlone dense;
  LayerAlone sparse;
  bool taken = false;
};
using MadePair = std::unique_ptr<LayerPair>;

void Check(const absl::Status& status) {
  (void)Made(status.ok() ? absl::StatusOr<bool>(true) : status);
}

MadePair MakeDense(int64_t inputs, int64_t outputs, double sparsity) {
  std::mt19937 random(1);
  const FloatWeights weights = {
      PrunedWeights(static_cast<size_t>(inputs * outputs), sparsity, random),
      std::vector<float>(static_cast<size_t>(outputs), 0.1F)};
  auto pair = std::make_unique<LayerPair>();
  pair->taken = PaysSparseDense(weights, BestSparseKernels());
  const Activation in = pair->dense.NewInput(inputs, 1);
  XnnPlan& plan = pair->dense.plan();
  Check(AddDense(1, inputs, outputs, weights, {}, in, plan.NewActivation(outputs, 1), &plan));
  XnnPlan& sparse_plan = pair->sparse.plan();
  AddSparseDense(1, inputs, weights, {}, pair->sparse.NewInput(inputs, 1),
                 sparse_plan.NewActivation(outputs, 1), &sparse_plan);
  return pair;
}

struct Convolution {
  int64_t inputs;
  int64_t outputs;
  Shape kernel;
  int64_t stride;
  Shape image;
};

// With borders of half a kernel.
MadePair MakeConvolution(const Convolution& size, double sparsity) {
  std::mt19937 random(1);
  const FloatWeights weights = {
      PrunedWeights(static_cast<size_t>(size.outputs * size.inputs * ElementCount(size.kernel)),
                    sparsity, random),
      std::vector<float>(static_cast<size_t>(size.outputs), 0.1F)};
  ImageWindow window;
  window.pad_top = window.pad_bottom = static_cast<uint32_t>(size.kernel[0] / 2);
  window.pad_left = window.pad_right = static_cast<uint32_t>(size.kernel[1] / 2);
  window.kernel_height = static_cast<uint32_t>(size.kernel[0]);
  window.kernel_width = static_cast<uint32_t>(size.kernel[1]);
  window.stride_height = window.stride_width = static_cast<uint32_t>(size.stride);
  window.input_height = static_cast<size_t>(size.image[0]);
  window.input_width = static_cast<size_t>(size.image[1]);
  int64_t pixels = 1;
  for (size_t i = 0; i < 2; ++i) {
    pixels *= (size.image[i] + 2 * (size.kernel[i] / 2) - size.kernel[i]) / size.stride + 1;
  }
  const Groups groups = {1, static_cast<size_t>(size.inputs), static_cast<size_t>(size.outputs)};
  const int64_t in_size = size.inputs * ElementCount(size.image);
  const int64_t out_size = size.outputs * pixels;
  auto pair = std::make_unique<LayerPair>();
  pair->taken = PaysSparseConvolution(weights, pixels, in_size + out_size, BestSparseKernels());
  const Activation in = pair->dense.NewInput(in_size, size.inputs);
  XnnPlan& plan = pair->dense.plan();
  Check(AddConvolution(window, groups, weights, {}, in, plan.NewActivation(out_size, size.outputs),
                       &plan));
  AddSparseConvolution(window, groups, weights, {}, pair->sparse.NewInput(in_size, 1),
                       &pair->sparse.plan());
  return pair;
}

// A chain of layers of which a share of the weights, at random places, is 0.
class PrunedChain {
 public:
  PrunedChain(const Shape& input, double sparsity) : sparsity_(sparsity) {
    builder_.AddInput("input", input);
  }

  PrunedChain& Conv(const Shape& weights) {
    Shape pads(2 * (weights.size() - 2), weights.back() / 2);
    return Layer("Conv", weights, {IntsAttribute("pads", pads)});
  }
  PrunedChain& Dense(int64_t inputs, int64_t outputs) {
    return Layer("Gemm", {outputs, inputs}, {IntAttribute("transB", 1)});
  }
  PrunedChain& Add(const std::string& op_type,
                   const std::vector<onnx::AttributeProto>& attributes = {}) {
    const std::string result = "v" + std::to_string(++count_);
    builder_.AddNode(op_type, {current_}, {result}, attributes);
    current_ = result;
    return *this;
  }
  PrunedChain& MaxPool() {
    return Add("MaxPool",
               {IntsAttribute("kernel_shape", {2, 2}), IntsAttribute("strides", {2, 2})});
  }
  onnx::ModelProto Build() {
    builder_.AddNode("Identity", {current_}, {"output"});
    builder_.AddOutput("output", {-1, 1});
    return builder_.Build();
  }

 private:
  PrunedChain& Layer(const std::string& op_type, const Shape& shape,
                     const std::vector<onnx::AttributeProto>& attributes) {
    const std::string id = std::to_string(++count_);
    builder_.AddInitializer(
        "w" + id, shape,
        PrunedWeights(static_cast<size_t>(ElementCount(shape)), sparsity_, random_));
    builder_.AddInitializer("b" + id, {shape[0]},
                            std::vector<float>(static_cast<size_t>(shape[0]), 0.1F));
    builder_.AddNode(op_type, {current_, "w" + id, "b" + id}, {"v" + id}, attributes);
    current_ = "v" + id;
    return *this;
  }

  double sparsity_;
  std::mt19937 random_{1};
  OnnxBuilder builder_{"pruned"};
  std::string current_ = "input";
  int count_ = 0;
};

onnx::ModelProto TinyMlp(double sparsity) {
  PrunedChain chain({-1, 5}, sparsity);
  return chain.Dense(5, 64).Add("Relu").Dense(64, 32).Add("Relu").Dense(32, 1).Build();
}

onnx::ModelProto TinyCnn(double sparsity) {
  PrunedChain chain({-1, 1, 5}, sparsity);
  chain.Conv({8, 1, 5}).Add("Relu").Conv({16, 8, 5}).Add("Relu").Add("Flatten");
  return chain.Dense(80, 64).Add("Relu").Dense(64, 1).Build();
}

// A tinyCNN of the image sets.
onnx::ModelProto ImageCnn(double sparsity) {
  PrunedChain chain({-1, 1, 28, 28}, sparsity);
  chain.Conv({16, 1, 3, 3}).Add("Relu").MaxPool().Conv({32, 16, 3, 3}).Add("Relu").MaxPool();
  return chain.Add("Flatten").Dense(32 * 49, 64).Add("Relu").Dense(64, 10).Build();
}

onnx::ModelProto WideMlp(double sparsity) {
  PrunedChain chain({-1, 784}, sparsity);
  return chain.Dense(784, 1024).Add("Relu").Dense(1024, 1024).Add("Relu").Dense(1024, 10).Build();
}

struct BenchLayer {
  const char* name;
  std::function<MadePair(double sparsity)> make;
};

std::vector<BenchLayer> BenchLayers() {
  using namespace std::placeholders;
  const auto convolution = [](int64_t inputs, int64_t outputs, Shape kernel, int64_t stride,
                              Shape image) {
    return std::bind(MakeConvolution,
                     Convolution{inputs, outputs, std::move(kernel), stride, std::move(image)}, _1);
  };
  return {{"dense 5 -> 64", std::bind(MakeDense, 5, 64, _1)},
          {"dense 64 -> 32", std::bind(MakeDense, 64, 32, _1)},
          {"dense 80 -> 64", std::bind(MakeDense, 80, 64, _1)},
          {"dense 256 -> 64", std::bind(MakeDense, 256, 64, _1)},
          {"dense 1568 -> 64", std::bind(MakeDense, 1568, 64, _1)},
          {"dense 512 -> 512", std::bind(MakeDense, 512, 512, _1)},
          {"dense 1024 -> 1024", std::bind(MakeDense, 1024, 1024, _1)},
          {"1x5, 8 -> 16, 1x5", convolution(8, 16, {1, 5}, 1, {1, 5})},
          {"3x3, 1 -> 16, 28x28", convolution(1, 16, {3, 3}, 1, {28, 28})},
          {"3x3, 3 -> 16, 32x32", convolution(3, 16, {3, 3}, 1, {32, 32})},
          {"3x3, 16 -> 32, 14x14", convolution(16, 32, {3, 3}, 1, {14, 14})},
          {"3x3, 64 -> 64, 8x8", convolution(64, 64, {3, 3}, 1, {8, 8})},
          {"3x3 / 2, 16 -> 32, 32x32", convolution(16, 32, {3, 3}, 2, {32, 32})},
          {"1x1, 64 -> 64, 25x5", convolution(64, 64, {1, 1}, 1, {25, 5})}};
}

struct BenchModel {
  const char* name;
  std::function<onnx::ModelProto(double sparsity)> make;
};

std::vector<BenchModel> BenchModels() {
  return {{"tinymlp", TinyMlp},
          {"tinycnn", TinyCnn},
          {"tinycnn, 28x28", ImageCnn},
          {"mlp-1024", WideMlp}};
}

constexpr double kSparsities[] = {0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98};

using Engine = std::unique_ptr<InferenceEngine>;

// The first share of zeros at which the ratio is 1, along straight lines between those measured.
class BreakEven {
 public:
  // In order of the shares.
  void Add(double sparsity, double ratio) {
    if (ratio <= 1 && at_ < 0) {
      const double way = sparsity - before_;
      at_ = sparsity > 0 ? before_ + way * (ratio_before_ - 1) / (ratio_before_ - ratio) : 0;
    }
    before_ = sparsity;
    ratio_before_ = ratio;
  }
  void Print(const char* name) const {
    if (at_ < 0) {
      std::printf("%-24s no break-even up to %.2f\n", name, before_);
    } else {
      std::printf("%-24s break-even at %.2f\n", name, at_);
    }
  }

 private:
  double before_ = 0;
  double ratio_before_ = 0;
  double at_ = -1;
};

void PrintLayer(const BenchLayer& bench, double round_s, int rounds) {
  BreakEven break_even;
  for (const double sparsity : kSparsities) {
    const MadePair pair = bench.make(sparsity);
    const std::vector<double> us = LatenciesUs({&pair->dense, &pair->sparse}, round_s, rounds);
    std::printf("%-24s %6.2f %10.3f %10.3f %6.2f  %s\n", bench.name, sparsity, us[0], us[1],
                us[1] / us[0], pair->taken ? "taken" : "left to xnnpack");
    std::fflush(stdout);
    break_even.Add(sparsity, us[1] / us[0]);
  }
  break_even.Print(bench.name);
}

void PrintModel(const BenchModel& bench, double round_s, int rounds) {
  BreakEven break_even;
  for (const double sparsity : kSparsities) {
    const onnx::ModelProto model = bench.make(sparsity);
    const Engine dense = Made(MakeEngine(v1::ENGINE_XNNPACK, 1, model));
    const Engine all = Made(XnnpackEngine::Create(model, 1, {SparseLayers::kAlways}));
    const Engine sparse = Made(MakeEngine(v1::ENGINE_SPARSE, 1, model));
    const std::vector<double> us =
        LatenciesUs({dense.get(), all.get(), sparse.get()}, round_s, rounds);
    std::printf("%-24s %6.2f %10.3f %10.3f %6.2f %10.3f %6.2f  %s\n", bench.name, sparsity, us[0],
                us[1], us[1] / us[0], us[2], us[2] / us[0], sparse->version().c_str());
    std::fflush(stdout);
    break_even.Add(sparsity, us[1] / us[0]);
  }
  break_even.Print(bench.name);
}

void PrintTables(double round_s, int rounds) {
  Check(XnnStatus(xnn_initialize(nullptr), "start"));
  std::printf("%-24s %6s %10s %10s %6s\n", "layer", "zeros", "xnnpack us", "sparse us", "ratio");
  for (const BenchLayer& layer : BenchLayers()) PrintLayer(layer, round_s, rounds);
  std::printf("\n%-24s %6s %10s %10s %6s %10s %6s\n", "model", "zeros", "xnnpack us", "all us",
              "ratio", "sparse us", "ratio");
  for (const BenchModel& model : BenchModels()) PrintModel(model, round_s, rounds);
}

}  // namespace
}  // namespace tinyjoule

int main(int argc, char** argv) {
  const double round_s = argc > 1 ? std::atof(argv[1]) : 0.01;
  tinyjoule::PrintTables(round_s, argc > 2 ? std::atoi(argv[2]) : 31);
  return 0;
}

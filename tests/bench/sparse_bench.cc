// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// Prints from which share of zero weights on the engine `sparse` is faster than `xnnpack`:
//   sparse_bench [SECONDS_PER_ROUND [ROUNDS]]
// "all" computes every layer sparse, however few zeros it has; "sparse" is the engine as it is,
// which leaves the layers that gain nothing to XNNPACK.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "agent/runner/inference_engine.h"
#include "agent/runner/xnnpack_engine.h"
#include "common/onnx/onnx_builder.h"
#include "tests/bench/latency.h"

namespace tinyjoule {
namespace {

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
    std::uniform_real_distribution<float> uniform(-0.2F, 0.2F);
    std::vector<float> weights(static_cast<size_t>(ElementCount(shape)));
    for (float& weight : weights) weight = uniform(random_);
    const auto zeros = static_cast<size_t>(sparsity_ * static_cast<double>(weights.size()) + 0.5);
    std::fill_n(weights.begin(), zeros, 0.0F);
    std::shuffle(weights.begin(), weights.end(), random_);
    const std::string id = std::to_string(++count_);
    builder_.AddInitializer("w" + id, shape, weights);
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

onnx::ModelProto DenseLayer(int64_t inputs, int64_t outputs, double sparsity) {
  return PrunedChain({-1, inputs}, sparsity).Dense(inputs, outputs).Build();
}

onnx::ModelProto ConvLayer(int64_t inputs, int64_t outputs, int64_t kernel, int64_t side,
                           double sparsity) {
  PrunedChain chain({-1, inputs, side, side}, sparsity);
  return chain.Conv({outputs, inputs, kernel, kernel}).Build();
}

struct BenchModel {
  const char* name;
  std::function<onnx::ModelProto(double sparsity)> make;
};

std::vector<BenchModel> BenchModels() {
  using namespace std::placeholders;
  return {{"dense 64-32", std::bind(DenseLayer, 64, 32, _1)},
          {"dense 80-64", std::bind(DenseLayer, 80, 64, _1)},
          {"dense 256-64", std::bind(DenseLayer, 256, 64, _1)},
          {"dense 1568-64", std::bind(DenseLayer, 1568, 64, _1)},
          {"dense 512-512", std::bind(DenseLayer, 512, 512, _1)},
          {"dense 1024-1024", std::bind(DenseLayer, 1024, 1024, _1)},
          {"3x3 1-16, 28x28", std::bind(ConvLayer, 1, 16, 3, 28, _1)},
          {"3x3 3-16, 32x32", std::bind(ConvLayer, 3, 16, 3, 32, _1)},
          {"3x3 16-32, 14x14", std::bind(ConvLayer, 16, 32, 3, 14, _1)},
          {"3x3 64-64, 8x8", std::bind(ConvLayer, 64, 64, 3, 8, _1)},
          {"1x1 64-64, 12x12", std::bind(ConvLayer, 64, 64, 1, 12, _1)},
          {"tinymlp", TinyMlp},
          {"tinycnn", TinyCnn},
          {"tinycnn, 28x28", ImageCnn},
          {"mlp-1024", WideMlp}};
}

constexpr double kSparsities[] = {0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98};

using Engine = std::unique_ptr<InferenceEngine>;

Engine Made(absl::StatusOr<Engine> engine) {
  if (engine.ok()) return *std::move(engine);
  std::fprintf(stderr, "%s\n", engine.status().ToString().c_str());
  std::exit(1);
}

// Where the line through two neighbouring points crosses 1.
double Crossing(double from, double ratio_from, double to, double ratio_to) {
  return from + (to - from) * (ratio_from - 1) / (ratio_from - ratio_to);
}

void PrintModel(const BenchModel& bench, double round_s, int rounds) {
  double before = 0;
  double ratio_before = 0;
  double break_even = 2;
  for (const double sparsity : kSparsities) {
    const onnx::ModelProto model = bench.make(sparsity);
    const Engine dense = Made(MakeEngine(v1::ENGINE_XNNPACK, 1, model));
    const Engine all = Made(XnnpackEngine::Create(model, 1, {SparseLayers::kAlways}));
    const Engine sparse = Made(MakeEngine(v1::ENGINE_SPARSE, 1, model));
    const std::vector<double> us =
        LatenciesUs({dense.get(), all.get(), sparse.get()}, round_s, rounds);
    const double ratio = us[1] / us[0];
    std::printf("%-17s %6.2f %10.3f %10.3f %6.2f %10.3f %6.2f  %s\n", bench.name, sparsity, us[0],
                us[1], ratio, us[2], us[2] / us[0], sparse->version().c_str());
    std::fflush(stdout);
    if (ratio <= 1 && break_even > 1) {
      break_even = sparsity > 0 ? Crossing(before, ratio_before, sparsity, ratio) : 0;
    }
    before = sparsity;
    ratio_before = ratio;
  }
  if (break_even > 1) {
    std::printf("%-17s no break-even up to %.2f\n", bench.name, before);
  } else {
    std::printf("%-17s break-even at %.2f\n", bench.name, break_even);
  }
}

void PrintTable(double round_s, int rounds) {
  std::printf("%-17s %6s %10s %10s %6s %10s %6s\n", "model", "zeros", "xnnpack us", "all us",
              "ratio", "sparse us", "ratio");
  for (const BenchModel& model : BenchModels()) PrintModel(model, round_s, rounds);
}

}  // namespace
}  // namespace tinyjoule

int main(int argc, char** argv) {
  const double round_s = argc > 1 ? std::atof(argv[1]) : 0.01;
  tinyjoule::PrintTable(round_s, argc > 2 ? std::atoi(argv[2]) : 31);
  return 0;
}

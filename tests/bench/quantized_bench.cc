// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// Prints what int8 costs in time on the engine xnnpack, by when the activations' ranges are found:
//   quantized_bench [SECONDS_PER_ROUND [ROUNDS]]
// What a network has learnt changes nothing, so the parameters are random.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "agent/runner/inference_engine.h"
#include "common/base/random_source.h"
#include "common/onnx/tensor_shape.h"
#include "server/trainer/compress/dynamic_network.h"
#include "server/trainer/compress/quantize.h"
#include "server/trainer/export/network_onnx.h"
#include "server/trainer/nn/network_builder.h"
#include "tests/bench/latency.h"
#include "tests/bench/made.h"

namespace tinyjoule {
namespace {

std::unique_ptr<InferenceEngine> EngineFor(const onnx::ModelProto& model) {
  return Made(MakeEngine(v1::ENGINE_XNNPACK, 1, model));
}

void PrintLine(const char* name, v1::ModelType type, const std::vector<int64_t>& data_shape,
               double round_s, int rounds) {
  v1::ModelSpec spec;
  spec.set_type(type);
  Network network = Made(BuildNetwork(spec, data_shape, 1));
  SeededRandom random(2);
  InitializeParameters(random, network);
  std::vector<float> samples(static_cast<size_t>(8 * ElementCount(data_shape)));
  for (float& value : samples) value = static_cast<float>(random() % 2001) / 1000 - 1;
  const auto whole = EngineFor(ExportNetwork(network));
  const auto fixed = EngineFor(ExportNetwork(Made(QuantizeNetwork(network, samples))));
  const auto dynamic = EngineFor(ExportNetwork(Made(QuantizeDynamically(network, true))));
  const std::vector<double> us =
      LatenciesUs({whole.get(), fixed.get(), dynamic.get()}, round_s, rounds);
  std::printf("%-18s float32 %9.3f us  static %9.3f us (%.2fx)  dynamic %9.3f us (%.2fx)\n", name,
              us[0], us[1], us[1] / us[0], us[2], us[2] / us[0]);
}

}  // namespace
}  // namespace tinyjoule

int main(int argc, char** argv) {
  using tinyjoule::PrintLine;
  namespace v1 = tinyjoule::v1;
  const double round_s = argc > 1 ? std::atof(argv[1]) : 0.02;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 31;
  PrintLine("tinymlp, 5 values", v1::MODEL_TYPE_TINYMLP, {1, 5}, round_s, rounds);
  PrintLine("tinycnn, 5 values", v1::MODEL_TYPE_TINYCNN, {1, 5}, round_s, rounds);
  PrintLine("tinycnn, 28 x 28", v1::MODEL_TYPE_TINYCNN, {1, 28, 28}, round_s, rounds);
  PrintLine("ds_cnn, 49 x 10", v1::MODEL_TYPE_DS_CNN, {1, 49, 10}, round_s, rounds);
  PrintLine("resnet8, 32 x 32", v1::MODEL_TYPE_RESNET8, {3, 32, 32}, round_s, rounds);
  return 0;
}

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// Prints what structured pruning by half saves on the engine xnnpack: bytes and multiplications of
// the exported model, and its latency, each beside that of the whole model:
//   structured_bench [SECONDS_PER_ROUND [ROUNDS]]
// Exits with 1 unless the first two are less. What a network has learnt changes none of them, so
// the parameters are random.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "agent/runner/inference_engine.h"
#include "common/base/random_source.h"
#include "common/onnx/model_file.h"
#include "common/onnx/model_size.h"
#include "server/trainer/compress/prune.h"
#include "server/trainer/export/network_onnx.h"
#include "server/trainer/nn/network_builder.h"
#include "tests/bench/latency.h"
#include "tests/bench/made.h"

namespace tinyjoule {
namespace {

struct Measured {
  v1::ModelSize size;
  std::unique_ptr<InferenceEngine> engine;
};

Measured Measure(const Network& network) {
  const onnx::ModelProto model = ExportNetwork(network);
  const std::string bytes = Made(SerializeModel(model));
  return {Made(MeasureModel(model, bytes)), Made(MakeEngine(v1::ENGINE_XNNPACK, 1, model))};
}

Network Halved(Network network) {
  v1::PruneStep step;
  step.set_scope(v1::PRUNE_SCOPE_STRUCTURED);
  step.set_criterion(v1::PRUNE_CRITERION_L1);
  step.set_sparsity(0.5);
  SeededRandom random(1);
  const absl::Status pruned = PruneNetwork(step, {}, random, network);
  if (!pruned.ok()) std::exit(1);
  return network;
}

// True when bytes and multiplications are less; the latency, which other work on the machine can
// spoil, is told.
bool PrintLine(const std::string& name, const std::vector<int64_t>& data_shape, double round_s,
               int rounds) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYCNN);
  Network network = Made(BuildNetwork(spec, data_shape, 1));
  SeededRandom random(2);
  InitializeParameters(random, network);
  const Measured whole = Measure(network);
  const Measured half = Measure(Halved(network));
  const std::vector<double> us =
      LatenciesUs({whole.engine.get(), half.engine.get()}, round_s, rounds);
  const auto ratio = [](uint64_t a, uint64_t b) {
    return static_cast<double>(a) / static_cast<double>(b);
  };
  const double bytes = ratio(half.size.model_bytes(), whole.size.model_bytes());
  const double macs = ratio(half.size.mac_count(), whole.size.mac_count());
  std::printf(
      "%-18s bytes %7llu -> %6llu (%.2fx)  MACs %7llu -> %6llu (%.2fx)  "
      "latency %.3f -> %.3f us (%.2fx)\n",
      name.c_str(), static_cast<unsigned long long>(whole.size.model_bytes()),
      static_cast<unsigned long long>(half.size.model_bytes()), bytes,
      static_cast<unsigned long long>(whole.size.mac_count()),
      static_cast<unsigned long long>(half.size.mac_count()), macs, us[0], us[1], us[1] / us[0]);
  return bytes < 1 && macs < 1;
}

}  // namespace
}  // namespace tinyjoule

int main(int argc, char** argv) {
  const double round_s = argc > 1 ? std::atof(argv[1]) : 0.01;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 31;
  const bool row = tinyjoule::PrintLine("tinycnn, 5 values", {1, 5}, round_s, rounds);
  const bool image = tinyjoule::PrintLine("tinycnn, 28 x 28", {1, 28, 28}, round_s, rounds);
  return row && image ? 0 : 1;
}

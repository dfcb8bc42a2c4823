// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/torch/torch_engine.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "agent/runner/torch/torch_border.h"
#include "agent/runner/torch/torch_compiler.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

// The first of those that this LibTorch was built with. QNNPACK rounds as ONNX does on every
// processor; Debian's arm64 library has ONEDNN only.
std::optional<at::QEngine> ChooseInt8Engine() {
  const std::vector<at::QEngine>& supported = at::globalContext().supportedQEngines();
  for (const at::QEngine engine : {at::QEngine::QNNPACK, at::QEngine::ONEDNN}) {
    if (absl::c_linear_search(supported, engine)) return engine;
  }
  return std::nullopt;
}

class TorchEngine final : public InferenceEngine {
 public:
  explicit TorchEngine(std::unique_ptr<TorchProgram> program) : program_(std::move(program)) {}

  const Shape& input_shape() const override { return program_->input_shape; }
  const Shape& output_shape() const override { return program_->output_shape; }

  ElementCoding input_coding() const override { return program_->input_coding; }
  ElementCoding output_coding() const override { return program_->output_coding; }
  void Run(const void* input, void* output) override {
    const absl::Status status = Guarded([&]() -> absl::Status {
      const c10::InferenceMode inference;
      std::copy_n(static_cast<const uint8_t*>(input), program_->input.nbytes(),
                  static_cast<uint8_t*>(program_->input.data_ptr()));
      for (const TorchStep& step : program_->steps) step();
      const at::Tensor result = program_->output->contiguous();
      std::copy_n(static_cast<const uint8_t*>(result.data_ptr()), result.nbytes(),
                  static_cast<uint8_t*>(output));
      return absl::OkStatus();
    });
    if (status.ok()) return;
    // Every step has run before: only memory can be short. A run without a result must not count.
    std::fprintf(stderr, "tinyjoule-runner-torch: %s\n", std::string(status.message()).c_str());
    std::abort();
  }

  std::string version() const override { return program_->version; }

 private:
  std::unique_ptr<TorchProgram> program_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<InferenceEngine>> MakeTorchEngine(v1::Engine engine,
                                                                 uint32_t threads,
                                                                 const onnx::ModelProto& model) {
  if (engine != v1::ENGINE_TORCH) {
    return absl::UnimplementedError("tinyjoule-runner-torch has the engine torch only");
  }
  if (threads < 1 || threads > 256) {
    return absl::InvalidArgumentError(absl::StrCat(threads, " threads; 1 to 256 are possible"));
  }
  TJ_ASSIGN_OR_RETURN(const OnnxGraph graph, OnnxGraph::Create(model));
  const c10::InferenceMode inference;
  at::set_num_threads(static_cast<int>(threads));
  const std::optional<at::QEngine> int8_engine = ChooseInt8Engine();
  if (int8_engine.has_value()) at::globalContext().setQEngine(*int8_engine);
  TJ_ASSIGN_OR_RETURN(auto program, CompileForTorch(graph, int8_engine));
  return std::make_unique<TorchEngine>(std::move(program));
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_TORCH_TORCH_ENGINE_H_
#define AGENT_RUNNER_TORCH_TORCH_ENGINE_H_

#include "agent/runner/inference_engine.h"

namespace tinyjoule {

// The engine of tinyjoule-runner-torch: the model as a list of LibTorch's own operators, called one
// by one as an eager program calls them, with the weights bound at load. A Conv or Gemm between
// DequantizeLinear and QuantizeLinear becomes LibTorch's int8 layer where it has one; version()
// counts those and the layers that it computes in float32 instead.
//
// LibTorch allocates each operator's result, also in Run(): that is a part of what a framework
// costs. Every step has run once, on zeros, before this returns; LibTorch's exceptions end here.
// The number of threads is one for the process.
//
// As MakeEngine; Unimplemented for other engines than torch.
absl::StatusOr<std::unique_ptr<InferenceEngine>> MakeTorchEngine(v1::Engine engine,
                                                                 uint32_t threads,
                                                                 const onnx::ModelProto& model);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_TORCH_TORCH_ENGINE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/xnnpack_engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/runner/xnnpack_compiler.h"
#include "common/base/status.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {
namespace {

constexpr char kXnnpack[] = "xnnpack " TINYJOULE_XNNPACK_VERSION;

std::string VersionOf(const XnnCompiler& compiler, XnnOptions options) {
  if (options.half) {
    return absl::StrCat("xnnpack_f16 (", compiler.half_layers(), " of ", compiler.layers(),
                        " layers in float16 by ", kXnnpack, ")");
  }
  if (options.sparse == SparseLayers::kNever) return kXnnpack;
  return absl::StrCat("sparse (", compiler.sparse_layers(), " of ", compiler.layers(),
                      " layers sparse by ", BestSparseKernels().name, ", the rest by ", kXnnpack,
                      ")");
}

// XNNPACK of 2024 gives wrong sums in float16 layers of 64 outputs and more on such a PC.
bool HasWrongHalfKernels() {
#if TINYJOULE_XNNPACK_RESHAPES && defined(__x86_64__)
  return __builtin_cpu_supports("avx512fp16") != 0;
#else
  return false;
#endif
}

// Whether XNNPACK takes float16 here, asked by its plainest operator.
absl::Status CheckHalf() {
  if (HasWrongHalfKernels()) {
    return absl::FailedPreconditionError(absl::StrCat(
        kXnnpack, " computes float16 wrongly on this processor; use the engine xnnpack"));
  }
  XnnPlan plan(nullptr);
  const Activation values = plan.NewHalfActivation(1, 1);
  if (AddClamp({0, 1}, values, values, &plan).ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this processor has no float16 arithmetic (a Raspberry Pi 5 has); use the engine xnnpack");
}

}  // namespace

absl::StatusOr<std::unique_ptr<XnnpackEngine>> XnnpackEngine::Create(const onnx::ModelProto& model,
                                                                     uint32_t threads,
                                                                     XnnOptions options) {
  TJ_RETURN_IF_ERROR(XnnStatus(xnn_initialize(nullptr), "start"));
  if (options.half) TJ_RETURN_IF_ERROR(CheckHalf());
  TJ_ASSIGN_OR_RETURN(const OnnxGraph graph, OnnxGraph::Create(model));
  ThreadPool pool(threads > 1 ? pthreadpool_create(threads) : nullptr);
  if (threads > 1 && pool == nullptr) {
    return absl::ResourceExhaustedError(absl::StrCat("start ", threads, " threads"));
  }
  std::unique_ptr<XnnpackEngine> engine(new XnnpackEngine(XnnPlan(std::move(pool))));
  XnnCompiler compiler(graph, options, &engine->plan_);
  TJ_RETURN_IF_ERROR(compiler.Compile());
  engine->input_shape_ = graph.value(graph.input()).shape;
  engine->output_shape_ = graph.value(graph.output()).shape;
  TJ_ASSIGN_OR_RETURN(engine->input_coding_, InputCodingOf(graph));
  TJ_ASSIGN_OR_RETURN(engine->output_coding_, OutputCodingOf(graph));
  engine->input_ = compiler.input();
  engine->output_ = compiler.output();
  engine->version_ = VersionOf(compiler, options);
  return engine;
}

void XnnpackEngine::Run(const void* input, void* output) {
  // Not memcpy: a tensor of no elements has no address.
  std::copy_n(static_cast<const uint8_t*>(input), input_.size_bytes(),
              static_cast<uint8_t*>(input_.data));
  plan_.Run();
  std::copy_n(static_cast<const uint8_t*>(output_.data), output_.size_bytes(),
              static_cast<uint8_t*>(output));
}

}  // namespace tinyjoule

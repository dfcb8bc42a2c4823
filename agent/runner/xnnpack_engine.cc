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

std::string VersionOf(const XnnCompiler& compiler, SparseLayers sparse) {
  if (sparse == SparseLayers::kNever) return kXnnpack;
  return absl::StrCat("sparse (", compiler.sparse_layers(), " of ", compiler.layers(),
                      " layers sparse by ", BestSparseKernels().name, ", the rest by ", kXnnpack,
                      ")");
}

}  // namespace

absl::StatusOr<std::unique_ptr<XnnpackEngine>> XnnpackEngine::Create(const onnx::ModelProto& model,
                                                                     uint32_t threads,
                                                                     SparseLayers sparse) {
  TJ_RETURN_IF_ERROR(XnnStatus(xnn_initialize(nullptr), "start"));
  TJ_ASSIGN_OR_RETURN(const OnnxGraph graph, OnnxGraph::Create(model));
  ThreadPool pool(threads > 1 ? pthreadpool_create(threads) : nullptr);
  if (threads > 1 && pool == nullptr) {
    return absl::ResourceExhaustedError(absl::StrCat("start ", threads, " threads"));
  }
  std::unique_ptr<XnnpackEngine> engine(new XnnpackEngine(XnnPlan(std::move(pool))));
  XnnCompiler compiler(graph, sparse, &engine->plan_);
  TJ_RETURN_IF_ERROR(compiler.Compile());
  engine->input_shape_ = graph.value(graph.input()).shape;
  engine->output_shape_ = graph.value(graph.output()).shape;
  TJ_ASSIGN_OR_RETURN(engine->input_coding_, InputCodingOf(graph));
  TJ_ASSIGN_OR_RETURN(engine->output_coding_, OutputCodingOf(graph));
  engine->input_ = compiler.input();
  engine->output_ = compiler.output();
  engine->version_ = VersionOf(compiler, sparse);
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

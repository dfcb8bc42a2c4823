// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/runner/inference_engine.h"
#include "agent/runner/knn_engine.h"
#include "agent/runner/reference_engine.h"
#include "agent/runner/xnnpack_engine.h"
#include "common/base/status.h"
#include "common/onnx/knn_model.h"

namespace tinyjoule {
namespace {

absl::StatusOr<std::unique_ptr<InferenceEngine>> MakeXnnpackEngine(const onnx::ModelProto& model,
                                                                   uint32_t threads,
                                                                   XnnOptions options) {
  if (!IsKnnModel(model)) return XnnpackEngine::Create(model, threads, options);
  TJ_ASSIGN_OR_RETURN(KnnModel knn, ReadKnnModel(model));
  return std::make_unique<KnnEngine>(std::move(knn));
}

}  // namespace

absl::StatusOr<std::unique_ptr<InferenceEngine>> MakeEngine(v1::Engine engine, uint32_t threads,
                                                            const onnx::ModelProto& model) {
  if (threads < 1 || threads > 256) {
    return absl::InvalidArgumentError(absl::StrCat(threads, " threads; 1 to 256 are possible"));
  }
  switch (engine) {
    case v1::ENGINE_XNNPACK:
      return MakeXnnpackEngine(model, threads, {});
    case v1::ENGINE_SPARSE:
      return MakeXnnpackEngine(model, threads, {SparseLayers::kWherePaid});
    case v1::ENGINE_XNNPACK_F16:
      return MakeXnnpackEngine(model, threads, {SparseLayers::kNever, /*half=*/true});
    case v1::ENGINE_REFERENCE:
      return ReferenceEngine::Create(model);
    case v1::ENGINE_TORCH:
      return absl::UnimplementedError(
          "the engine torch is a program of its own, tinyjoule-runner-torch");
    default:
      return absl::InvalidArgumentError(absl::StrCat("engine ", static_cast<int>(engine)));
  }
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_SPARSE_LAYERS_H_
#define AGENT_RUNNER_SPARSE_LAYERS_H_

#include <cstdint>

#include "agent/runner/sparse_kernels.h"
#include "agent/runner/xnnpack_operators.h"
#include "agent/runner/xnnpack_plan.h"

namespace tinyjoule {

// Float32 layers computed from their nonzero weights alone, as steps of a plan beside XNNPACK's
// operators. One thread. Parameters as AddDense and AddConvolution of xnnpack_operators.h.

// The share of zeros from which a layer is computed so; above 1: never.
struct SparseThresholds {
  double dense = 2;
  double convolution = 2;
};

double ShareOfZeros(const FloatWeights& weights);

void AddSparseDense(int64_t rows, int64_t inputs, const FloatWeights& weights, Clamp clamp,
                    const Activation& in, const Activation& out, XnnPlan* plan,
                    const SparseKernels& kernels = BestSparseKernels());

// `in` and `out` in ONNX's order, channels first.
void AddSparseConvolution(const ImageWindow& window, const Groups& groups,
                          const FloatWeights& weights, Clamp clamp, const Activation& in,
                          const Activation& out, XnnPlan* plan,
                          const SparseKernels& kernels = BestSparseKernels());

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_SPARSE_LAYERS_H_

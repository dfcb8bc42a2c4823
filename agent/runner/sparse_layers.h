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

enum class SparseLayers { kNever, kWherePaid, kAlways };

// Whether the layer takes less time from its nonzero weights alone than by XNNPACK, by an estimate
// of cycles that knows nothing but the layer's size and its zeros, so that a model always runs the
// same way. `values`: of the layer's input and output.
bool PaysSparseDense(const FloatWeights& weights, const SparseKernels& kernels);
bool PaysSparseConvolution(const FloatWeights& weights, int64_t pixels, int64_t values,
                           const SparseKernels& kernels);

void AddSparseDense(int64_t rows, int64_t inputs, const FloatWeights& weights, Clamp clamp,
                    const Activation& in, const Activation& out, XnnPlan* plan,
                    const SparseKernels& kernels = BestSparseKernels());

// `in` in ONNX's order or with all its channels last. Gives the result, in one of these orders.
Activation AddSparseConvolution(const ImageWindow& window, const Groups& groups,
                                const FloatWeights& weights, Clamp clamp, const Activation& in,
                                XnnPlan* plan, const SparseKernels& kernels = BestSparseKernels());

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_SPARSE_LAYERS_H_

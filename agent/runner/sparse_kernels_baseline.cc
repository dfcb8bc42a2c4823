// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What every processor of the architecture has: SSE2, or NEON on a Pi.
#define TINYJOULE_VECTOR_FLOATS 4
#include "agent/runner/sparse_kernels_body.h"

namespace tinyjoule {

const SparseKernels& BaselineSparseKernels() {
  static constexpr SparseKernels kKernels = {"baseline", kWidth, Multiply, Convolve, Transpose};
  return kKernels;
}

}  // namespace tinyjoule

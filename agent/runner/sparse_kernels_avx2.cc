// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#if defined(__AVX2__) && defined(__FMA__)
#define TINYJOULE_VECTOR_FLOATS 8
#include "agent/runner/sparse_kernels_body.h"
#else
#include "agent/runner/sparse_kernels.h"
#endif

namespace tinyjoule {

const SparseKernels* Avx2SparseKernels() {
#if defined(__AVX2__) && defined(__FMA__)
  static constexpr SparseKernels kKernels = {"avx2", kWidth, Multiply, Convolve, Transpose};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &kKernels;
#endif
  return nullptr;
}

}  // namespace tinyjoule

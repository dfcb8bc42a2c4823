// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#if defined(__AVX512F__)
#define TINYJOULE_VECTOR_FLOATS 16
#include "agent/runner/sparse_kernels_body.h"
#else
#include "agent/runner/sparse_kernels.h"
#endif

namespace tinyjoule {

const SparseKernels* Avx512SparseKernels() {
#if defined(__AVX512F__)
  static constexpr SparseKernels kKernels = {"avx512", kWidth, Multiply, Convolve, Transpose};
  if (__builtin_cpu_supports("avx512f")) return &kKernels;
#endif
  return nullptr;
}

}  // namespace tinyjoule

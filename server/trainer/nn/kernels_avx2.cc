// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#if defined(__AVX2__) && defined(__FMA__)
#define TINYJOULE_VECTOR_FLOATS 8
#define TINYJOULE_MULTIPLY_ROWS 8
#define TINYJOULE_DOT_ROWS 2
#define TINYJOULE_DOT_COLUMNS 4
#include "server/trainer/nn/kernels_body.h"
#else
#include "server/trainer/nn/kernels.h"
#endif

namespace tinyjoule {

const Kernels* Avx2Kernels() {
#if defined(__AVX2__) && defined(__FMA__)
  static constexpr Kernels kKernels = {"avx2", Multiply, Dot, Adam, Distances};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &kKernels;
#endif
  return nullptr;
}

}  // namespace tinyjoule

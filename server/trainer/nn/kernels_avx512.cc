// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#if defined(__AVX512F__)
#define TINYJOULE_VECTOR_FLOATS 16
#define TINYJOULE_MULTIPLY_ROWS 8
#define TINYJOULE_DOT_ROWS 4
#define TINYJOULE_DOT_COLUMNS 4
#include "server/trainer/nn/kernels_body.h"
#else
#include "server/trainer/nn/kernels.h"
#endif

namespace tinyjoule {

const Kernels* Avx512Kernels() {
#if defined(__AVX512F__)
  static constexpr Kernels kKernels = {"avx512", Multiply, Dot, Adam, Distances};
  if (__builtin_cpu_supports("avx512f")) return &kKernels;
#endif
  return nullptr;
}

}  // namespace tinyjoule

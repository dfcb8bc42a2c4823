// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/sparse_kernels.h"

namespace tinyjoule {

const SparseKernels& BestSparseKernels() {
  static const SparseKernels& kBest = []() -> const SparseKernels& {
    if (const SparseKernels* kernels = Avx512SparseKernels()) return *kernels;
    if (const SparseKernels* kernels = Avx2SparseKernels()) return *kernels;
    return BaselineSparseKernels();
  }();
  return kBest;
}

}  // namespace tinyjoule

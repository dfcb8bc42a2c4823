// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/kernels.h"

namespace tinyjoule {

const Kernels& BestKernels() {
  static const Kernels& kBest = []() -> const Kernels& {
    if (const Kernels* kernels = Avx512Kernels()) return *kernels;
    if (const Kernels* kernels = Avx2Kernels()) return *kernels;
    return BaselineKernels();
  }();
  return kBest;
}

}  // namespace tinyjoule

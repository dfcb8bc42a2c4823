// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/dynamic_kernels.h"

namespace tinyjoule {

const DynamicKernels& BestDynamicKernels() {
  static const DynamicKernels* const kAvx2 = Avx2DynamicKernels();
  return kAvx2 != nullptr ? *kAvx2 : BaselineDynamicKernels();
}

}  // namespace tinyjoule

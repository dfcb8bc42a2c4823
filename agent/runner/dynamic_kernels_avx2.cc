// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#if defined(__AVX2__)
#include "agent/runner/dynamic_kernels_body.h"
#else
#include "agent/runner/dynamic_kernels.h"
#endif

namespace tinyjoule {

const DynamicKernels* Avx2DynamicKernels() {
#if defined(__AVX2__)
  static constexpr DynamicKernels kKernels = {"avx2", Dense, Depthwise, FindSteps, Round};
  if (__builtin_cpu_supports("avx2")) return &kKernels;
#endif
  return nullptr;
}

}  // namespace tinyjoule

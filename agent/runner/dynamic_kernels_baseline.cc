// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What every processor of the architecture has: SSE2, or NEON on a Pi.
#include "agent/runner/dynamic_kernels_body.h"

namespace tinyjoule {

const DynamicKernels& BaselineDynamicKernels() {
  static constexpr DynamicKernels kKernels = {"baseline", Dense, Depthwise, FindSteps, Round};
  return kKernels;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#define TINYJOULE_VECTOR_FLOATS 4
#define TINYJOULE_MULTIPLY_ROWS 8
#define TINYJOULE_DOT_ROWS 2
#define TINYJOULE_DOT_COLUMNS 4
#include "server/trainer/nn/kernels_body.h"

namespace tinyjoule {

const Kernels& BaselineKernels() {
  static constexpr Kernels kKernels = {"baseline", Multiply, Dot, Adam, Distances};
  return kKernels;
}

}  // namespace tinyjoule

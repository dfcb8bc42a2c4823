// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_XNNPACK_OPTIONS_H_
#define AGENT_RUNNER_XNNPACK_OPTIONS_H_

#include "agent/runner/sparse_layers.h"

namespace tinyjoule {

// In which ways the engines that are made of XNNPACK differ.
struct XnnOptions {
  SparseLayers sparse = SparseLayers::kNever;
  // Float models in float16, as far as XNNPACK has it; not together with sparse layers.
  bool half = false;
};

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_OPTIONS_H_

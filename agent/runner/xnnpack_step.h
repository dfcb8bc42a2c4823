// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_XNNPACK_STEP_H_
#define AGENT_RUNNER_XNNPACK_STEP_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "agent/runner/xnnpack_operators.h"

namespace tinyjoule {

// What the files of xnnpack_operators.h share.

struct Int8Clamp {
  int8_t low;
  int8_t high;
};

// The bounds in steps of the result's quantisation.
Int8Clamp QuantizeClamp(Clamp clamp, Quantization quantization);

// Adds the operator to the plan as a step. Takes the operator, also when `setup` is an error.
[[nodiscard]] absl::Status AddOperator(absl::string_view name, xnn_operator_t op, xnn_status setup,
                                       XnnPlan* plan);

// XNNPACK of 2022 has no float32 tanh; one for both, so that the results are the same.
void AddTanh(const Activation& in, const Activation& out, XnnPlan* plan);

// Rows that the `nc` operators see: any split of a flat buffer will do.
inline constexpr size_t kFlatBatch = 1;

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_STEP_H_

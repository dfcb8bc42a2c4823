// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_DYNAMIC_KERNELS_H_
#define AGENT_RUNNER_DYNAMIC_KERNELS_H_

#include <cstdint>

#include "agent/runner/xnnpack_plan.h"

namespace tinyjoule {

// The loops over int8 activations whose range is found in each inference, compiled once for each
// instruction set. All give the same bits.

// Outputs are padded to a multiple of it, with weights, scales and biases of 0.
constexpr int64_t kDynamicLanes = 8;
// Inputs that the kernels may read, and do not use, behind the last.
constexpr int64_t kDynamicReadAhead = kDynamicLanes;

// A convolution or dense layer: each place of an image, or row of a matrix, has one value for each
// output, and sees `kernel_rows` times `run` neighbouring inputs.
struct DynamicLayer {
  int64_t outputs = 0;
  int64_t lanes = 0;
  int64_t kernel_rows = 1;
  int64_t run = 1;
  // [kernel_rows][(taps + 1) / 2][lanes][2]: the weights of two taps side by side. A row of a dense
  // kernel has `run` taps, of a depthwise one run / outputs.
  const int8_t* weights = nullptr;
  // [lanes]: what a step of the weights is worth, the bias, and the sum of the weights.
  const float* scales = nullptr;
  const float* bias = nullptr;
  const int32_t* weight_sums = nullptr;
  float low = 0;
  float high = 0;
};

// The steps that `count` places see: place p those from first + p * place_step + k * row_step on,
// in row k of its kernel.
struct DynamicPlaces {
  const int16_t* first = nullptr;
  int64_t count = 1;
  int64_t place_step = 0;
  int64_t row_step = 0;
  DynamicSteps steps;
};

struct DynamicKernels {
  // "avx2" or "baseline".
  const char* name;
  // out[p * outputs + o] = clamp(bias[o] + scale x scales[o] x sum of (step - zero point) x
  // weight).
  void (*dense)(const DynamicLayer& layer, const DynamicPlaces& places, float* out);
  // The same where output o sees only every `outputs`-th input, from the o-th on.
  void (*depthwise)(const DynamicLayer& layer, const DynamicPlaces& places, float* out);
  // ONNX's DynamicQuantizeLinear, its steps 128 lower: they are signed here.
  DynamicSteps (*find_steps)(const float* values, int64_t size);
  void (*round)(const float* values, int64_t size, const DynamicSteps& steps, int8_t* out);
};

// The fastest that this processor runs. Thread-safe.
const DynamicKernels& BestDynamicKernels();

// For BestDynamicKernels and tests: null where the processor or the build lacks the instructions.
const DynamicKernels* Avx2DynamicKernels();
const DynamicKernels& BaselineDynamicKernels();

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_DYNAMIC_KERNELS_H_

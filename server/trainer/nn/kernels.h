// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_KERNELS_H_
#define SERVER_TRAINER_NN_KERNELS_H_

#include <cstdint>

namespace tinyjoule {

// The few loops in which training spends its time, compiled once for each instruction set. All
// matrices are row-major float32 with the batch innermost, so that every multiplication works on
// whole vectors whatever the size of the layer.

// Values that one step of a kernel works on; batches are padded to a multiple of it.
constexpr int64_t kLanes = 16;

// c[i][n] = sum over k of a[i * a_row + k * a_column] * b[b_offsets[k] + n]  (+ bias[i]).
struct MultiplyArguments {
  int64_t rows = 0;
  // A multiple of kLanes.
  int64_t columns = 0;
  int64_t depth = 0;
  const float* a = nullptr;
  int64_t a_row = 0;
  int64_t a_column = 0;
  const float* b = nullptr;
  const int64_t* b_offsets = nullptr;
  float* c = nullptr;
  int64_t c_row = 0;
  // [rows], or null: none.
  const float* bias = nullptr;
  bool relu = false;
};

// c[i][j] = sum over s < segments and n < length of
//   a[i * a_row + s * a_segment + n] * b[b_offsets[j] + s * b_segment + n].
struct DotArguments {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t segments = 1;
  // A multiple of kLanes.
  int64_t length = 0;
  const float* a = nullptr;
  int64_t a_row = 0;
  int64_t a_segment = 0;
  const float* b = nullptr;
  const int64_t* b_offsets = nullptr;
  int64_t b_segment = 0;
  float* c = nullptr;
  int64_t c_row = 0;
};

// One step of Adam (Kingma and Ba 2015, algorithm 1), with weight decay added to the gradient as
// PyTorch's Adam does. step_size = lr / (1 - beta1^t), root_scale = 1 / sqrt(1 - beta2^t).
struct AdamArguments {
  int64_t count = 0;
  float* parameters = nullptr;
  const float* gradients = nullptr;
  float* first_moment = nullptr;
  float* second_moment = nullptr;
  float step_size = 0;
  float root_scale = 1;
  float beta1 = 0.9F;
  float beta2 = 0.999F;
  float epsilon = 1e-8F;
  float weight_decay = 0;
};

// distances[q][row] = sum over f of (samples[q][f] - point[row][f])^2, for kDistanceSamples samples
// at once, so that a point that has come from memory serves all of them.
constexpr int64_t kDistanceSamples = 8;
struct DistanceArguments {
  // A multiple of kLanes.
  int64_t rows = 0;
  int64_t features = 0;
  // [row / kLanes][feature][row % kLanes]: read from the first to the last.
  const float* points = nullptr;
  // [kDistanceSamples][feature].
  const float* samples = nullptr;
  // [kDistanceSamples][row].
  float* distances = nullptr;
};

struct Kernels {
  // "avx512", "avx2" or "baseline": results differ in the last bit between them.
  const char* name;
  void (*multiply)(const MultiplyArguments& arguments);
  void (*dot)(const DotArguments& arguments);
  void (*adam)(const AdamArguments& arguments);
  void (*distances)(const DistanceArguments& arguments);
};

// The fastest that this processor runs. Thread-safe.
const Kernels& BestKernels();

// For BestKernels and tests: null where the processor or the build lacks the instruction set.
const Kernels* Avx512Kernels();
const Kernels* Avx2Kernels();
const Kernels& BaselineKernels();

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_KERNELS_H_

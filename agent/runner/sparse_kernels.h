// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_SPARSE_KERNELS_H_
#define AGENT_RUNNER_SPARSE_KERNELS_H_

#include <cstdint>

namespace tinyjoule {

// The loops over nonzero weights, compiled once for each instruction set. Weights are compressed
// sparse rows: those of row r are [starts[r], starts[r + 1]).
struct SparseRows {
  int64_t rows = 0;
  const uint32_t* starts = nullptr;
  // For each nonzero weight where the input that it multiplies lies.
  const uint32_t* places = nullptr;
  const float* values = nullptr;
  // [rows].
  const float* bias = nullptr;
  float low = 0;
  float high = 0;
};

// Input that the kernels may read, and do not use, behind its end.
constexpr int64_t kSparseReadAhead = 64;

struct SparseKernels {
  // "avx512", "avx2" or "baseline": results differ in the last bits between them.
  const char* name;
  // Floats in a register.
  int64_t width;
  // out[r] = clamp(bias[r] + sum of values[k] x in[places[k]]).
  void (*multiply)(const SparseRows& weights, const float* in, float* out);
  // out[r * out_row + p] = clamp(bias[r] + sum of values[k] x in[places[k] + p]), p < count.
  void (*convolve)(const SparseRows& weights, const float* in, int64_t count, float* out,
                   int64_t out_row);
  // out[c * out_row + r] = in[r * in_row + c], r < rows, c < columns.
  void (*transpose)(const float* in, int64_t rows, int64_t columns, int64_t in_row, float* out,
                    int64_t out_row);
};

// The fastest that this processor runs. Thread-safe.
const SparseKernels& BestSparseKernels();

// For BestSparseKernels and tests: null where the processor or the build lacks the instruction set.
const SparseKernels* Avx512SparseKernels();
const SparseKernels* Avx2SparseKernels();
const SparseKernels& BaselineSparseKernels();

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_SPARSE_KERNELS_H_

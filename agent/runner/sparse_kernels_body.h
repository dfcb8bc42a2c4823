// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The kernels' text, included once by each of sparse_kernels_*.cc, which are compiled for different
// instruction sets. Everything is in an unnamed namespace, so that the linker can never put one
// instruction set's code in the place of another's.
//
// The includer defines TINYJOULE_VECTOR_FLOATS, how many floats a register holds.
#ifndef AGENT_RUNNER_SPARSE_KERNELS_BODY_H_
#define AGENT_RUNNER_SPARSE_KERNELS_BODY_H_

#include <algorithm>
#include <cstring>

#include "agent/runner/sparse_kernels.h"

namespace tinyjoule {
namespace {

constexpr int64_t kWidth = TINYJOULE_VECTOR_FLOATS;

// GCC's and clang's vector extension.
using Vector __attribute__((vector_size(kWidth * sizeof(float)))) = float;

// From and to any address: one instruction.
template <typename Values>
inline Values LoadAs(const float* from) {
  Values values;
  std::memcpy(&values, from, sizeof(values));
  return values;
}
template <typename Values>
inline void Store(const Values& values, float* to) {
  std::memcpy(to, &values, sizeof(values));
}

// One row of additions that wait for each other would take four cycles for each weight; so several
// sums run side by side.
constexpr int kSums = 4;

void Multiply(const SparseRows& w, const float* in, float* out) {
  for (int64_t row = 0; row < w.rows; ++row) {
    uint32_t k = w.starts[row];
    const uint32_t end = w.starts[row + 1];
    float sums[kSums] = {w.bias[row]};
    for (; k + kSums <= end; k += kSums) {
      for (int i = 0; i < kSums; ++i) sums[i] += w.values[k + i] * in[w.places[k + i]];
    }
    for (; k < end; ++k) sums[0] += w.values[k] * in[w.places[k]];
    const float sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    out[row] = std::min(std::max(sum, w.low), w.high);
  }
}

inline void StoreFirst(const Vector& value, int64_t count, float* to) {
  if (count >= kWidth) {
    Store(value, to);
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] = value[i];
  }
}

// All rows of kVectors registers of results, of which `count` values are wanted.
template <int kVectors>
void ConvolveBlock(const SparseRows& w, const float* in, int64_t count, float* out,
                   int64_t out_row) {
  constexpr int kParts = 2 * kSums / kVectors;
  for (int64_t row = 0; row < w.rows; ++row) {
    Vector sums[kParts][kVectors] = {};
    for (int v = 0; v < kVectors; ++v) sums[0][v] += w.bias[row];
    uint32_t k = w.starts[row];
    const uint32_t end = w.starts[row + 1];
    for (; k + kParts <= end; k += kParts) {
      for (int part = 0; part < kParts; ++part) {
        const float* from = in + w.places[k + part];
        for (int v = 0; v < kVectors; ++v) {
          sums[part][v] += LoadAs<Vector>(from + v * kWidth) * w.values[k + part];
        }
      }
    }
    for (; k < end; ++k) {
      for (int v = 0; v < kVectors; ++v) {
        sums[0][v] += LoadAs<Vector>(in + w.places[k] + v * kWidth) * w.values[k];
      }
    }
    for (int v = 0; v < kVectors; ++v) {
      Vector sum = sums[0][v];
      for (int part = 1; part < kParts; ++part) sum += sums[part][v];
      sum = sum < w.low ? Vector{} + w.low : sum;
      sum = sum > w.high ? Vector{} + w.high : sum;
      StoreFirst(sum, count - v * kWidth, out + row * out_row + v * kWidth);
    }
  }
}

void Convolve(const SparseRows& w, const float* in, int64_t count, float* out, int64_t out_row) {
  constexpr int64_t kBlock = kSums * kWidth;
  int64_t p = 0;
  for (; p + kBlock <= count; p += kBlock) {
    ConvolveBlock<kSums>(w, in + p, kBlock, out + p, out_row);
  }
  const int64_t rest = count - p;
  if (rest > 2 * kWidth) {
    ConvolveBlock<kSums>(w, in + p, rest, out + p, out_row);
  } else if (rest > kWidth) {
    ConvolveBlock<2>(w, in + p, rest, out + p, out_row);
  } else if (rest > 0) {
    ConvolveBlock<1>(w, in + p, rest, out + p, out_row);
  }
}

static_assert(kSums * kWidth <= kSparseReadAhead);

using Four __attribute__((vector_size(16))) = float;

void TransposeFour(const float* in, int64_t in_row, float* out, int64_t out_row) {
  const Four a = LoadAs<Four>(in);
  const Four b = LoadAs<Four>(in + in_row);
  const Four c = LoadAs<Four>(in + 2 * in_row);
  const Four d = LoadAs<Four>(in + 3 * in_row);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Four ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Four cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  Store(__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), out);
  Store(__builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7), out + out_row);
  Store(__builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), out + 2 * out_row);
  Store(__builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7), out + 3 * out_row);
}

void Transpose(const float* in, int64_t rows, int64_t columns, int64_t in_row, float* out,
               int64_t out_row) {
  const int64_t whole_rows = rows / 4 * 4;
  const int64_t whole_columns = columns / 4 * 4;
  for (int64_t r = 0; r < whole_rows; r += 4) {
    for (int64_t c = 0; c < whole_columns; c += 4) {
      TransposeFour(in + r * in_row + c, in_row, out + c * out_row + r, out_row);
    }
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = r < whole_rows ? whole_columns : 0; c < columns; ++c) {
      out[c * out_row + r] = in[r * in_row + c];
    }
  }
}

}  // namespace
}  // namespace tinyjoule

#endif  // AGENT_RUNNER_SPARSE_KERNELS_BODY_H_

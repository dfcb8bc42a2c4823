// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The kernels' text, included once by each of kernels_*.cc, which are compiled for different
// instruction sets. Everything is in an unnamed namespace, so that the linker can never put one
// instruction set's code in the place of another's.
//
// The includer defines TINYJOULE_VECTOR_FLOATS, how many floats a register holds, and
// TINYJOULE_MULTIPLY_ROWS, TINYJOULE_DOT_ROWS and TINYJOULE_DOT_COLUMNS, how many accumulators
// there are registers for; those of Dot are best a multiple of TINYJOULE_VECTOR_FLOATS.
#ifndef SERVER_TRAINER_NN_KERNELS_BODY_H_
#define SERVER_TRAINER_NN_KERNELS_BODY_H_

#include <cmath>
#include <cstddef>
#include <utility>

#include "server/trainer/nn/kernels.h"

namespace tinyjoule {
namespace {

// Floats in a register.
constexpr int64_t kWidth = TINYJOULE_VECTOR_FLOATS;
static_assert(kLanes % kWidth == 0);

// GCC's and clang's vector extension. The alignment of 4 lets it read any float.
using Vector __attribute__((vector_size(kWidth * sizeof(float)), aligned(4))) = float;

inline const Vector& Load(const float* from) { return *reinterpret_cast<const Vector*>(from); }
inline void Store(const Vector& value, float* to) { *reinterpret_cast<Vector*>(to) = value; }

template <int kRows>
void MultiplyBlock(const MultiplyArguments& m, int64_t row) {
  const float* a = m.a + row * m.a_row;
  float* c = m.c + row * m.c_row;
  for (int64_t column = 0; column < m.columns; column += kWidth) {
    Vector sum[kRows];
    for (int i = 0; i < kRows; ++i) sum[i] = Vector{} + (m.bias ? m.bias[row + i] : 0.0F);
    for (int64_t k = 0; k < m.depth; ++k) {
      const Vector b = Load(m.b + m.b_offsets[k] + column);
      const float* a_k = a + k * m.a_column;
      for (int i = 0; i < kRows; ++i) sum[i] += b * a_k[i * m.a_row];
    }
    for (int i = 0; i < kRows; ++i) {
      if (m.relu) sum[i] = sum[i] > 0.0F ? sum[i] : Vector{};
      Store(sum[i], c + i * m.c_row + column);
    }
  }
}

void Multiply(const MultiplyArguments& m) {
  int64_t row = 0;
  for (; row + TINYJOULE_MULTIPLY_ROWS <= m.rows; row += TINYJOULE_MULTIPLY_ROWS) {
    MultiplyBlock<TINYJOULE_MULTIPLY_ROWS>(m, row);
  }
  for (; row + 2 <= m.rows; row += 2) MultiplyBlock<2>(m, row);
  for (; row < m.rows; ++row) MultiplyBlock<1>(m, row);
}

inline float Sum(const Vector& value) {
  float part[kWidth];
  Store(value, part);
  for (int64_t half = kWidth / 2; half > 0; half /= 2) {
    for (int64_t i = 0; i < half; ++i) part[i] += part[i + half];
  }
  return part[0];
}

// Each half of what is left of a and of b added to the other half, a's in front.
template <size_t kHalf, size_t... kPlace>
inline Vector AddHalves(const Vector& a, const Vector& b, std::index_sequence<kPlace...>) {
  return __builtin_shufflevector(a, b, (kPlace / kHalf * 2 * kHalf + kPlace % kHalf)...) +
         __builtin_shufflevector(a, b, (kPlace / kHalf * 2 * kHalf + kPlace % kHalf + kHalf)...);
}

// The sum of each of kCount registers, kWidth / kCount parts of it side by side: for kCount =
// kWidth the sums themselves, in a fraction of the operations of kWidth times Sum.
template <size_t kCount>
inline Vector SumEach(const Vector* values) {
  if constexpr (kCount == 1) {
    return *values;
  } else {
    return AddHalves<kWidth / kCount>(SumEach<kCount / 2>(values),
                                      SumEach<kCount / 2>(values + kCount / 2),
                                      std::make_index_sequence<kWidth>());
  }
}

template <int kRows, int kColumns>
void StoreSums(const Vector (&sum)[kRows][kColumns], float* c, int64_t c_row) {
  constexpr int kCount = kRows * kColumns;
  float sums[kCount];
  if constexpr (kCount % kWidth == 0) {
    for (int i = 0; i < kCount; i += kWidth) Store(SumEach<kWidth>(&sum[0][0] + i), sums + i);
  } else {
    for (int i = 0; i < kCount; ++i) sums[i] = Sum(sum[i / kColumns][i % kColumns]);
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kColumns; ++j) c[i * c_row + j] = sums[i * kColumns + j];
  }
}

template <int kRows, int kColumns>
void DotBlock(const DotArguments& d, int64_t row, int64_t column) {
  Vector sum[kRows][kColumns] = {};
  for (int64_t segment = 0; segment < d.segments; ++segment) {
    const float* a = d.a + row * d.a_row + segment * d.a_segment;
    const float* b = d.b + segment * d.b_segment;
    for (int64_t n = 0; n < d.length; n += kWidth) {
      for (int j = 0; j < kColumns; ++j) {
        const Vector b_j = Load(b + d.b_offsets[column + j] + n);
        for (int i = 0; i < kRows; ++i) sum[i][j] += Load(a + i * d.a_row + n) * b_j;
      }
    }
  }
  StoreSums(sum, d.c + row * d.c_row + column, d.c_row);
}

template <int kRows>
void DotRows(const DotArguments& d, int64_t row) {
  int64_t column = 0;
  for (; column + TINYJOULE_DOT_COLUMNS <= d.columns; column += TINYJOULE_DOT_COLUMNS) {
    DotBlock<kRows, TINYJOULE_DOT_COLUMNS>(d, row, column);
  }
  for (; column < d.columns; ++column) DotBlock<kRows, 1>(d, row, column);
}

void Dot(const DotArguments& d) {
  int64_t row = 0;
  for (; row + TINYJOULE_DOT_ROWS <= d.rows; row += TINYJOULE_DOT_ROWS) {
    DotRows<TINYJOULE_DOT_ROWS>(d, row);
  }
  for (; row < d.rows; ++row) DotRows<1>(d, row);
}

void Adam(const AdamArguments& s) {
  for (int64_t i = 0; i < s.count; ++i) {
    const float gradient = s.gradients[i] + s.weight_decay * s.parameters[i];
    const float first = s.beta1 * s.first_moment[i] + (1.0F - s.beta1) * gradient;
    const float second = s.beta2 * s.second_moment[i] + (1.0F - s.beta2) * gradient * gradient;
    s.first_moment[i] = first;
    s.second_moment[i] = second;
    s.parameters[i] -= s.step_size * first / (std::sqrt(second) * s.root_scale + s.epsilon);
  }
}

void Distances(const DistanceArguments& d) {
  for (int64_t row = 0; row < d.rows; row += kWidth) {
    const float* points = d.points + row / kLanes * kLanes * d.features + row % kLanes;
    Vector sum[kDistanceSamples] = {};
    for (int64_t f = 0; f < d.features; ++f) {
      const Vector point = Load(points + f * kLanes);
      for (int64_t q = 0; q < kDistanceSamples; ++q) {
        const Vector difference = d.samples[q * d.features + f] - point;
        sum[q] += difference * difference;
      }
    }
    for (int64_t q = 0; q < kDistanceSamples; ++q) Store(sum[q], d.distances + q * d.rows + row);
  }
}

}  // namespace
}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_KERNELS_BODY_H_

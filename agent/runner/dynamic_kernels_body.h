// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The kernels' text, included once by each of dynamic_kernels_*.cc, which are compiled for
// different instruction sets. Everything is in an unnamed namespace, so that the linker can never
// put one instruction set's code in the place of another's.
#ifndef AGENT_RUNNER_DYNAMIC_KERNELS_BODY_H_
#define AGENT_RUNNER_DYNAMIC_KERNELS_BODY_H_

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstring>

#include "agent/runner/dynamic_kernels.h"

namespace tinyjoule {
namespace {

// Outputs in a register.
#if defined(__AVX2__)
constexpr int64_t kWidth = 8;
#else
constexpr int64_t kWidth = 4;
#endif
static_assert(kDynamicLanes % kWidth == 0);

// GCC's and clang's vector extension.
using Sums __attribute__((vector_size(4 * kWidth))) = int32_t;
using Floats __attribute__((vector_size(4 * kWidth))) = float;
// Two neighbours of each output.
using Pairs __attribute__((vector_size(4 * kWidth))) = int16_t;

// 1.5 x 2^23: adding it leaves no bit behind the point and rounds half to even, without a branch.
constexpr float kNoFraction = 12'582'912.0F;

template <typename Values>
inline Values LoadAs(const void* from) {
  Values values;
  std::memcpy(&values, from, sizeof(values));
  return values;
}

// The instructions that the extension has no words for: the weights of kWidth outputs for two taps;
// the same two steps for every output; two rows of steps, side by side; sums of products by two.
#if defined(__AVX2__)
inline Pairs LoadWeights(const int8_t* from) {
  return (Pairs)_mm256_cvtepi8_epi16(LoadAs<__m128i>(from));
}
inline Pairs Repeat(const int16_t* two) { return (Pairs)_mm256_set1_epi32(LoadAs<int32_t>(two)); }
inline Pairs Interleave(const int16_t* a, const int16_t* b) {
  const __m128i x = LoadAs<__m128i>(a);
  const __m128i y = LoadAs<__m128i>(b);
  return (Pairs)_mm256_set_m128i(_mm_unpackhi_epi16(x, y), _mm_unpacklo_epi16(x, y));
}
inline Sums MultiplyAdd(Pairs a, Pairs b) {
  return (Sums)_mm256_madd_epi16((__m256i)a, (__m256i)b);
}
#elif defined(__SSE2__)
inline Pairs LoadWeights(const int8_t* from) {
  const __m128i bytes = _mm_cvtsi64_si128(LoadAs<int64_t>(from));
  return (Pairs)_mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
}
inline Pairs Repeat(const int16_t* two) { return (Pairs)_mm_set1_epi32(LoadAs<int32_t>(two)); }
inline Pairs Interleave(const int16_t* a, const int16_t* b) {
  return (Pairs)_mm_unpacklo_epi16(_mm_cvtsi64_si128(LoadAs<int64_t>(a)),
                                   _mm_cvtsi64_si128(LoadAs<int64_t>(b)));
}
inline Sums MultiplyAdd(Pairs a, Pairs b) { return (Sums)_mm_madd_epi16((__m128i)a, (__m128i)b); }
#elif defined(__ARM_NEON)
inline Pairs LoadWeights(const int8_t* from) { return (Pairs)vmovl_s8(vld1_s8(from)); }
inline Pairs Repeat(const int16_t* two) {
  return (Pairs)vreinterpretq_s16_s32(vdupq_n_s32(LoadAs<int32_t>(two)));
}
inline Pairs Interleave(const int16_t* a, const int16_t* b) {
  const int16x4x2_t zipped = vzip_s16(vld1_s16(a), vld1_s16(b));
  return (Pairs)vcombine_s16(zipped.val[0], zipped.val[1]);
}
inline Sums MultiplyAdd(Pairs a, Pairs b) {
  const auto x = (int16x8_t)a;
  const auto y = (int16x8_t)b;
  return (Sums)vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
}
#else
inline Pairs LoadWeights(const int8_t* from) {
  Pairs weights;
  for (int64_t i = 0; i < 2 * kWidth; ++i) weights[i] = from[i];
  return weights;
}
inline Pairs Repeat(const int16_t* two) {
  Pairs steps;
  for (int64_t i = 0; i < 2 * kWidth; ++i) steps[i] = two[i % 2];
  return steps;
}
inline Pairs Interleave(const int16_t* a, const int16_t* b) {
  Pairs steps;
  for (int64_t i = 0; i < 2 * kWidth; ++i) steps[i] = (i % 2 == 0 ? a : b)[i / 2];
  return steps;
}
inline Sums MultiplyAdd(Pairs a, Pairs b) {
  Sums sums;
  for (int64_t i = 0; i < kWidth; ++i) sums[i] = a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
  return sums;
}
#endif

inline void Finish(const DynamicLayer& layer, const DynamicSteps& steps, int64_t lane, Sums sums,
                   float* out) {
  const Sums centered = sums - LoadAs<Sums>(layer.weight_sums + lane) * steps.zero_point;
  Floats value = LoadAs<Floats>(layer.scales + lane) * steps.scale *
                     __builtin_convertvector(centered, Floats) +
                 LoadAs<Floats>(layer.bias + lane);
  value = value < layer.low ? Floats{} + layer.low : value;
  value = value > layer.high ? Floats{} + layer.high : value;
  const int64_t wanted = std::min(kWidth, layer.outputs - lane);
  if (wanted == kWidth) {
    std::memcpy(out + lane, &value, sizeof(value));
  } else {
    for (int64_t i = 0; i < wanted; ++i) out[lane + i] = value[i];
  }
}

// kPlaces places by kVectors registers of outputs, from `place` and `lane` on.
template <int kPlaces, int kVectors>
void DenseBlock(const DynamicLayer& layer, const DynamicPlaces& places, int64_t place, int64_t lane,
                float* out) {
  Sums sums[kPlaces][kVectors] = {};
  const int8_t* weight = layer.weights + 2 * lane;
  const int16_t* in = places.first + place * places.place_step;
  for (int64_t row = 0; row < layer.kernel_rows; ++row, in += places.row_step) {
    for (int64_t i = 0; i < layer.run; i += 2, weight += 2 * layer.lanes) {
      Pairs weights[kVectors];
      for (int v = 0; v < kVectors; ++v) weights[v] = LoadWeights(weight + 2 * v * kWidth);
      for (int p = 0; p < kPlaces; ++p) {
        const Pairs steps = Repeat(in + p * places.place_step + i);
        for (int v = 0; v < kVectors; ++v) sums[p][v] += MultiplyAdd(weights[v], steps);
      }
    }
  }
  for (int p = 0; p < kPlaces; ++p) {
    for (int v = 0; v < kVectors; ++v) {
      Finish(layer, places.steps, lane + v * kWidth, sums[p][v], out + (place + p) * layer.outputs);
    }
  }
}

template <int kPlaces>
void DensePlaces(const DynamicLayer& layer, const DynamicPlaces& places, int64_t place,
                 float* out) {
  constexpr int kVectors = 2;
  // Of a last half register nothing may be wanted.
  const int64_t end = (layer.outputs + kWidth - 1) / kWidth * kWidth;
  int64_t lane = 0;
  for (; lane + kVectors * kWidth <= end; lane += kVectors * kWidth) {
    DenseBlock<kPlaces, kVectors>(layer, places, place, lane, out);
  }
  if (lane < end) DenseBlock<kPlaces, 1>(layer, places, place, lane, out);
}

void Dense(const DynamicLayer& layer, const DynamicPlaces& places, float* out) {
  constexpr int kPlaces = 4;
  int64_t place = 0;
  for (; place + kPlaces <= places.count; place += kPlaces) {
    DensePlaces<kPlaces>(layer, places, place, out);
  }
  for (; place < places.count; ++place) DensePlaces<1>(layer, places, place, out);
}

void Depthwise(const DynamicLayer& layer, const DynamicPlaces& places, float* out) {
  const int64_t channels = layer.outputs;
  for (int64_t place = 0; place < places.count; ++place, out += channels) {
    for (int64_t lane = 0; lane < channels; lane += kWidth) {
      const int8_t* weight = layer.weights + 2 * lane;
      const int16_t* in = places.first + place * places.place_step + lane;
      Sums sums = {};
      for (int64_t row = 0; row < layer.kernel_rows; ++row, in += places.row_step) {
        for (int64_t i = 0; i < layer.run; i += 2 * channels, weight += 2 * layer.lanes) {
          // Behind the last tap stands a weight of 0.
          const int64_t next = i + channels < layer.run ? i + channels : i;
          sums += MultiplyAdd(LoadWeights(weight), Interleave(in + i, in + next));
        }
      }
      Finish(layer, places.steps, lane, sums, out);
    }
  }
}

DynamicSteps FindSteps(const float* values, int64_t size) {
  Floats lows = {};
  Floats highs = {};
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const auto value = LoadAs<Floats>(values + i);
    lows = value < lows ? value : lows;
    highs = value > highs ? value : highs;
  }
  float low = 0;
  float high = 0;
  for (int64_t lane = 0; lane < kWidth; ++lane) {
    low = std::min(low, lows[lane]);
    high = std::max(high, highs[lane]);
  }
  for (; i < size; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  if (high == low) return {1.0F, -128};
  const float scale = (high - low) / 255.0F;
  return {scale, static_cast<int32_t>(std::nearbyint(-low / scale)) - 128};
}

void Round(const float* values, int64_t size, const DynamicSteps& steps, int8_t* out) {
  const float scale = steps.scale;
  const float zero_point = static_cast<float>(steps.zero_point);
  for (int64_t i = 0; i < size; ++i) {
    const float step = (values[i] / scale + kNoFraction) - kNoFraction + zero_point;
    out[i] = static_cast<int8_t>(std::min(std::max(step, -128.0F), 127.0F));
  }
}

}  // namespace
}  // namespace tinyjoule

#endif  // AGENT_RUNNER_DYNAMIC_KERNELS_BODY_H_

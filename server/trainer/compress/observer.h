// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_OBSERVER_H_
#define SERVER_TRAINER_COMPRESS_OBSERVER_H_

#include "absl/types/span.h"
#include "server/trainer/nn/quantization.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

constexpr double kDefaultPercentile = 99.99;

// How the range of a tensor is chosen from the values that calibration saw of it.
struct ObserverOptions {
  v1::Observer kind = v1::OBSERVER_MSE;
  // OBSERVER_PERCENTILE: so many of a hundred values lie in the range; of the others as many below
  // as above. In (50, 100].
  double percentile = kDefaultPercentile;
};

struct ValueRange {
  float low = 0;
  float high = 0;
};

// The smallest range with all values and 0: borders of zeros and ReLU need 0 exact.
ValueRange RangeOf(absl::Span<const float> values);

// The scale and zero point that cover [low, high] and represent 0 exactly. An empty range gives
// steps of 1 around 0.
Quantization QuantizationOf(float low, float high);

// By the observer of the options. MSE: of all ranges between the observed extremes and a third of
// them, the one with the least squared error of rounding and saturation.
Quantization ObservedQuantization(const ObserverOptions& options, absl::Span<const float> values);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_OBSERVER_H_

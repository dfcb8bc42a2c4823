// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_QUANTIZE_H_
#define SERVER_TRAINER_COMPRESS_QUANTIZE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/trainer/compress/quantized_network.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// Static quantisation to int8 after training. `calibration` are samples [row][sample size] of the
// training rows, as CalibrationSamples picks them: their activations decide the scales. Most rows
// of a station are dry and share the value 0 of the rain: where the input's steps fall near it
// decides the error of all of them, so the width of the input's range is the one, of a few, whose
// outputs are nearest to the float network's. InvalidArgument: no samples.
absl::StatusOr<QuantizedNetwork> QuantizeNetwork(const Network& network,
                                                 absl::Span<const float> calibration);

// `count` of the samples, spread evenly over the order of the network's largest output, smallest
// and largest included: a data set of mostly dry hours still shows its storms to the observers.
// All samples when there are not more.
std::vector<float> CalibrationSamples(const Network& network, absl::Span<const float> samples,
                                      int64_t count);

// The scale and zero point that cover [low, high] and represent 0 exactly.
Quantization QuantizationOf(float low, float high);

// Of all ranges between the observed extremes and a third of them, the one with the least squared
// error of rounding and saturation over `values`.
Quantization LeastSquaresQuantization(absl::Span<const float> values);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_QUANTIZE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_CALIBRATION_H_
#define SERVER_TRAINER_COMPRESS_CALIBRATION_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/trainer/compress/quantized_network.h"
#include "server/trainer/nn/network.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// What a float network computes for its calibration samples: all values that get steps of their
// own.
class Calibration {
 public:
  // `samples` outlive the object.
  Calibration(const Network& network, absl::Span<const float> samples);

  // Numbered as in NetworkPass: 0 is the input, i + 1 the result of layers[i], of a layer that a
  // ReLU follows the ReLU's. Empty for a layer that keeps the steps of what it reads.
  absl::Span<const float> Values(size_t value) const {
    return value == 0 ? samples_ : absl::MakeConstSpan(results_[value - 1]);
  }
  absl::Span<const float> samples() const { return samples_; }

 private:
  absl::Span<const float> samples_;
  std::vector<std::vector<float>> results_;
};

// `count` of the samples, spread evenly over the order of the network's largest output, smallest
// and largest included: a data set of mostly dry hours still shows its storms to the observers.
// All samples when there are not more.
std::vector<float> CalibrationSamples(const Network& network, absl::Span<const float> samples,
                                      int64_t count);

// One entry for the input ("input") and for each layer with steps of its own, in their order.
// A value is clipped when it lies outside the range by more than half a step. Signal to noise is
// 10 log10(sum of squares / sum of squared errors). `network` is the one that `quantized` was made
// of.
std::vector<v1::LayerCalibration> CalibrationReport(const Network& network,
                                                    const Calibration& calibration,
                                                    const QuantizedNetwork& quantized);

// The share of the values of `samples` that are clipped, for each entry of the report.
std::vector<double> ClippedShares(const QuantizedNetwork& quantized,
                                  absl::Span<const float> samples);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_CALIBRATION_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_QUANTIZE_H_
#define SERVER_TRAINER_COMPRESS_QUANTIZE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/trainer/compress/calibration.h"
#include "server/trainer/compress/observer.h"
#include "server/trainer/compress/quantized_network.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

struct QuantizeOptions {
  ObserverOptions observer;
  // Scales of the weights: one for each output channel, or one for the layer.
  bool per_channel = true;
  bool int8_io = false;
};

// The network as quantisation wants it: batch normalisation folded into the layers before.
// Unimplemented: what cannot be folded, with the layer.
absl::StatusOr<Network> PrepareToQuantize(const Network& network);

// Static quantisation to int8 after training. `calibration` are samples [row][sample size] of the
// training rows, as CalibrationSamples picks them: their activations decide the scales. The output
// keeps its whole range: saturation would cut the peaks that matter most. InvalidArgument: no
// samples. Unimplemented: as PrepareToQuantize.
absl::StatusOr<QuantizedNetwork> QuantizeNetwork(const Network& network,
                                                 absl::Span<const float> calibration,
                                                 const QuantizeOptions& options = {});

// Its parts, on a prepared network. Steps of every value, numbered as in NetworkPass: those of the
// input first. With the MSE observer the width of the input's range is the one, of a few, whose
// outputs are nearest to the float network's: most rows of a station are dry and share the value 0
// of the rain, and where the input's steps fall near it decides the error of all of them.
std::vector<Quantization> ChooseSteps(const Network& network, const Calibration& calibration,
                                      const QuantizeOptions& options);
// The network with these steps, without a report.
QuantizedNetwork AssembleQuantized(const Network& network, const std::vector<Quantization>& steps,
                                   const QuantizeOptions& options);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_QUANTIZE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_HALF_NETWORK_H_
#define SERVER_TRAINER_COMPRESS_HALF_NETWORK_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// A network whose weights and biases are stored in 16 bits and computed with in 32: its parameters
// are the float32 values of such numbers. A value.
struct HalfNetwork {
  Network network;
};

// Rounds every parameter, batch normalisation having moved into the layers before it where it can.
// InvalidArgument: a parameter beyond the largest float16, with its layer. Unimplemented: as
// PrepareToQuantize.
absl::StatusOr<HalfNetwork> RoundToHalf(const Network& network);

// What the exported model gives.
std::vector<float> Predict(const HalfNetwork& network, absl::Span<const float> samples);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_HALF_NETWORK_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_POOLING_H_
#define SERVER_TRAINER_NN_POOLING_H_

#include <cstdint>

#include "server/trainer/nn/padded_map.h"

namespace tinyjoule {

// Largest of each 2 x 2 square; an odd last row or column is left out.
void MaxPoolForward(const PaddedMap& in, int64_t lanes, PaddedMap& out);
// The derivative goes to the first of the largest values of each square.
void MaxPoolBackward(const PaddedMap& in, const PaddedMap& out_gradient, int64_t lanes,
                     PaddedMap& in_gradient);

// Mean of each channel.
void GlobalAverageForward(const PaddedMap& in, int64_t lanes, PaddedMap& out);
void GlobalAverageBackward(const PaddedMap& out_gradient, int64_t lanes, PaddedMap& in_gradient);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_POOLING_H_

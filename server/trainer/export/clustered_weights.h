// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_EXPORT_CLUSTERED_WEIGHTS_H_
#define SERVER_TRAINER_EXPORT_CLUSTERED_WEIGHTS_H_

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/onnx/onnx_builder.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// Adds the weights of a clustered layer as the value NAME, looked up by standard operators:
//
//   NAME_codebook  float32 [k], the values in ascending order
//   NAME_indices   uint8, one for each weight in the shape of the weights: Cast, then Gather from
//                  the codebook. Where it makes the file smaller (at most 16 values, and an even
//                  number of weights, large enough to pay for the operators), uint8 [weights / 2]:
//                  the index of weight i in the upper four bits of byte i, that of weight
//                  weights / 2 + i in the lower ones, taken apart by Div, Mul and Sub of int32.
void AddClusteredWeights(const Layer& layer, const std::string& name,
                         const std::vector<int64_t>& shape, OnnxBuilder& builder);

// Gives the layers whose weights `model` looks up in a codebook their clusters back.
void RestoreClusters(const onnx::ModelProto& model, Network& network);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_EXPORT_CLUSTERED_WEIGHTS_H_

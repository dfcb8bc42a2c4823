// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_EXPORT_LAYER_OPERATOR_H_
#define SERVER_TRAINER_EXPORT_LAYER_OPERATOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/onnx/onnx_builder.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// What the exports of float and of quantised networks share.

inline constexpr char kGraphName[] = "tinyjoule";

// With the symbolic batch dimension in front.
std::vector<int64_t> BatchShape(std::vector<int64_t> sample_shape);

// Convolutions have as many dimensions as the samples have behind the channels.
bool IsImage(const std::vector<int64_t>& sample_shape);

std::vector<int64_t> WeightShape(const Layer& layer, bool image);

// Adds the operator of a layer. `operands` are the names of the values that it reads, then of its
// parameters.
void AddOperator(const Layer& layer, bool image, const std::vector<std::string>& operands,
                 const std::string& out, OnnxBuilder& builder);

// Int8 weights of a layer, symmetric; scales as many as WeightScales gives.
struct StoredWeights {
  const Layer& layer;
  const std::vector<int8_t>& values;
  const std::vector<float>& scales;
};

// Adds "<layer>.weight" with its scale and zero points, and behind the operands what dequantises
// it.
void AddQuantizedWeights(const StoredWeights& weights, bool image,
                         std::vector<std::string>& operands, OnnxBuilder& builder);

// The shape of one scale per output channel, a vector, or of one for the layer, a scalar.
std::vector<int64_t> ScaleShape(const std::vector<float>& scales);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_EXPORT_LAYER_OPERATOR_H_

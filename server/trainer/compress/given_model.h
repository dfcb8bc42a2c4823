// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_COMPRESS_GIVEN_MODEL_H_
#define SERVER_TRAINER_COMPRESS_GIVEN_MODEL_H_

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/onnx/element_coding.h"
#include "common/reference/reference_program.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// A user's model, which is measured byte for byte as it came.
struct GivenModel {
  std::string bytes;
  onnx::ModelProto proto;
  // Of one sample, without the batch dimension.
  std::vector<int64_t> sample_shape;
  int64_t output_count = 0;
  // Float32, or int8 that the model says the meaning of.
  ElementCoding input_coding;
  ElementCoding output_coding;
  // Of the output, in a model that ends with DequantizeLinear or in int8; else 0.
  float output_step = 0;
  // The same as layers, where it is made of those that a network has: what is compressed, and the
  // faster way to its predictions.
  std::optional<Network> network;
  // The other way. Shared by copies, which must not predict at the same time.
  std::shared_ptr<ReferenceProgram> program;
};

// `network` stays empty. InvalidArgument: damaged bytes, a model that does not map [N, ...] to
// [N, outputs]. Unimplemented: an operator that TinyJoule does not know, with the node's name;
// elements of other types.
absl::StatusOr<GivenModel> ReadGivenModel(std::string bytes);

// [row][output].
std::vector<float> Predict(const GivenModel& model, absl::Span<const float> samples);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_COMPRESS_GIVEN_MODEL_H_

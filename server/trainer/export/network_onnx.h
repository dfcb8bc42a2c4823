// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_EXPORT_NETWORK_ONNX_H_
#define SERVER_TRAINER_EXPORT_NETWORK_ONNX_H_

#include <onnx/onnx_pb.h>

#include "absl/status/statusor.h"
#include "server/trainer/compress/quantized_network.h"
#include "server/trainer/compress/trained_model.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// The network in standard operators: Conv, Relu, MaxPool, GlobalAveragePool, Flatten, Gemm; input
// "input" [N, sample shape...], output "output" [N, outputs] (logits in classification), parameters
// "<layer>.weight" and "<layer>.bias". Equal networks give equal models.
onnx::ModelProto ExportNetwork(const Network& network);

// The same chain in int8 as QuantizeLinear and DequantizeLinear around every operator: activations
// int8 with one scale and zero point, weights int8 with a scale for each output channel and zero
// point 0, biases int32.
onnx::ModelProto ExportNetwork(const QuantizedNetwork& network);

onnx::ModelProto ExportModel(const TrainedModel& model);

// A chain of the operators above as a network: what ExportNetwork wrote, and users' models of that
// form. Unimplemented: any other operator, attribute or branch, with the node's name.
// InvalidArgument: a model that is not sound.
absl::StatusOr<Network> ImportNetwork(const onnx::ModelProto& model);

// A float32 network or k-nearest-neighbour model, as a base training leaves its checkpoint.
absl::StatusOr<TrainedModel> ImportModel(const onnx::ModelProto& model);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_EXPORT_NETWORK_ONNX_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_EXPORT_NETWORK_ONNX_H_
#define SERVER_TRAINER_EXPORT_NETWORK_ONNX_H_

#include <onnx/onnx_pb.h>

#include "absl/status/statusor.h"
#include "server/trainer/compress/dynamic_network.h"
#include "server/trainer/compress/half_network.h"
#include "server/trainer/compress/quantized_network.h"
#include "server/trainer/compress/trained_model.h"
#include "server/trainer/nn/network.h"

namespace tinyjoule {

// The network in standard operators: Conv, Relu, MaxPool, GlobalAveragePool, Flatten, Gemm; input
// "input" [N, sample shape...], output "output" [N, outputs] (logits in classification), parameters
// "<layer>.weight" and "<layer>.bias", clustered weights as clustered_weights.h says. Equal
// networks give equal models.
onnx::ModelProto ExportNetwork(const Network& network);

// The same graph in int8 as QuantizeLinear and DequantizeLinear around every operator: activations
// int8 with one scale and zero point, weights int8 with a scale for each output channel or for the
// layer and zero point 0, biases int32. With int8_io the input is int8 and read by a
// DequantizeLinear, the output int8 and made by a QuantizeLinear.
onnx::ModelProto ExportNetwork(const QuantizedNetwork& network);

// With the same weights, float32 biases, and DynamicQuantizeLinear and DequantizeLinear around what
// convolutions and linear layers read. Each inference on its own: a batch would share its ranges.
onnx::ModelProto ExportNetwork(const DynamicNetwork& network);

// The float graph whose parameters are float16, each read by a Cast to float32.
onnx::ModelProto ExportNetwork(const HalfNetwork& network);

onnx::ModelProto ExportModel(const TrainedModel& model);

// A chain of the operators above as a network: what ExportNetwork wrote, and users' models of that
// form. Unimplemented: any other operator, attribute or branch, with the node's name.
// InvalidArgument: a model that is not sound.
absl::StatusOr<Network> ImportNetwork(const onnx::ModelProto& model);

// A static int8 network with float32 ends, of the same bytes when it is exported again; without its
// calibration report. Unimplemented: anything that ExportNetwork did not write.
absl::StatusOr<QuantizedNetwork> ImportQuantizedNetwork(const onnx::ModelProto& model);

// A float32 network, a static int8 one with float32 ends, or a k-nearest-neighbour model, as a task
// leaves what others start from.
absl::StatusOr<TrainedModel> ImportModel(const onnx::ModelProto& model);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_EXPORT_NETWORK_ONNX_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_MODEL_SIZE_H_
#define COMMON_ONNX_MODEL_SIZE_H_

#include <onnx/onnx_pb.h>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/onnx/onnx_graph.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Every honest size of a model but sparsity_nominal, which only the trainer knows. `file_bytes` is
// the serialized model.
//
//   parameter_count        Elements of the constants that training set: weights and biases of Conv,
//                          Gemm and MatMul (the constant added right after a MatMul is its bias),
//                          scale and bias of BatchNormalization (its running mean and variance are
//                          statistics, not parameters). In a quantised model the int8 weights and
//                          int32 biases behind DequantizeLinear; scales and zero points do not
//                          count. k-nearest neighbours: stored rows x features, without targets.
//   nonzero_count          How many of them are not exactly 0.
//   sparsity               1 - nonzero_count / parameter_count; 0 for a model without parameters.
//   mac_count              Multiplications with a parameter in one inference: Conv (outputs x
//                          kernel x input channels / groups), Gemm and MatMul (m x n x k);
//                          k-nearest neighbours: rows x features.
//   model_bytes            Size of the file.
//   model_bytes_zstd       Size of the file behind zstd at its default level, 3, for every model.
//   model_bytes_dense      The file with each parameter tensor in full, each element in its own
//   type:
//                          model_bytes, unless the file itself has indices into a codebook.
//   model_bytes_sparse     The file with each parameter tensor in the smaller of two layouts:
//                          dense, or compressed sparse rows = nonzeros x (element bytes + column
//                          index bytes) + (rows + 1) x row pointer bytes, in which rows is the
//                          first dimension, columns the product of the others, and indices take 1,
//                          2 or 4 bytes, as the largest needs (columns - 1; nonzeros).
//   model_bytes_clustered  The file with each parameter tensor in the smaller of two layouts:
//   dense,
//                          or a codebook of its distinct values and for each element an index of
//                          as many bits as it needs, packed.
//   peak_activation_bytes  See PeakActivationBytes in onnx_graph.h.
//
// InvalidArgument, Unimplemented: as OnnxGraph::Create.
absl::StatusOr<v1::ModelSize> MeasureModel(const onnx::ModelProto& model,
                                           absl::string_view file_bytes);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_MODEL_SIZE_H_

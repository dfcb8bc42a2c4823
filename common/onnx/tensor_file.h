// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_TENSOR_FILE_H_
#define COMMON_ONNX_TENSOR_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// A dense float32 tensor, row-major.
struct FloatTensor {
  std::vector<int64_t> shape;
  // As many as the product of `shape`.
  std::vector<float> values;
};

// A tensor file is one serialized onnx::TensorProto of float32 (customary suffix .pb), as in ONNX's
// own test data.

// Reads a tensor file piece by piece, so that no second copy of the values is ever in memory.
// Accepts raw_data and float_data. NotFound: no such file. InvalidArgument: not a float32 tensor,
// cut short, negative or overflowing shape, or as many values as the shape does not say.
absl::StatusOr<FloatTensor> ReadTensorFile(const std::string& path);

// The bytes of a tensor file: raw_data, little-endian; the same tensor and name give the same
// bytes. InvalidArgument: shape and number of values differ.
absl::StatusOr<std::string> SerializeTensor(absl::string_view name, const FloatTensor& tensor);

// Writes them. The file appears whole or not at all.
[[nodiscard]] absl::Status WriteTensorFile(const std::string& path, absl::string_view name,
                                           const FloatTensor& tensor);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_TENSOR_FILE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_TENSOR_DATA_H_
#define COMMON_ONNX_TENSOR_DATA_H_

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// The element types that TinyJoule computes with; of kFloat16 there are only constants and Cast.
enum class ElementType { kFloat, kInt8, kUint8, kInt32, kInt64, kBool, kFloat16 };

size_t ElementSize(ElementType type);
// "float32".
absl::string_view ElementTypeName(ElementType type);
// From onnx::TensorProto::DataType. Unimplemented: any other type.
absl::StatusOr<ElementType> ElementTypeOf(int onnx_data_type);

// The elements of a constant, row-major, in this machine's layout, from raw_data or from the typed
// field. InvalidArgument: not as many as the shape says, or data outside the file. Unimplemented:
// a type that TinyJoule does not compute with.
absl::StatusOr<std::vector<uint8_t>> TensorBytes(const onnx::TensorProto& tensor);

// The checks of TensorBytes without its copy.
absl::Status CheckTensor(const onnx::TensorProto& tensor);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_TENSOR_DATA_H_

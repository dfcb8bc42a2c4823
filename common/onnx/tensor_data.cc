// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/tensor_data.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/tensor_shape.h"

namespace tinyjoule {
namespace {

// Elements that lie in the typed field of the tensor's type.
int64_t TypedFieldSize(const onnx::TensorProto& tensor, ElementType type) {
  switch (type) {
    case ElementType::kFloat:
      return tensor.float_data_size();
    case ElementType::kInt64:
      return tensor.int64_data_size();
    default:
      return tensor.int32_data_size();
  }
}

template <typename T, typename Field>
std::vector<uint8_t> PackField(const Field& field) {
  std::vector<uint8_t> bytes(static_cast<size_t>(field.size()) * sizeof(T));
  for (int i = 0; i < field.size(); ++i) {
    const T value = static_cast<T>(field[i]);
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

std::vector<uint8_t> PackTypedField(const onnx::TensorProto& tensor, ElementType type) {
  switch (type) {
    case ElementType::kFloat:
      return PackField<float>(tensor.float_data());
    case ElementType::kInt64:
      return PackField<int64_t>(tensor.int64_data());
    case ElementType::kInt32:
      return PackField<int32_t>(tensor.int32_data());
    case ElementType::kInt8:
      return PackField<int8_t>(tensor.int32_data());
    case ElementType::kBool:
      return PackField<bool>(tensor.int32_data());
    case ElementType::kFloat16:
      return PackField<uint16_t>(tensor.int32_data());
    case ElementType::kUint8:
      break;
  }
  return PackField<uint8_t>(tensor.int32_data());
}

}  // namespace

size_t ElementSize(ElementType type) {
  switch (type) {
    case ElementType::kFloat:
    case ElementType::kInt32:
      return 4;
    case ElementType::kInt64:
      return 8;
    case ElementType::kFloat16:
      return 2;
    case ElementType::kInt8:
    case ElementType::kUint8:
    case ElementType::kBool:
      break;
  }
  return 1;
}

absl::string_view ElementTypeName(ElementType type) {
  switch (type) {
    case ElementType::kFloat:
      return "float32";
    case ElementType::kInt8:
      return "int8";
    case ElementType::kUint8:
      return "uint8";
    case ElementType::kInt32:
      return "int32";
    case ElementType::kInt64:
      return "int64";
    case ElementType::kFloat16:
      return "float16";
    case ElementType::kBool:
      break;
  }
  return "bool";
}

absl::StatusOr<ElementType> ElementTypeOf(int onnx_data_type) {
  switch (onnx_data_type) {
    case onnx::TensorProto::FLOAT:
      return ElementType::kFloat;
    case onnx::TensorProto::INT8:
      return ElementType::kInt8;
    case onnx::TensorProto::UINT8:
      return ElementType::kUint8;
    case onnx::TensorProto::INT32:
      return ElementType::kInt32;
    case onnx::TensorProto::INT64:
      return ElementType::kInt64;
    case onnx::TensorProto::BOOL:
      return ElementType::kBool;
    case onnx::TensorProto::FLOAT16:
      return ElementType::kFloat16;
    default:
      break;
  }
  const std::string name = onnx::TensorProto::DataType_IsValid(onnx_data_type)
                               ? onnx::TensorProto::DataType_Name(
                                     static_cast<onnx::TensorProto::DataType>(onnx_data_type))
                               : absl::StrCat(onnx_data_type);
  return absl::UnimplementedError(
      absl::StrCat("element type ", name,
                   "; FLOAT, FLOAT16, INT8, UINT8, INT32, INT64 and BOOL are implemented"));
}

absl::Status CheckTensor(const onnx::TensorProto& tensor) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL || tensor.external_data_size() > 0) {
    return absl::InvalidArgumentError("its data is in another file; TinyJoule reads one file");
  }
  TJ_ASSIGN_OR_RETURN(const ElementType type, ElementTypeOf(tensor.data_type()));
  const Shape shape(tensor.dims().begin(), tensor.dims().end());
  TJ_ASSIGN_OR_RETURN(const int64_t count, CheckedElementCount(shape));
  const int64_t element_size = static_cast<int64_t>(ElementSize(type));
  const int64_t raw_bytes = static_cast<int64_t>(tensor.raw_data().size());
  const bool fits = tensor.has_raw_data() ? raw_bytes == count * element_size
                                          : TypedFieldSize(tensor, type) == count;
  if (!fits) {
    return absl::InvalidArgumentError(absl::StrCat("shape ", ShapeText(shape), " of ",
                                                   ElementTypeName(type), " says ", count,
                                                   " elements, the data is of another length"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint8_t>> TensorBytes(const onnx::TensorProto& tensor) {
  TJ_RETURN_IF_ERROR(CheckTensor(tensor));
  TJ_ASSIGN_OR_RETURN(const ElementType type, ElementTypeOf(tensor.data_type()));
  if (!tensor.has_raw_data()) return PackTypedField(tensor, type);
  std::vector<uint8_t> bytes(tensor.raw_data().begin(), tensor.raw_data().end());
  if (type == ElementType::kBool) {
    for (uint8_t& byte : bytes) byte = byte != 0;
  }
  return bytes;
}

}  // namespace tinyjoule

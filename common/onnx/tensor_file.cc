// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/tensor_file.h"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/wire_format_lite.h>
#include <onnx/onnx_pb.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file_system.h"
#include "common/base/status.h"
#include "common/onnx/tensor_shape.h"

namespace tinyjoule {
namespace {

using google::protobuf::io::CodedInputStream;
using google::protobuf::io::FileInputStream;
using WireFormat = google::protobuf::internal::WireFormatLite;

constexpr int kStreamBlockBytes = 64 << 10;

// Reads the fields of a TensorProto as they come.
class TensorParser {
 public:
  explicit TensorParser(CodedInputStream& stream) : stream_(stream) {}

  absl::StatusOr<FloatTensor> Parse() {
    while (const uint32_t tag = stream_.ReadTag()) {
      if (!ParseField(tag)) return absl::InvalidArgumentError("not a tensor, or cut short");
    }
    if (!stream_.ConsumedEntireMessage()) {
      return absl::InvalidArgumentError("not a tensor, or cut short");
    }
    if (data_type_ != onnx::TensorProto::FLOAT) {
      return absl::InvalidArgumentError(
          absl::StrCat("element type is ", data_type_, " in ONNX's numbering, not float32 (1)"));
    }
    TJ_ASSIGN_OR_RETURN(const int64_t count, CheckedElementCount(tensor_.shape));
    if (count != static_cast<int64_t>(tensor_.values.size())) {
      return absl::InvalidArgumentError(absl::StrCat("shape ", ShapeText(tensor_.shape), " says ",
                                                     count, " values, the file has ",
                                                     tensor_.values.size()));
    }
    return std::move(tensor_);
  }

 private:
  bool ParseField(uint32_t tag) {
    const WireFormat::WireType wire = WireFormat::GetTagWireType(tag);
    const bool packed = wire == WireFormat::WIRETYPE_LENGTH_DELIMITED;
    switch (WireFormat::GetTagFieldNumber(tag)) {
      case onnx::TensorProto::kDimsFieldNumber:
        return packed ? ParsePackedDims() : wire == WireFormat::WIRETYPE_VARINT && ParseDim();
      case onnx::TensorProto::kDataTypeFieldNumber:
        return wire == WireFormat::WIRETYPE_VARINT && stream_.ReadVarint32(&data_type_);
      case onnx::TensorProto::kFloatDataFieldNumber:
        return packed ? ParseFloats() : wire == WireFormat::WIRETYPE_FIXED32 && ParseFloat();
      case onnx::TensorProto::kRawDataFieldNumber:
        return packed && ParseFloats();
      default:
        return WireFormat::SkipField(&stream_, tag);
    }
  }

  bool ParseDim() {
    uint64_t dim = 0;
    if (!stream_.ReadVarint64(&dim) || tensor_.shape.size() >= kMaxRank) return false;
    tensor_.shape.push_back(static_cast<int64_t>(dim));
    return true;
  }

  bool ParsePackedDims() {
    uint32_t length = 0;
    if (!stream_.ReadVarint32(&length)) return false;
    const int end = stream_.CurrentPosition() + static_cast<int>(length);
    while (stream_.CurrentPosition() < end) {
      if (!ParseDim()) return false;
    }
    return stream_.CurrentPosition() == end;
  }

  bool ParseFloat() {
    uint32_t bits = 0;
    if (!stream_.ReadLittleEndian32(&bits)) return false;
    float value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    tensor_.values.push_back(value);
    return true;
  }

  bool ParseFloats() {
    uint32_t length = 0;
    if (!stream_.ReadVarint32(&length) || length % sizeof(float) != 0) return false;
    // Grown block by block: a length that lies costs no more memory than the file has bytes.
    if (length <= kMaxReserveBytes) {
      tensor_.values.reserve(tensor_.values.size() + length / sizeof(float));
    }
    for (uint32_t left = length; left > 0;) {
      const uint32_t bytes = std::min<uint32_t>(left, kStreamBlockBytes);
      const size_t old_size = tensor_.values.size();
      tensor_.values.resize(old_size + bytes / sizeof(float));
      if (!stream_.ReadRaw(tensor_.values.data() + old_size, static_cast<int>(bytes))) {
        return false;
      }
      left -= bytes;
    }
    return true;
  }

  static constexpr uint32_t kMaxReserveBytes = 64 << 20;
  CodedInputStream& stream_;
  uint32_t data_type_ = 0;
  FloatTensor tensor_;
};

}  // namespace

absl::StatusOr<FloatTensor> ReadTensorFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus(errno, absl::StrCat("open ", path));
  FileInputStream file_stream(file, kStreamBlockBytes);
  file_stream.SetCloseOnDelete(true);
  CodedInputStream stream(&file_stream);
  absl::StatusOr<FloatTensor> tensor = TensorParser(stream).Parse();
  if (file_stream.GetErrno() != 0) {
    return ErrnoStatus(file_stream.GetErrno(), absl::StrCat("read ", path));
  }
  if (!tensor.ok()) return Annotate(tensor.status(), absl::StrCat("tensor file ", path));
  return tensor;
}

absl::StatusOr<std::string> SerializeTensor(absl::string_view name, const FloatTensor& tensor) {
  TJ_ASSIGN_OR_RETURN(const int64_t count, CheckedElementCount(tensor.shape));
  if (count != static_cast<int64_t>(tensor.values.size())) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", name, ": shape ",
                                                   ShapeText(tensor.shape), " with ",
                                                   tensor.values.size(), " values"));
  }
  onnx::TensorProto proto;
  proto.mutable_dims()->Assign(tensor.shape.begin(), tensor.shape.end());
  proto.set_data_type(onnx::TensorProto::FLOAT);
  proto.set_name(std::string(name));
  proto.set_raw_data(tensor.values.data(), tensor.values.size() * sizeof(float));
  return proto.SerializeAsString();
}

absl::Status WriteTensorFile(const std::string& path, absl::string_view name,
                             const FloatTensor& tensor) {
  const absl::StatusOr<std::string> bytes = SerializeTensor(name, tensor);
  if (!bytes.ok()) return Annotate(bytes.status(), absl::StrCat("write ", path));
  PosixFileSystem files;
  return files.WriteFileAtomically(path, *bytes);
}

}  // namespace tinyjoule

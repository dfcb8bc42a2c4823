// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/model_file.h"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/base/file_system.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

absl::Status CheckSize(int64_t bytes) {
  if (bytes <= kMaxModelBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the model has ", bytes, " bytes; at most ", kMaxModelBytes, " are allowed"));
}

absl::StatusOr<onnx::ModelProto> ParseStream(google::protobuf::io::ZeroCopyInputStream* stream) {
  onnx::ModelProto model;
  if (!model.ParseFromZeroCopyStream(stream)) {
    return absl::InvalidArgumentError("not an ONNX model, or cut short");
  }
  TJ_RETURN_IF_ERROR(ValidateModel(model));
  return model;
}

absl::StatusOr<onnx::ModelProto> ReadOpenModel(int file) {
  google::protobuf::io::FileInputStream stream(file);
  stream.SetCloseOnDelete(true);
  struct stat info = {};
  if (fstat(file, &info) != 0) return ErrnoStatus(errno, "stat");
  TJ_RETURN_IF_ERROR(CheckSize(info.st_size));
  return ParseStream(&stream);
}

}  // namespace

absl::StatusOr<std::string> SerializeModel(const onnx::ModelProto& model) {
  if (model.ByteSizeLong() > static_cast<size_t>(kMaxModelBytes)) {
    return absl::InternalError(absl::StrCat("the model has more than ", kMaxModelBytes, " bytes"));
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    model.SerializeWithCachedSizes(&coded);
  }
  return bytes;
}

absl::StatusOr<onnx::ModelProto> ParseModel(absl::string_view bytes) {
  TJ_RETURN_IF_ERROR(CheckSize(static_cast<int64_t>(bytes.size())));
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  return ParseStream(&stream);
}

absl::StatusOr<onnx::ModelProto> ReadModel(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus(errno, absl::StrCat("open ", path));
  absl::StatusOr<onnx::ModelProto> model = ReadOpenModel(file);
  if (!model.ok()) return Annotate(model.status(), absl::StrCat("model ", path));
  return model;
}

absl::Status WriteModel(const std::string& path, const onnx::ModelProto& model) {
  TJ_ASSIGN_OR_RETURN(const std::string bytes, SerializeModel(model));
  PosixFileSystem files;
  return files.WriteFileAtomically(path, bytes);
}

}  // namespace tinyjoule

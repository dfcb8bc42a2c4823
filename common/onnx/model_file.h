// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_MODEL_FILE_H_
#define COMMON_ONNX_MODEL_FILE_H_

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/onnx/model_validation.h"

namespace tinyjoule {

// Larger model files are refused.
constexpr int64_t kMaxModelBytes = int64_t{256} << 20;

// The model's bytes: equal models give equal bytes. Internal: larger than kMaxModelBytes.
absl::StatusOr<std::string> SerializeModel(const onnx::ModelProto& model);

// Parses and validates bytes from anyone. InvalidArgument, with what is wrong: larger than
// kMaxModelBytes, not an ONNX model, no operator set of 13 or later, shapes that overflow or that
// the data does not fill, names that dangle or are given twice, cycles, external data, sub-graphs.
absl::StatusOr<onnx::ModelProto> ParseModel(absl::string_view bytes);

// ParseModel of a file, without a second copy of its bytes in memory. NotFound: no such file.
absl::StatusOr<onnx::ModelProto> ReadModel(const std::string& path);

// The file appears whole or not at all.
[[nodiscard]] absl::Status WriteModel(const std::string& path, const onnx::ModelProto& model);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_MODEL_FILE_H_

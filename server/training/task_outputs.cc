// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/training/task_outputs.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/file_system.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

bool IsPlainFileName(absl::string_view name) {
  return name != "." && name != ".." && name.find('/') == absl::string_view::npos &&
         name.find('\0') == absl::string_view::npos;
}

absl::Status StoreFile(const std::string& output_dir, ArtifactStore& artifacts,
                       v1::ArtifactFile* file) {
  if (!IsPlainFileName(file->file_name())) {
    return absl::InternalError(absl::StrCat("the trainer names an output outside of its folder: \"",
                                            file->file_name(), "\""));
  }
  TJ_ASSIGN_OR_RETURN(const std::string sha256,
                      artifacts.Ingest(JoinPath(output_dir, file->file_name()), file->sha256()));
  TJ_ASSIGN_OR_RETURN(const uint64_t size_bytes, artifacts.Size(sha256));
  file->set_sha256(sha256);
  file->set_size_bytes(size_bytes);
  return absl::OkStatus();
}

}  // namespace

absl::Status StoreTaskOutputs(const std::string& output_dir, ArtifactStore& artifacts,
                              v1::TrainingOutcome* outcome) {
  if (outcome->model().file_name().empty()) {
    return absl::InternalError("the trainer reports success without a model");
  }
  TJ_RETURN_IF_ERROR(StoreFile(output_dir, artifacts, outcome->mutable_model()));
  if (outcome->has_test_inputs()) {
    TJ_RETURN_IF_ERROR(StoreFile(output_dir, artifacts, outcome->mutable_test_inputs()));
  }
  if (outcome->has_test_targets()) {
    TJ_RETURN_IF_ERROR(StoreFile(output_dir, artifacts, outcome->mutable_test_targets()));
  }
  if (outcome->has_predictions()) {
    TJ_RETURN_IF_ERROR(StoreFile(output_dir, artifacts, outcome->mutable_predictions()));
  }
  if (outcome->has_checkpoint()) {
    TJ_RETURN_IF_ERROR(StoreFile(output_dir, artifacts, outcome->mutable_checkpoint()));
  }
  return absl::OkStatus();
}

}  // namespace tinyjoule

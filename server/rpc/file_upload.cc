// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/file_upload.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/net/status.h"
#include "server/rpc/request_check.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {
namespace {

// Left free for the store: a full disk must not be a client's doing.
constexpr uint64_t kReservedBytes = uint64_t{256} << 20;

}  // namespace

grpc::ServerReadReactor<v1::UploadFileRequest>* FileUpload::Start(
    const FileAccess& files, v1::UploadFileResponse* response) {
  std::shared_ptr<FileUpload> upload(new FileUpload(files, response));
  upload->self_ = upload;
  upload->StartRead(&upload->incoming_);
  return upload.get();
}

void FileUpload::OnReadDone(bool ok) {
  files_.sequence.Post([upload = shared_from_this(), ok] {
    if (ok) {
      upload->Take();
    } else {
      upload->Complete();
    }
  });
}

void FileUpload::Take() {
  if (file_ == nullptr) {
    const absl::Status status = Begin();
    if (!status.ok()) return Finish(ToGrpcStatus(status));
    if (files_.artifacts.Has(sha256_)) {
      response_->set_sha256(sha256_);
      return Finish(grpc::Status::OK);
    }
  }
  const absl::Status status = AppendData();
  if (!status.ok()) return Finish(ToGrpcStatus(status));
  StartRead(&incoming_);
}

absl::Status FileUpload::Begin() {
  TJ_RETURN_IF_ERROR(CheckUploadHeader(incoming_));
  sha256_ = incoming_.sha256();
  size_bytes_ = incoming_.size_bytes();
  if (files_.artifacts.Has(sha256_)) return absl::OkStatus();
  path_ = files_.artifacts.TemporaryPath();
  TJ_ASSIGN_OR_RETURN(const uint64_t free_bytes, files_.files.FreeSpace(FolderOf(path_)));
  if (free_bytes < size_bytes_ + kReservedBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the coordinator's disk has ", free_bytes, " bytes free, and the file has ", size_bytes_));
  }
  TJ_ASSIGN_OR_RETURN(file_, files_.files.OpenForAppend(path_));
  return absl::OkStatus();
}

absl::Status FileUpload::AppendData() {
  received_bytes_ += incoming_.data().size();
  if (received_bytes_ > size_bytes_) {
    return absl::InvalidArgumentError(
        absl::StrCat("more bytes came than the ", size_bytes_, " that size_bytes says"));
  }
  return file_->Append(incoming_.data());
}

void FileUpload::Complete() {
  const absl::Status status = Store();
  if (status.ok()) response_->set_sha256(sha256_);
  Finish(ToGrpcStatus(status));
}

absl::Status FileUpload::Store() {
  if (file_ == nullptr) return absl::InvalidArgumentError("the upload has no first message");
  if (received_bytes_ != size_bytes_) {
    return absl::InvalidArgumentError(
        absl::StrCat("the upload ended after ", received_bytes_, " of ", size_bytes_, " bytes"));
  }
  file_.reset();
  const absl::Status stored = files_.artifacts.Ingest(path_, sha256_).status();
  if (!absl::IsDataLoss(stored)) return stored;
  return absl::InvalidArgumentError(
      absl::StrCat("the file does not have the hash that was announced, ", sha256_));
}

void FileUpload::OnDone() {
  files_.sequence.Post([upload = std::move(self_)] {
    upload->file_.reset();
    if (upload->path_.empty()) return;
    const absl::Status removed = upload->files_.files.RemoveFile(upload->path_);
    if (!removed.ok()) spdlog::warn("an upload's rest stays: {}", removed.ToString());
  });
}

}  // namespace tinyjoule

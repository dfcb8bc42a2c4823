// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/artifact_download.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/net/status.h"
#include "server/rpc/request_check.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kPieceBytes = 256 * 1024;

}  // namespace

grpc::ServerWriteReactor<v1::FetchArtifactResponse>* ArtifactDownload::Start(
    const FileAccess& files, const v1::FetchArtifactRequest& request) {
  std::shared_ptr<ArtifactDownload> download(new ArtifactDownload(files, request));
  download->self_ = download;
  files.sequence.Post([download] { download->SendNext(); });
  return download.get();
}

void ArtifactDownload::OnWriteDone(bool ok) {
  if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the client is gone"));
  files_.sequence.Post([download = shared_from_this()] { download->SendNext(); });
}

void ArtifactDownload::SendNext() {
  if (!open_) {
    const absl::Status status = Open();
    if (!status.ok()) return Finish(ToGrpcStatus(status));
  } else if (offset_ >= total_bytes_) {
    return Finish(grpc::Status::OK);
  }
  open_ = true;
  absl::StatusOr<std::string> bytes = ReadPiece();
  if (!bytes.ok()) return Finish(ToGrpcStatus(bytes.status()));
  offset_ += bytes->size();
  piece_.set_data(*std::move(bytes));
  piece_.set_total_bytes(total_bytes_);
  StartWrite(&piece_);
}

absl::Status ArtifactDownload::Open() {
  TJ_RETURN_IF_ERROR(CheckSha256("sha256", sha256_));
  TJ_ASSIGN_OR_RETURN(total_bytes_, files_.artifacts.Size(sha256_));
  if (offset_ <= total_bytes_) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat("offset ", offset_, " is behind the end of artifact ",
                                            sha256_, ", which has ", total_bytes_, " bytes"));
}

absl::StatusOr<std::string> ArtifactDownload::ReadPiece() {
  const uint64_t expected = std::min(kPieceBytes, total_bytes_ - offset_);
  TJ_ASSIGN_OR_RETURN(std::string bytes,
                      files_.files.ReadRange(files_.artifacts.PathOf(sha256_), offset_, expected));
  if (bytes.size() == expected) return bytes;
  return absl::DataLossError(absl::StrCat("artifact ", sha256_, " became shorter on the disk"));
}

}  // namespace tinyjoule

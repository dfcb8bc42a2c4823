// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_ARTIFACT_DOWNLOAD_H_
#define SERVER_RPC_ARTIFACT_DOWNLOAD_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/file_system.h"
#include "common/base/task_runner.h"
#include "grpcpp/support/server_callback.h"
#include "server/core/artifact_store.h"
#include "tinyjoule/v1/agent_link_service.pb.h"

namespace tinyjoule {

// Where files are read and written: a sequence of their own, away from the core's. All outlive the
// server.
struct FileAccess {
  TaskRunner& sequence;
  FileSystem& files;
  ArtifactStore& artifacts;
};

// Sends an artifact's bytes from an offset, piece by piece, at the client's pace; reads on the
// file sequence. The receiver checks the hash. Deletes itself.
class ArtifactDownload final : public grpc::ServerWriteReactor<v1::FetchArtifactResponse>,
                               public std::enable_shared_from_this<ArtifactDownload> {
 public:
  static grpc::ServerWriteReactor<v1::FetchArtifactResponse>* Start(
      const FileAccess& files, const v1::FetchArtifactRequest& request);

  void OnWriteDone(bool ok) override;
  void OnDone() override { self_.reset(); }

 private:
  ArtifactDownload(const FileAccess& files, const v1::FetchArtifactRequest& request)
      : files_(files), sha256_(request.sha256()), offset_(request.offset()) {}

  void SendNext();
  [[nodiscard]] absl::Status Open();
  absl::StatusOr<std::string> ReadPiece();

  const FileAccess files_;
  const std::string sha256_;
  uint64_t offset_;
  bool open_ = false;
  uint64_t total_bytes_ = 0;
  v1::FetchArtifactResponse piece_;
  std::shared_ptr<ArtifactDownload> self_;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_ARTIFACT_DOWNLOAD_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_FILE_UPLOAD_H_
#define SERVER_RPC_FILE_UPLOAD_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/artifact_download.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// Takes a file into the artifact store: its bytes grow in a temporary file, on the file sequence,
// and become an artifact when size and hash are what the first message said. A file that is there
// already is answered at once. Deletes itself, and the temporary file when anything went wrong.
class FileUpload final : public grpc::ServerReadReactor<v1::UploadFileRequest>,
                         public std::enable_shared_from_this<FileUpload> {
 public:
  static grpc::ServerReadReactor<v1::UploadFileRequest>* Start(const FileAccess& files,
                                                               v1::UploadFileResponse* response);

  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  FileUpload(const FileAccess& files, v1::UploadFileResponse* response)
      : files_(files), response_(response) {}

  // On the file sequence.
  void Take();
  void Complete();
  [[nodiscard]] absl::Status Begin();
  [[nodiscard]] absl::Status AppendData();
  [[nodiscard]] absl::Status Store();

  const FileAccess files_;
  v1::UploadFileResponse* const response_;
  v1::UploadFileRequest incoming_;
  std::string sha256_;
  uint64_t size_bytes_ = 0;
  uint64_t received_bytes_ = 0;
  std::string path_;
  std::unique_ptr<AppendFile> file_;
  std::shared_ptr<FileUpload> self_;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_FILE_UPLOAD_H_

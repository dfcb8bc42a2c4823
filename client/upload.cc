// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/upload.h"

#include <cerrno>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "client/progress.h"
#include "client/words.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

void ShowProgress(const Console& console, const v1::InputFile& file, uint64_t sent) {
  if (!console.err_is_terminal) return;
  console.err << "\r\x1b[2Ksending " << file.name() << " " << Bar(sent, file.size_bytes(), 30)
              << " " << BytesText(sent) << (sent >= file.size_bytes() ? "\n" : "") << std::flush;
}

}  // namespace

absl::Status UploadFile(Session& session, const v1::InputFile& file) {
  std::ifstream input(file.local_path(), std::ios::binary);
  if (!input) return ErrnoStatus(errno, absl::StrCat("cannot open ", file.local_path()));
  TJ_RETURN_IF_ERROR(session.connection.Connect());
  grpc::ClientContext context;
  const Interrupts::Guard guard(session.interrupts, context);
  v1::UploadFileResponse response;
  const auto writer = session.connection.sweeps().UploadFile(&context, &response);
  v1::UploadFileRequest request;
  request.set_sha256(file.sha256());
  request.set_size_bytes(file.size_bytes());
  uint64_t sent = 0;
  bool open = writer->Write(request);
  request.Clear();
  while (open && input) {
    std::string& piece = *request.mutable_data();
    piece.resize(kPieceBytes);
    input.read(piece.data(), kPieceBytes);
    piece.resize(static_cast<size_t>(input.gcount()));
    if (piece.empty()) break;
    sent += piece.size();
    open = writer->Write(request);
    ShowProgress(session.console, file, sent);
  }
  writer->WritesDone();
  const absl::Status status = session.connection.Translated(writer->Finish());
  return Annotate(status, absl::StrCat("sending ", file.local_path()));
}

}  // namespace tinyjoule

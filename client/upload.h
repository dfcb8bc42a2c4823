// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_UPLOAD_H_
#define CLIENT_UPLOAD_H_

#include "absl/status/status.h"
#include "client/session.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Sends the file at local_path in pieces, with progress on a terminal.
[[nodiscard]] absl::Status UploadFile(Session& session, const v1::InputFile& file);

}  // namespace tinyjoule

#endif  // CLIENT_UPLOAD_H_

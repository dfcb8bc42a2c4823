// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_NET_STATUS_H_
#define COMMON_NET_STATUS_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace tinyjoule {

// Same code and message; both enumerations are the canonical codes. The error details are a
// google.rpc.Status with one ErrorInfo and the payloads whose type is google.rpc's, such as the
// violations of common/errors; other payloads stay on this side. A message or details that
// would burst a call's trailers are cut.
grpc::Status ToGrpcStatus(const absl::Status& status);
// The way back, without the ErrorInfo, which says nothing that the code does not.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace tinyjoule

#endif  // COMMON_NET_STATUS_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_NET_STATUS_H_
#define COMMON_NET_STATUS_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace tinyjoule {

// The payload of an absl::Status that travels as a call's error details: a serialized
// google.rpc.Status. Other payloads stay on this side.
constexpr char kErrorDetailsUrl[] = "type.googleapis.com/google.rpc.Status";

// Same code, message and error details. Both enumerations are the canonical codes.
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace tinyjoule

#endif  // COMMON_NET_STATUS_H_

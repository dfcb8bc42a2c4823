// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_CORE_ACCESS_H_
#define SERVER_RPC_CORE_ACCESS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/task_runner.h"
#include "common/net/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/core/coordinator.h"

namespace tinyjoule {

// The services' way to the core: `coordinator` is used on `sequence` alone. Both outlive the
// server.
struct CoreAccess {
  TaskRunner& sequence;
  Coordinator& coordinator;
};

// Ends a unary call at once.
inline grpc::ServerUnaryReactor* FinishCall(grpc::CallbackServerContext* context,
                                            const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

// Answers a unary call with what `call(coordinator)`, a StatusOr<Response>, gives on the core
// sequence. gRPC keeps request and response alive until the call has finished.
template <typename Response, typename Call>
grpc::ServerUnaryReactor* CallCore(grpc::CallbackServerContext* context, const CoreAccess& core,
                                   const absl::Status& request_check, Response* response,
                                   Call call) {
  if (!request_check.ok()) return FinishCall(context, request_check);
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  core.sequence.Post([&coordinator = core.coordinator, reactor, response, call = std::move(call)] {
    absl::StatusOr<Response> result = call(coordinator);
    if (result.ok()) *response = *std::move(result);
    reactor->Finish(ToGrpcStatus(result.status()));
  });
  return reactor;
}

}  // namespace tinyjoule

#endif  // SERVER_RPC_CORE_ACCESS_H_

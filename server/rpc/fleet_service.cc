// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/fleet_service.h"

#include <utility>

#include "server/rpc/request_check.h"

namespace tinyjoule {

grpc::ServerUnaryReactor* FleetServiceImpl::ListAgents(grpc::CallbackServerContext* context,
                                                       const v1::ListAgentsRequest* request,
                                                       v1::ListAgentsResponse* response) {
  return CallCore(context, core_, absl::OkStatus(), response,
                  [request](Coordinator& core) { return core.ListAgents(*request); });
}

grpc::ServerUnaryReactor* FleetServiceImpl::GetServerInfo(grpc::CallbackServerContext* context,
                                                          const v1::GetServerInfoRequest*,
                                                          v1::GetServerInfoResponse* response) {
  return CallCore(context, core_, absl::OkStatus(), response, [](Coordinator& core) {
    return absl::StatusOr<v1::GetServerInfoResponse>(core.GetServerInfo());
  });
}

grpc::ServerUnaryReactor* FleetServiceImpl::LabelAgent(grpc::CallbackServerContext* context,
                                                       const v1::LabelAgentRequest* request,
                                                       v1::LabelAgentResponse* response) {
  return CallCore(context, core_, CheckRequest(*request), response,
                  [request](Coordinator& core) { return core.LabelAgent(*request); });
}

grpc::ServerUnaryReactor* FleetServiceImpl::CordonAgent(grpc::CallbackServerContext* context,
                                                        const v1::CordonAgentRequest* request,
                                                        v1::CordonAgentResponse* response) {
  return CallCore(context, core_, CheckName("agent", request->agent()), response,
                  [request](Coordinator& core) { return core.CordonAgent(*request); });
}

grpc::ServerUnaryReactor* FleetServiceImpl::RemoveAgent(grpc::CallbackServerContext* context,
                                                        const v1::RemoveAgentRequest* request,
                                                        v1::RemoveAgentResponse* response) {
  return CallCore(context, core_, CheckName("agent", request->agent()), response,
                  [request](Coordinator& core) { return core.RemoveAgent(*request); });
}

// Answered when the agent has; the client that goes away before that hears nothing.
grpc::ServerUnaryReactor* FleetServiceImpl::CalibrateAgent(grpc::CallbackServerContext* context,
                                                           const v1::CalibrateAgentRequest* request,
                                                           v1::CalibrateAgentResponse* response) {
  const absl::Status status = CheckRequest(*request);
  if (!status.ok()) return FinishCall(context, status);
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  core_.sequence.Post([&core = core_.coordinator, reactor, request, response] {
    core.CalibrateAgent(*request,
                        [reactor, response](absl::StatusOr<v1::CalibrateAgentResponse> result) {
                          if (result.ok()) *response = *std::move(result);
                          reactor->Finish(ToGrpcStatus(result.status()));
                        });
  });
  return reactor;
}

}  // namespace tinyjoule

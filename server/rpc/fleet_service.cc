// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/fleet_service.h"

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

}  // namespace tinyjoule

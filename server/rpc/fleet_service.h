// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_FLEET_SERVICE_H_
#define SERVER_RPC_FLEET_SERVICE_H_

#include "server/rpc/core_access.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"

namespace tinyjoule {

// Checks requests, posts them to the core, and hands back its answers. Thread-safe.
class FleetServiceImpl final : public v1::FleetService::CallbackService {
 public:
  explicit FleetServiceImpl(const CoreAccess& core) : core_(core) {}

  grpc::ServerUnaryReactor* ListAgents(grpc::CallbackServerContext* context,
                                       const v1::ListAgentsRequest* request,
                                       v1::ListAgentsResponse* response) override;
  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context,
                                          const v1::GetServerInfoRequest* request,
                                          v1::GetServerInfoResponse* response) override;
  grpc::ServerUnaryReactor* LabelAgent(grpc::CallbackServerContext* context,
                                       const v1::LabelAgentRequest* request,
                                       v1::LabelAgentResponse* response) override;
  grpc::ServerUnaryReactor* CordonAgent(grpc::CallbackServerContext* context,
                                        const v1::CordonAgentRequest* request,
                                        v1::CordonAgentResponse* response) override;
  grpc::ServerUnaryReactor* RemoveAgent(grpc::CallbackServerContext* context,
                                        const v1::RemoveAgentRequest* request,
                                        v1::RemoveAgentResponse* response) override;
  grpc::ServerUnaryReactor* CalibrateAgent(grpc::CallbackServerContext* context,
                                           const v1::CalibrateAgentRequest* request,
                                           v1::CalibrateAgentResponse* response) override;

 private:
  const CoreAccess core_;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_FLEET_SERVICE_H_

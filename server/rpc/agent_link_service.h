// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_AGENT_LINK_SERVICE_H_
#define SERVER_RPC_AGENT_LINK_SERVICE_H_

#include "server/rpc/artifact_download.h"
#include "server/rpc/core_access.h"
#include "tinyjoule/v1/agent_link_service.grpc.pb.h"

namespace tinyjoule {

// The agents' door. Thread-safe, as gRPC asks.
class AgentLinkServiceImpl final : public v1::AgentLinkService::CallbackService {
 public:
  AgentLinkServiceImpl(const CoreAccess& core, const FileAccess& files)
      : core_(core), files_(files) {}

  grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>* Connect(
      grpc::CallbackServerContext* context) override;
  grpc::ServerWriteReactor<v1::FetchArtifactResponse>* FetchArtifact(
      grpc::CallbackServerContext* context, const v1::FetchArtifactRequest* request) override;

 private:
  const CoreAccess core_;
  const FileAccess files_;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_AGENT_LINK_SERVICE_H_

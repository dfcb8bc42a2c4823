// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/agent_link_service.h"

#include "server/rpc/agent_connection.h"

namespace tinyjoule {

grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>* AgentLinkServiceImpl::Connect(
    grpc::CallbackServerContext* context) {
  return AgentConnection::Start(context, core_);
}

grpc::ServerWriteReactor<v1::FetchArtifactResponse>* AgentLinkServiceImpl::FetchArtifact(
    grpc::CallbackServerContext*, const v1::FetchArtifactRequest* request) {
  return ArtifactDownload::Start(files_, *request);
}

}  // namespace tinyjoule

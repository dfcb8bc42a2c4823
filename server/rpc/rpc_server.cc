// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/rpc_server.h"

#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/net/address.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_builder.h"
#include "server/rpc/agent_link_service.h"
#include "server/rpc/fleet_service.h"
#include "server/rpc/sweep_service.h"

namespace tinyjoule {
namespace {

constexpr size_t kWorkerThreads = 2;
constexpr size_t kMaxWaitingJobs = 16;
// What gRPC may buffer for all calls together before it slows its readers down.
constexpr size_t kMaxBufferedBytes = size_t{128} << 20;

std::string WithPort(const std::string& listen_address, int port) {
  if (absl::StartsWith(listen_address, "unix:")) return listen_address;
  return absl::StrCat(listen_address.substr(0, listen_address.rfind(':')), ":", port);
}

}  // namespace

struct RpcServer::Services {
  Services(const RpcServerOptions& options, const CoreAccess& core, const FileAccess& files)
      : workers(kWorkerThreads, kMaxWaitingJobs),
        agents(core, files),
        sweeps(core, files),
        runs(core, workers, options.verify),
        fleet(core) {}
  WorkerPool workers;
  AgentLinkServiceImpl agents;
  SweepServiceImpl sweeps;
  RunServiceImpl runs;
  FleetServiceImpl fleet;
};

RpcServer::RpcServer() = default;

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(const RpcServerOptions& options,
                                                            const CoreAccess& core,
                                                            const FileAccess& files) {
  TJ_ASSIGN_OR_RETURN(auto credentials,
                      MakeServerCredentials(options.listen_address, options.tls, options.insecure));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  std::unique_ptr<RpcServer> server(new RpcServer);
  server->services_ = std::make_unique<Services>(options, core, files);
  grpc::ServerBuilder builder;
  ApplyServerLimits(builder);
  builder.SetResourceQuota(grpc::ResourceQuota("coordinator").Resize(kMaxBufferedBytes));
  // Two coordinators on one port would share the agents between them.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(options.listen_address, credentials, &port);
  builder.RegisterService(&server->services_->agents);
  builder.RegisterService(&server->services_->sweeps);
  builder.RegisterService(&server->services_->runs);
  builder.RegisterService(&server->services_->fleet);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", options.listen_address, ": is the port taken?"));
  }
  server->address_ = WithPort(options.listen_address, port);
  return server;
}

RpcServer::~RpcServer() { Shutdown(0); }

std::shared_ptr<grpc::Channel> RpcServer::InProcessChannel() {
  return server_->InProcessChannel(grpc::ChannelArguments());
}

void RpcServer::SetNotServing() { server_->GetHealthCheckService()->SetServingStatus(false); }

void RpcServer::Shutdown(int64_t grace_ns) {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::nanoseconds(grace_ns));
  server_->Wait();
  server_.reset();
}

}  // namespace tinyjoule

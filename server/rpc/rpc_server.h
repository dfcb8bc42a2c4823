// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_RPC_SERVER_H_
#define SERVER_RPC_RPC_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/net/channel.h"
#include "grpcpp/server.h"
#include "server/rpc/artifact_download.h"
#include "server/rpc/core_access.h"
#include "server/rpc/run_service.h"

namespace tinyjoule {

struct RpcServerOptions {
  // "HOST:PORT"; port 0 takes a free one. "unix:PATH" is a socket.
  std::string listen_address;
  TlsFiles tls;
  // Allows plaintext on an address that other machines can reach.
  bool insecure = false;
  RunVerifier verify;
};

// The coordinator's services on one port, with gRPC's health service and reflection. 1. Start;
// 2. SetNotServing, so that balancers and probes look away; 3. Shutdown; 4. destruction. Used on
// one thread, which is not the core's.
class RpcServer {
 public:
  // Everything outlives the server. InvalidArgument (address, TLS), Unavailable (port is taken).
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(const RpcServerOptions& options,
                                                          const CoreAccess& core,
                                                          const FileAccess& files);
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  // "HOST:PORT" with the port that was chosen.
  const std::string& address() const { return address_; }
  // A channel inside this process, for tests.
  std::shared_ptr<grpc::Channel> InProcessChannel();
  void SetNotServing();
  // Takes no new call; calls that are on get `grace_ns` to end and are cancelled then. Returns when
  // none is left; the core sequence must go on running meanwhile.
  void Shutdown(int64_t grace_ns);

 private:
  struct Services;
  RpcServer();
  std::string address_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_RPC_SERVER_H_

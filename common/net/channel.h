// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_NET_CHANNEL_H_
#define COMMON_NET_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace tinyjoule {

// PEM files. A client needs `ca` (who the server must be) and may give certificate and key (who
// it is itself); a server needs certificate and key, and asks clients for a certificate of `ca`
// when that is given.
struct TlsFiles {
  std::string ca;
  std::string certificate;
  std::string key;
  bool empty() const { return ca.empty() && certificate.empty() && key.empty(); }
};

struct ChannelOptions {
  TlsFiles tls;
  // Allows plaintext to an address that is not on this machine.
  bool insecure = false;
};

// A channel to "HOST:PORT" with a keepalive ping every 10 s that must be answered within 4 s, and
// messages of at most 4 MiB. Loopback is plaintext unless TLS files are given; any other address
// needs TLS or `insecure`. The name is resolved here, by the system's resolver: gRPC's own does not
// know .local names; so make a new channel after a failure. Nothing is connected yet.
// Errors: InvalidArgument (address, options), Unavailable (name), NotFound and the like (files).
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& target,
                                                           const ChannelOptions& options);

// The same rules for the side that listens: an address that others can reach needs TLS files or
// `insecure`.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::string& listen_address, const TlsFiles& tls, bool insecure);

// Message limits, and keepalive: clients may ping every 5 s, a silent client is dropped within 15
// s.
void ApplyServerLimits(grpc::ServerBuilder& builder);

constexpr int kMaxMessageBytes = 4 * 1024 * 1024;

}  // namespace tinyjoule

#endif  // COMMON_NET_CHANNEL_H_

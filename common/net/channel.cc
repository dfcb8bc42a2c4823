// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/net/channel.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/file_system.h"
#include "common/base/status.h"
#include "common/net/address.h"
#include "grpc/grpc.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace tinyjoule {
namespace {

constexpr int kKeepaliveIntervalMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 4'000;
constexpr int kKeepaliveMinimumMs = 5'000;
// A refused sweep answers with every error of the file in its status.
constexpr int kMaxMetadataBytes = 256 * 1024;

struct TlsTexts {
  std::string ca;
  std::string certificate;
  std::string key;
};

absl::StatusOr<std::string> ReadPem(const std::string& path, const char* option) {
  if (path.empty()) return std::string();
  absl::StatusOr<std::string> text = PosixFileSystem().ReadFile(path);
  if (!text.ok()) return Annotate(text.status(), option);
  if (text->find("-----BEGIN ") == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(option, ": ", path, " is not a PEM file"));
  }
  return text;
}

absl::StatusOr<TlsTexts> ReadTlsFiles(const TlsFiles& files) {
  if (files.certificate.empty() != files.key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key go together");
  }
  TlsTexts texts;
  TJ_ASSIGN_OR_RETURN(texts.ca, ReadPem(files.ca, "--tls-ca"));
  TJ_ASSIGN_OR_RETURN(texts.certificate, ReadPem(files.certificate, "--tls-cert"));
  TJ_ASSIGN_OR_RETURN(texts.key, ReadPem(files.key, "--tls-key"));
  return texts;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const std::string& target, bool loopback, const ChannelOptions& options) {
  if (options.tls.empty()) {
    if (loopback || options.insecure) return grpc::InsecureChannelCredentials();
    return absl::InvalidArgumentError(
        absl::StrCat(target,
                     " is not on this machine: give --tls-ca (with --tls-cert and "
                     "--tls-key), or say --insecure to send in plain text"));
  }
  if (options.insecure) {
    return absl::InvalidArgumentError("--insecure and TLS files exclude one another");
  }
  if (options.tls.ca.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("TLS to ", target, " needs --tls-ca"));
  }
  TJ_ASSIGN_OR_RETURN(TlsTexts texts, ReadTlsFiles(options.tls));
  return grpc::SslCredentials({texts.ca, texts.key, texts.certificate});
}

// "ipv4:192.0.2.1:50051,192.0.2.2:50051"
std::string NumericTarget(const ResolvedAddress& address, const std::string& port) {
  std::vector<std::string> parts;
  for (const std::string& ip : address.addresses) {
    parts.push_back(address.ipv6 ? absl::StrCat("[", ip, "]:", port) : absl::StrCat(ip, ":", port));
  }
  return absl::StrCat(address.ipv6 ? "ipv6:" : "ipv4:", absl::StrJoin(parts, ","));
}

grpc::ChannelArguments MakeChannelArguments(const std::string& target) {
  grpc::ChannelArguments arguments;
  // The name that a certificate is checked against; without it, it would be the number.
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, target);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveIntervalMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  // Reconnection is ours (jittered, with the name resolved anew), so channels share nothing.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  return arguments;
}

// Without this the last channel or server to go ends gRPC, which joins its own poller: up to 10 s
// for nothing, on the way out of a program. A process that ends needs no such farewell.
void KeepGrpcRunning() {
  static const bool running = [] {
    grpc_init();
    return true;
  }();
  (void)running;
}

bool IsUnixSocket(const std::string& target) { return target.rfind("unix:", 0) == 0; }

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& target,
                                                           const ChannelOptions& options) {
  KeepGrpcRunning();
  if (IsUnixSocket(target)) {
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(),
                                     MakeChannelArguments("localhost"));
  }
  TJ_ASSIGN_OR_RETURN(const HostPort parts, ParseHostPort(target));
  TJ_ASSIGN_OR_RETURN(const ResolvedAddress address, ResolveHost(parts.host));
  TJ_ASSIGN_OR_RETURN(auto credentials, MakeChannelCredentials(target, address.loopback, options));
  return grpc::CreateCustomChannel(NumericTarget(address, parts.port), credentials,
                                   MakeChannelArguments(target));
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::string& listen_address, const TlsFiles& tls, bool insecure) {
  if (tls.empty()) {
    if (insecure || IsUnixSocket(listen_address)) return grpc::InsecureServerCredentials();
    TJ_ASSIGN_OR_RETURN(const HostPort parts, ParseHostPort(listen_address));
    TJ_ASSIGN_OR_RETURN(const ResolvedAddress address, ResolveHost(parts.host));
    if (address.loopback) return grpc::InsecureServerCredentials();
    return absl::InvalidArgumentError(
        absl::StrCat("other machines can reach ", listen_address,
                     ": give --tls-cert and --tls-key, or say --insecure to serve in plain text"));
  }
  if (insecure) return absl::InvalidArgumentError("--insecure and TLS files exclude one another");
  if (tls.certificate.empty() || tls.key.empty()) {
    return absl::InvalidArgumentError("a server's TLS needs --tls-cert and --tls-key");
  }
  TJ_ASSIGN_OR_RETURN(TlsTexts texts, ReadTlsFiles(tls));
  grpc::SslServerCredentialsOptions options(
      texts.ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                       : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = texts.ca;
  options.pem_key_cert_pairs.push_back({texts.key, texts.certificate});
  return grpc::SslServerCredentials(options);
}

void ApplyServerLimits(grpc::ServerBuilder& builder) {
  KeepGrpcRunning();
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kKeepaliveMinimumMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
}

}  // namespace tinyjoule

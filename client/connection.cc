// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/connection.h"

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {
namespace {

// gRPC wraps the system's own words in its own, such as "failed to connect to all addresses; last
// error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote host: Connection refused".
std::string Cause(const grpc::Status& status) {
  constexpr absl::string_view kRemote = "Failed to connect to remote host: ";
  const std::string& message = status.error_message();
  const size_t at = message.rfind(kRemote.data());
  return at == std::string::npos ? message : message.substr(at + kRemote.size());
}

}  // namespace

absl::Status Connection::Connect() {
  if (sweeps_ != nullptr) return absl::OkStatus();
  const auto channel = MakeChannel(options_.address, options_.channel);
  if (!channel.ok()) return channel.status();
  sweeps_ = v1::SweepService::NewStub(*channel);
  runs_ = v1::RunService::NewStub(*channel);
  fleet_ = v1::FleetService::NewStub(*channel);
  return absl::OkStatus();
}

void Connection::SetDeadline(grpc::ClientContext& context, int64_t timeout_ns) {
  if (timeout_ns <= 0) return;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::nanoseconds(timeout_ns));
}

absl::Status Connection::Translated(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  if (interrupts_.interrupted()) return absl::CancelledError("interrupted");
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    return absl::UnavailableError(
        absl::StrCat("no coordinator answers at ", options_.address, " (", Cause(status),
                     "). Is it running? Another address: --coordinator HOST:PORT or COORD_ADDR"));
  }
  return FromGrpcStatus(status);
}

}  // namespace tinyjoule

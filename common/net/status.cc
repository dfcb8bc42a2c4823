// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/net/status.h"

#include <algorithm>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tinyjoule/v1/error_details.pb.h"

namespace tinyjoule {
namespace {

constexpr char kGoogleTypes[] = "type.googleapis.com/google.rpc.";
constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
// Trailers hold 256 KiB (common/net/channel.cc) for the message, where a byte that is not printable
// ASCII becomes three, and for the details in base64.
constexpr size_t kMaxEncodedMessageBytes = 160 * 1024;
constexpr size_t kMaxSummaryBytes = 1024;
constexpr size_t kMaxPayloadBytes = 32 * 1024;

// The first bytes, at most `size`, cut between characters.
absl::string_view Beginning(absl::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

std::string Shortened(absl::string_view message) {
  size_t encoded = 0;
  size_t end = 0;
  for (; end < message.size() && encoded < kMaxEncodedMessageBytes; ++end) {
    encoded += message[end] >= ' ' && message[end] <= '~' && message[end] != '%' ? 1 : 3;
  }
  if (end == message.size()) return std::string(message);
  return absl::StrCat(Beginning(message, end), "\n... and more");
}

void AddDetail(const std::string& type_url, const std::string& value, v1::ErrorStatus& details) {
  google::protobuf::Any& detail = *details.add_details();
  detail.set_type_url(type_url);
  detail.set_value(value);
}

std::string ErrorDetails(const absl::Status& status, const std::string& message) {
  v1::ErrorInfo info;
  info.set_reason(absl::StatusCodeToString(status.code()));
  info.set_domain("tinyjoule");
  v1::ErrorStatus details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(
      std::string(Beginning(message, std::min(message.find('\n'), kMaxSummaryBytes))));
  AddDetail(kErrorInfoUrl, info.SerializeAsString(), details);
  status.ForEachPayload([&details](absl::string_view type_url, const absl::Cord& payload) {
    if (!absl::StartsWith(type_url, kGoogleTypes) || payload.size() > kMaxPayloadBytes) return;
    AddDetail(std::string(type_url), std::string(payload), details);
  });
  return details.SerializeAsString();
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = Shortened(status.message());
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message,
                      ErrorDetails(status, message));
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  v1::ErrorStatus details;
  if (!details.ParseFromString(status.error_details())) return result;
  for (const google::protobuf::Any& detail : details.details()) {
    if (detail.type_url() != kErrorInfoUrl && absl::StartsWith(detail.type_url(), kGoogleTypes)) {
      result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
    }
  }
  return result;
}

}  // namespace tinyjoule

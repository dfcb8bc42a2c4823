// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_REQUEST_CHECK_H_
#define SERVER_RPC_REQUEST_CHECK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tinyjoule/v1/agent_link_service.pb.h"
#include "tinyjoule/v1/fleet_service.pb.h"
#include "tinyjoule/v1/run_service.pb.h"
#include "tinyjoule/v1/sweep_service.pb.h"

// The border: names and sizes of what peers send, checked once. InvalidArgument names the field.
// What needs the coordinator's knowledge (does the sweep exist?) is the core's to say.
namespace tinyjoule {

constexpr uint64_t kMaxUploadBytes = uint64_t{4} << 30;

// [A-Za-z0-9._-]{1,64}, in the field of the given name.
[[nodiscard]] absl::Status CheckName(absl::string_view field, absl::string_view value);
[[nodiscard]] absl::Status CheckSha256(absl::string_view field, absl::string_view value);
// A token that this server gave out, sent back: empty, or a short name.
[[nodiscard]] absl::Status CheckPageToken(absl::string_view token);

[[nodiscard]] absl::Status CheckRequest(const v1::CreateSweepRequest& request);
[[nodiscard]] absl::Status CheckRequest(const v1::ListRunsRequest& request);
[[nodiscard]] absl::Status CheckRequest(const v1::ListTrialsRequest& request);
[[nodiscard]] absl::Status CheckRequest(const v1::ExportSweepRequest& request);
[[nodiscard]] absl::Status CheckRequest(const v1::WatchPowerRequest& request);
[[nodiscard]] absl::Status CheckRequest(const v1::LabelAgentRequest& request);
[[nodiscard]] absl::Status CheckRequest(const v1::CalibrateAgentRequest& request);
// The first message of an upload.
[[nodiscard]] absl::Status CheckUploadHeader(const v1::UploadFileRequest& header);

[[nodiscard]] absl::Status CheckHello(const v1::Hello& hello);
// Any message of an agent's stream after its Hello. DataLoss: a chunk whose CRC does not fit.
[[nodiscard]] absl::Status CheckAgentMessage(const v1::ConnectRequest& message);

}  // namespace tinyjoule

#endif  // SERVER_RPC_REQUEST_CHECK_H_

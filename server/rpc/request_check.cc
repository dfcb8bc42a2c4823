// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/request_check.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/digest.h"
#include "common/base/names.h"
#include "common/base/status.h"
#include "common/energy/calibration_task.h"
#include "common/energy/chunk.h"
#include "common/errors/field_violation.h"

namespace tinyjoule {
namespace {

constexpr size_t kMaxSweepYamlBytes = 1 << 20;
constexpr size_t kMaxTextBytes = 4096;
constexpr int kMaxOverrides = 1000;
constexpr int kMaxFiles = 10'000;
constexpr int kMaxLabels = 64;
constexpr int kMaxEngines = 16;
constexpr int kMaxLivePoints = 4096;
constexpr int kMaxResolutions = 64;
constexpr size_t kQuotedBytes = 80;

absl::Status Refuse(absl::string_view field, absl::string_view why) {
  return InvalidFields(absl::StrCat(field, ": ", why), {{std::string(field), std::string(why)}});
}

absl::Status CheckText(absl::string_view field, absl::string_view value) {
  if (value.size() <= kMaxTextBytes) return absl::OkStatus();
  return Refuse(field, absl::StrCat(value.size(), " bytes, of at most ", kMaxTextBytes));
}

absl::Status CheckCount(absl::string_view field, int count, int limit) {
  if (count <= limit) return absl::OkStatus();
  return Refuse(field, absl::StrCat(count, " entries, of at most ", limit));
}

template <typename Map>
absl::Status CheckLabels(absl::string_view field, const Map& labels) {
  TJ_RETURN_IF_ERROR(CheckCount(field, static_cast<int>(labels.size()), kMaxLabels));
  for (const auto& [key, value] : labels) {
    TJ_RETURN_IF_ERROR(CheckName(absl::StrCat(field, ".key"), key));
    TJ_RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".", key), value));
  }
  return absl::OkStatus();
}

absl::Status CheckSensorTexts(absl::string_view field, const v1::SensorDescription& sensor) {
  for (const std::string* text :
       {&sensor.uri(), &sensor.kind(), &sensor.resolution(), &sensor.calibration().note(),
        &sensor.observer_cost().resolution(), &sensor.observer_cost().slowest_resolution()}) {
    TJ_RETURN_IF_ERROR(CheckText(field, *text));
  }
  return absl::OkStatus();
}

absl::Status CheckCalibrated(const v1::Calibrated& answer) {
  TJ_RETURN_IF_ERROR(CheckText("calibrated.message", answer.message()));
  TJ_RETURN_IF_ERROR(CheckSensorTexts("calibrated.sensor", answer.sensor()));
  TJ_RETURN_IF_ERROR(
      CheckCount("calibrated.observer_costs", answer.observer_costs_size(), kMaxResolutions));
  for (const v1::ObserverCost& cost : answer.observer_costs()) {
    TJ_RETURN_IF_ERROR(CheckText("calibrated.observer_costs.resolution", cost.resolution()));
    TJ_RETURN_IF_ERROR(
        CheckText("calibrated.observer_costs.slowest_resolution", cost.slowest_resolution()));
  }
  // The canonical codes.
  if (answer.code() >= 0 && answer.code() <= 16) return absl::OkStatus();
  return Refuse("calibrated.code", absl::StrCat(answer.code(), " is no code"));
}

absl::Status CheckInputFile(const v1::InputFile& file) {
  if (file.name().empty()) return Refuse("files.name", "is empty");
  TJ_RETURN_IF_ERROR(CheckText("files.name", file.name()));
  TJ_RETURN_IF_ERROR(CheckSha256("files.sha256", file.sha256()));
  if (!file.local_path().empty()) return Refuse("files.local_path", "is this server's to set");
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckName(absl::string_view field, absl::string_view value) {
  if (IsValidName(value)) return absl::OkStatus();
  return Refuse(field, absl::StrCat("\"", absl::CEscape(value.substr(0, kQuotedBytes)),
                                    "\" is no name: 1 to 64 of A-Z a-z 0-9 . _ -"));
}

absl::Status CheckSha256(absl::string_view field, absl::string_view value) {
  if (IsSha256Hex(value)) return absl::OkStatus();
  return Refuse(field, absl::StrCat("\"", absl::CEscape(value.substr(0, kQuotedBytes)),
                                    "\" is not 64 lower-case hexadecimal digits"));
}

absl::Status CheckPageToken(absl::string_view token) {
  return token.empty() ? absl::OkStatus() : CheckName("page_token", token);
}

absl::Status CheckRequest(const v1::CreateSweepRequest& request) {
  if (!request.request_id().empty()) {
    TJ_RETURN_IF_ERROR(CheckName("request_id", request.request_id()));
  }
  if (request.sweep_yaml().size() > kMaxSweepYamlBytes) {
    return Refuse("sweep_yaml", absl::StrCat(request.sweep_yaml().size(), " bytes, of at most ",
                                             kMaxSweepYamlBytes));
  }
  TJ_RETURN_IF_ERROR(CheckText("file_name", request.file_name()));
  TJ_RETURN_IF_ERROR(CheckCount("overrides", request.overrides_size(), kMaxOverrides));
  for (const std::string& change : request.overrides()) {
    TJ_RETURN_IF_ERROR(CheckText("overrides", change));
  }
  TJ_RETURN_IF_ERROR(CheckCount("files", request.files_size(), kMaxFiles));
  for (const v1::InputFile& file : request.files()) TJ_RETURN_IF_ERROR(CheckInputFile(file));
  return absl::OkStatus();
}

absl::Status CheckRequest(const v1::ListRunsRequest& request) {
  TJ_RETURN_IF_ERROR(CheckName("sweep_id", request.sweep_id()));
  return CheckPageToken(request.page_token());
}

absl::Status CheckRequest(const v1::ListTrialsRequest& request) {
  TJ_RETURN_IF_ERROR(CheckName("sweep_id", request.sweep_id()));
  return CheckPageToken(request.page_token());
}

absl::Status CheckRequest(const v1::ExportSweepRequest& request) {
  TJ_RETURN_IF_ERROR(CheckName("sweep_id", request.sweep_id()));
  for (const int table : request.tables()) {
    if (!v1::ExportTable_IsValid(table) || table == v1::EXPORT_TABLE_UNSPECIFIED) {
      return Refuse("tables", absl::StrCat(table, " is no table"));
    }
  }
  if (!v1::ExportFormat_IsValid(request.format())) {
    return Refuse("format", absl::StrCat(request.format(), " is no format"));
  }
  return absl::OkStatus();
}

absl::Status CheckRequest(const v1::WatchPowerRequest& request) {
  TJ_RETURN_IF_ERROR(CheckName("agent", request.agent()));
  if (!std::isfinite(request.max_rate_hz()) || request.max_rate_hz() < 0) {
    return Refuse("max_rate_hz", "is not a rate");
  }
  return absl::OkStatus();
}

absl::Status CheckRequest(const v1::LabelAgentRequest& request) {
  TJ_RETURN_IF_ERROR(CheckName("agent", request.agent()));
  TJ_RETURN_IF_ERROR(CheckLabels("set", request.set()));
  TJ_RETURN_IF_ERROR(CheckCount("remove", request.remove_size(), kMaxLabels));
  for (const std::string& key : request.remove()) TJ_RETURN_IF_ERROR(CheckName("remove", key));
  return absl::OkStatus();
}

absl::Status CheckRequest(const v1::CalibrateAgentRequest& request) {
  TJ_RETURN_IF_ERROR(CheckName("agent", request.agent()));
  const absl::Status status = CheckCalibrationTask(request.task());
  if (status.ok()) return status;
  const std::pair<absl::string_view, absl::string_view> field =
      absl::StrSplit(status.message(), absl::MaxSplits(": ", 1));
  return Refuse(absl::StrCat("task.", field.first), field.second);
}

absl::Status CheckUploadHeader(const v1::UploadFileRequest& header) {
  TJ_RETURN_IF_ERROR(CheckSha256("sha256", header.sha256()));
  if (header.size_bytes() <= kMaxUploadBytes) return absl::OkStatus();
  return Refuse("size_bytes",
                absl::StrCat(header.size_bytes(), " bytes, of at most ", kMaxUploadBytes));
}

absl::Status CheckHello(const v1::Hello& hello) {
  TJ_RETURN_IF_ERROR(CheckName("hello.agent_name", hello.agent_name()));
  TJ_RETURN_IF_ERROR(CheckName("hello.installation_id", hello.installation_id()));
  TJ_RETURN_IF_ERROR(CheckLabels("hello.labels", hello.labels()));
  TJ_RETURN_IF_ERROR(CheckCount("hello.engines", hello.engines_size(), kMaxEngines));
  for (const std::string& engine : hello.engines()) {
    TJ_RETURN_IF_ERROR(CheckName("hello.engines", engine));
  }
  for (const std::string* text :
       {&hello.agent_version(), &hello.board(), &hello.soc(), &hello.os(), &hello.kernel()}) {
    TJ_RETURN_IF_ERROR(CheckText("hello", *text));
  }
  TJ_RETURN_IF_ERROR(CheckSensorTexts("hello.sensor", hello.sensor()));
  if (hello.active_run_id().empty()) return absl::OkStatus();
  return CheckName("hello.active_run_id", hello.active_run_id());
}

absl::Status CheckAgentMessage(const v1::ConnectRequest& message) {
  switch (message.message_case()) {
    case v1::ConnectRequest::kOfferReply:
      TJ_RETURN_IF_ERROR(CheckText("offer_reply.reason", message.offer_reply().reason()));
      return CheckName("offer_reply.run_id", message.offer_reply().run_id());
    case v1::ConnectRequest::kProgress:
      return CheckName("progress.run_id", message.progress().run_id());
    case v1::ConnectRequest::kChunk:
      return CheckChunk(message.chunk());
    case v1::ConnectRequest::kLivePower:
      return CheckCount("live_power.points", message.live_power().points_size(), kMaxLivePoints);
    case v1::ConnectRequest::kCalibrated:
      return CheckCalibrated(message.calibrated());
    case v1::ConnectRequest::kHeartbeat:
      return absl::OkStatus();
    case v1::ConnectRequest::kHello:
      return absl::InvalidArgumentError("a second hello on one stream");
    case v1::ConnectRequest::MESSAGE_NOT_SET:
      break;
  }
  // A message of a newer agent that the negotiated protocol does not know.
  return absl::InvalidArgumentError("a message of no kind that this coordinator knows");
}

}  // namespace tinyjoule

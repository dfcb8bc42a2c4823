// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/training/training_wire.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "google/protobuf/util/json_util.h"

namespace tinyjoule {
namespace {

constexpr size_t kQuotedBytes = 200;

std::string Quoted(absl::string_view line) {
  return absl::StrCat("\"", absl::CEscape(line.substr(0, kQuotedBytes)),
                      line.size() > kQuotedBytes ? "..." : "", "\"");
}

}  // namespace

absl::StatusOr<std::string> EncodeTaskLine(const v1::TrainingTask& task) {
  std::string line;
  const auto status = google::protobuf::util::MessageToJsonString(task, &line);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat("cannot write the task as JSON: ", status.ToString()));
  }
  line.push_back('\n');
  return line;
}

absl::StatusOr<v1::TrainingEvent> DecodeEventLine(absl::string_view line,
                                                  absl::string_view task_id) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  v1::TrainingEvent event;
  const auto status =
      google::protobuf::util::JsonStringToMessage({line.data(), line.size()}, &event, options);
  if (!status.ok()) {
    return absl::InternalError(
        absl::StrCat("the trainer wrote a line that is no event: ", Quoted(line)));
  }
  if (event.task_id() != task_id || event.event_case() == v1::TrainingEvent::EVENT_NOT_SET) {
    return absl::InternalError(
        absl::StrCat("the trainer wrote an event of another task: ", Quoted(line)));
  }
  return event;
}

absl::StatusOr<std::string> LineReader::Next() {
  for (;;) {
    const size_t end = buffer_.find('\n', searched_);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      searched_ = 0;
      return line;
    }
    searched_ = buffer_.size();
    if (searched_ > kMaxLineBytes) {
      return absl::ResourceExhaustedError(absl::StrCat("the trainer wrote a line of more than ",
                                                       kMaxLineBytes, " bytes: ", Quoted(buffer_)));
    }
    TJ_ASSIGN_OR_RETURN(const std::string bytes, source_());
    if (bytes.empty()) return absl::OutOfRangeError("the trainer's output has ended");
    buffer_ += bytes;
  }
}

}  // namespace tinyjoule

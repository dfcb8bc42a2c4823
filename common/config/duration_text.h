// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_DURATION_TEXT_H_
#define COMMON_CONFIG_DURATION_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/duration.pb.h"

namespace tinyjoule {

// "10s", "1h30m", "500ms", "1.5s", "0s" -> duration. InvalidArgument for anything else: no unit, a
// sign, more than 365 days.
absl::StatusOr<google::protobuf::Duration> ParseDurationText(absl::string_view text);

// The shortest such text: "1h30m", "1.5s".
std::string FormatDurationText(const google::protobuf::Duration& duration);

int64_t DurationToNs(const google::protobuf::Duration& duration);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_DURATION_TEXT_H_

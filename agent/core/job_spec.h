// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_JOB_SPEC_H_
#define AGENT_CORE_JOB_SPEC_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/duration.pb.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// A job from a peer, before anything is done with it: names, hashes, counts and durations in
// range. InvalidArgument names the field.
[[nodiscard]] absl::Status CheckJob(const v1::JobSpec& job);

int64_t ToNs(const google::protobuf::Duration& duration);

// Protobuf strings must be UTF-8: other bytes become "?".
std::string ToValidUtf8(absl::string_view bytes);

}  // namespace tinyjoule

#endif  // AGENT_CORE_JOB_SPEC_H_

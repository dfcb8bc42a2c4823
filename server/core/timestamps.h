// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_TIMESTAMPS_H_
#define SERVER_CORE_TIMESTAMPS_H_

#include <cstdint>

#include "common/base/clock.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace tinyjoule {

// Nanoseconds since the Unix epoch as a message. Not before 1970.
inline google::protobuf::Timestamp ToTimestamp(int64_t utc_ns) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(utc_ns / kNsPerSecond);
  timestamp.set_nanos(static_cast<int32_t>(utc_ns % kNsPerSecond));
  return timestamp;
}

inline google::protobuf::Duration ToDuration(int64_t ns) {
  google::protobuf::Duration duration;
  duration.set_seconds(ns / kNsPerSecond);
  duration.set_nanos(static_cast<int32_t>(ns % kNsPerSecond));
  return duration;
}

}  // namespace tinyjoule

#endif  // SERVER_CORE_TIMESTAMPS_H_

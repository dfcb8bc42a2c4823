// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_FRAMING_H_
#define COMMON_BASE_FRAMING_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"

namespace tinyjoule {

// Messages behind their length as a varint, as protobuf's own delimited streams.
constexpr size_t kMaxFrameBytes = 4 << 20;

// ResourceExhausted when the message is over kMaxFrameBytes.
absl::StatusOr<std::string> EncodeFrame(const google::protobuf::MessageLite& message);

// Cuts frames out of a stream of bytes that comes in pieces of any size. One thread.
class FrameReader {
 public:
  // More bytes of the stream; an empty string at its end; or why there are none.
  using Source = std::function<absl::StatusOr<std::string>()>;
  explicit FrameReader(Source source) : source_(std::move(source)) {}

  // Waits for a whole frame and parses it into `message`. OutOfRange at a clean end of the stream,
  // DataLoss when it ends or breaks inside a frame, and what the source gave otherwise.
  [[nodiscard]] absl::Status Read(google::protobuf::MessageLite* message);

 private:
  [[nodiscard]] absl::Status ReadLength(size_t* length);
  [[nodiscard]] absl::Status FillTo(size_t size);

  Source source_;
  std::string buffer_;
};

// For a file descriptor that stays the caller's.
absl::StatusOr<std::string> ReadSome(int fd, size_t limit);
[[nodiscard]] absl::Status WriteAll(int fd, absl::string_view bytes);

}  // namespace tinyjoule

#endif  // COMMON_BASE_FRAMING_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINING_TRAINING_WIRE_H_
#define SERVER_TRAINING_TRAINING_WIRE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// The task as one line of protobuf JSON, line feed included.
absl::StatusOr<std::string> EncodeTaskLine(const v1::TrainingTask& task);

// A line that a trainer wrote, without its line feed. Internal, quoting the line's beginning, when
// it is not a TrainingEvent of `task_id`.
absl::StatusOr<v1::TrainingEvent> DecodeEventLine(absl::string_view line,
                                                  absl::string_view task_id);

// Cuts lines out of a stream of bytes that comes in pieces of any size. One thread.
class LineReader {
 public:
  // More bytes; an empty string at the end of the stream; or why there are none.
  using Source = std::function<absl::StatusOr<std::string>()>;
  // A longer line is refused: it is an outcome with its history at most.
  static constexpr size_t kMaxLineBytes = 16 << 20;

  explicit LineReader(Source source) : source_(std::move(source)) {}
  // The next line, without its line feed. OutOfRange at the end of the stream (what came after the
  // last line feed is lost: its writer died in the middle of it), ResourceExhausted for a line
  // that is too long, and what the source gave otherwise.
  absl::StatusOr<std::string> Next();

 private:
  Source source_;
  std::string buffer_;
  size_t searched_ = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINING_TRAINING_WIRE_H_

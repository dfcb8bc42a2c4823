// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/framing.h"

#include <gtest/gtest.h>

#include <deque>

#include "tinyjoule/v1/runner.pb.h"

namespace tinyjoule {
namespace {

FrameReader::Source Pieces(std::deque<std::string> pieces) {
  return [pieces = std::move(pieces)]() mutable -> absl::StatusOr<std::string> {
    if (pieces.empty()) return std::string();
    std::string piece = pieces.front();
    pieces.pop_front();
    return piece;
  };
}

v1::RunnerEvent Failure(const std::string& message) {
  v1::RunnerEvent event;
  event.mutable_failure()->set_message(message);
  return event;
}

TEST(FramingTest, CutsMessagesWhateverThePieces) {
  const std::string stream =
      *EncodeFrame(Failure("one")) + *EncodeFrame(Failure(std::string(300, 'x')));
  for (const size_t size : {size_t{1}, size_t{7}, stream.size()}) {
    std::deque<std::string> pieces;
    for (size_t at = 0; at < stream.size(); at += size) pieces.push_back(stream.substr(at, size));
    FrameReader reader(Pieces(pieces));
    v1::RunnerEvent event;
    ASSERT_TRUE(reader.Read(&event).ok());
    EXPECT_EQ(event.failure().message(), "one");
    ASSERT_TRUE(reader.Read(&event).ok());
    EXPECT_EQ(event.failure().message(), std::string(300, 'x'));
    EXPECT_EQ(reader.Read(&event).code(), absl::StatusCode::kOutOfRange);
  }
}

TEST(FramingTest, ReportsAStreamThatEndsInsideAMessage) {
  const std::string frame = *EncodeFrame(Failure("whole"));
  for (size_t size = 1; size < frame.size(); ++size) {
    FrameReader reader(Pieces({frame.substr(0, size)}));
    v1::RunnerEvent event;
    EXPECT_EQ(reader.Read(&event).code(), absl::StatusCode::kDataLoss) << size;
  }
}

TEST(FramingTest, RefusesWhatIsNoStreamOfMessages) {
  v1::RunnerEvent event;
  FrameReader too_long(Pieces({"\xff\xff\xff\xff\xff\xff"}));
  EXPECT_EQ(too_long.Read(&event).code(), absl::StatusCode::kDataLoss);
  FrameReader text(Pieces({std::string("\x04") + "\xff\xff\xff\xff"}));
  EXPECT_EQ(text.Read(&event).code(), absl::StatusCode::kDataLoss);
}

TEST(FramingTest, RefusesToSendWhatNobodyWouldTake) {
  EXPECT_EQ(EncodeFrame(Failure(std::string(kMaxFrameBytes, 'x'))).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace tinyjoule

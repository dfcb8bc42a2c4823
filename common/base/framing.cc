// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/framing.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr size_t kMaxVarintBytes = 5;

}  // namespace

absl::StatusOr<std::string> EncodeFrame(const google::protobuf::MessageLite& message) {
  const size_t size = message.ByteSizeLong();
  if (size > kMaxFrameBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a message of ", size, " bytes is over the limit of ", kMaxFrameBytes));
  }
  std::string frame;
  frame.reserve(size + kMaxVarintBytes);
  size_t rest = size;
  for (; rest >= 0x80; rest >>= 7) frame.push_back(static_cast<char>(rest | 0x80));
  frame.push_back(static_cast<char>(rest));
  message.AppendToString(&frame);
  return frame;
}

absl::Status FrameReader::FillTo(size_t size) {
  while (buffer_.size() < size) {
    TJ_ASSIGN_OR_RETURN(const std::string more, source_());
    if (more.empty()) {
      return buffer_.empty() ? absl::OutOfRangeError("end of stream")
                             : absl::DataLossError("the stream ended inside a message");
    }
    buffer_ += more;
  }
  return absl::OkStatus();
}

absl::Status FrameReader::ReadLength(size_t* length) {
  uint64_t value = 0;
  for (size_t i = 0; i < kMaxVarintBytes; ++i) {
    TJ_RETURN_IF_ERROR(FillTo(i + 1));
    const auto byte = static_cast<uint8_t>(buffer_[i]);
    value |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      if (value > kMaxFrameBytes) break;
      buffer_.erase(0, i + 1);
      *length = value;
      return absl::OkStatus();
    }
  }
  return absl::DataLossError("the stream does not hold length-delimited messages");
}

absl::Status FrameReader::Read(google::protobuf::MessageLite* message) {
  size_t length = 0;
  TJ_RETURN_IF_ERROR(ReadLength(&length));
  if (absl::Status status = FillTo(length); absl::IsOutOfRange(status)) {
    return absl::DataLossError("the stream ended inside a message");
  } else if (!status.ok()) {
    return status;
  }
  const bool parsed = message->ParseFromArray(buffer_.data(), static_cast<int>(length));
  buffer_.erase(0, length);
  if (parsed) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("bytes that are no ", message->GetTypeName()));
}

absl::StatusOr<std::string> ReadSome(int fd, size_t limit) {
  std::string bytes(limit, '\0');
  ssize_t count = 0;
  do {
    count = read(fd, bytes.data(), limit);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return ErrnoStatus(errno, absl::StrCat("cannot read from descriptor ", fd));
  bytes.resize(static_cast<size_t>(count));
  return bytes;
}

absl::Status WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, absl::StrCat("cannot write to descriptor ", fd));
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/job_spec.h"

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/base/names.h"
#include "common/base/status.h"
#include "common/energy/chunk.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kMaxWindows = 1000;
constexpr uint32_t kMaxThreads = 256;
constexpr int64_t kMaxDurationS = 7 * 24 * 3600;

absl::Status Invalid(absl::string_view field, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("job.", field, " ", why));
}

absl::Status CheckDuration(const google::protobuf::Duration& duration, absl::string_view field) {
  const bool in_range = duration.seconds() >= 0 && duration.seconds() <= kMaxDurationS &&
                        duration.nanos() >= 0 && duration.nanos() < kNsPerSecond;
  return in_range ? absl::OkStatus() : Invalid(field, "is not between 0 and a week");
}

// Bytes of the UTF-8 sequence at the beginning of `bytes`; 0: there is none.
size_t SequenceLength(absl::string_view bytes) {
  const auto byte = [bytes](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                        : (lead & 0xF0) == 0xE0        ? 3
                        : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                       : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

}  // namespace

absl::Status CheckJob(const v1::JobSpec& job) {
  if (!IsValidName(job.run_id())) return Invalid("run_id", "is no name");
  if (job.attempt() == 0) return Invalid("attempt", "is 0");
  if (!IsSha256Hex(job.model_sha256())) return Invalid("model_sha256", "is no SHA-256");
  if (!IsSha256Hex(job.inputs_sha256())) return Invalid("inputs_sha256", "is no SHA-256");
  if (job.threads() > kMaxThreads) return Invalid("threads", "is over 256");
  if (job.window_count() == 0 || job.window_count() > kMaxWindows) {
    return Invalid("window_count", "is not between 1 and 1000");
  }
  TJ_RETURN_IF_ERROR(CheckDuration(job.warmup_min(), "warmup_min"));
  TJ_RETURN_IF_ERROR(CheckDuration(job.warmup_max(), "warmup_max"));
  TJ_RETURN_IF_ERROR(CheckDuration(job.window_min(), "window_min"));
  TJ_RETURN_IF_ERROR(CheckDuration(job.idle(), "idle"));
  TJ_RETURN_IF_ERROR(CheckDuration(job.cooldown_min(), "cooldown_min"));
  return CheckDuration(job.cooldown_timeout(), "cooldown_timeout");
}

int64_t ToNs(const google::protobuf::Duration& duration) {
  return duration.seconds() * kNsPerSecond + duration.nanos();
}

std::string ToValidUtf8(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t length = SequenceLength(bytes);
    if (length == 0) text += '?';
    absl::StrAppend(&text, bytes.substr(0, length));
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

}  // namespace tinyjoule

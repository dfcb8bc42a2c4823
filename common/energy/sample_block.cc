// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/sample_block.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

// Times are those of a monotonic clock: 146 years leave room for every sum below.
constexpr int64_t kMaxTimeNs = int64_t{1} << 62;
constexpr uint32_t kMaxTimeUnitNs = 1'000'000;
constexpr int64_t kMaxInterval = std::numeric_limits<int32_t>::max();

using Deltas = google::protobuf::RepeatedField<int32_t>;

absl::Status BadSample(size_t index, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("sample ", index, " of a block: ", what));
}

bool FitsInt32(int64_t value) {
  return value >= std::numeric_limits<int32_t>::min() &&
         value <= std::numeric_limits<int32_t>::max();
}

absl::Status AppendDelta(int64_t from, int64_t to, size_t index, absl::string_view word,
                         Deltas& deltas) {
  const int64_t delta = to - from;
  if (!FitsInt32(delta)) {
    return BadSample(index, absl::StrCat(word, " differs by ", delta, " from the sample before"));
  }
  deltas.Add(static_cast<int32_t>(delta));
  return absl::OkStatus();
}

absl::Status CheckTime(int64_t t_ns, size_t index) {
  if (t_ns >= 0 && t_ns <= kMaxTimeNs) return absl::OkStatus();
  return BadSample(index, absl::StrCat("time ", t_ns, " ns is outside [0, 2^62]"));
}

absl::Status CheckInterval(int64_t interval, size_t index) {
  const int64_t shortest = index == 0 ? 0 : 1;
  if (interval >= shortest && interval <= kMaxInterval) return absl::OkStatus();
  return BadSample(index, absl::StrCat("lies ", interval, " time units after the sample before"));
}

absl::Status CheckBlockSize(size_t samples) {
  if (samples >= 1 && samples <= kMaxSamplesPerBlock) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a sample block holds 1 to ", kMaxSamplesPerBlock, " samples, not ", samples));
}

void AppendFlagRuns(absl::Span<const RawCounts> samples, v1::SampleBlock& block) {
  for (size_t begin = 0; begin < samples.size();) {
    size_t end = begin + 1;
    while (end < samples.size() && samples[end].flags == samples[begin].flags) ++end;
    block.add_flag_runs(samples[begin].flags);
    block.add_flag_runs(static_cast<uint32_t>(end - begin));
    begin = end;
  }
}

absl::Status CheckLengths(const v1::SampleBlock& block) {
  const int samples = block.time_delta_size();
  TJ_RETURN_IF_ERROR(CheckBlockSize(samples));
  const bool power_fits = block.power_delta_size() == 0 || block.power_delta_size() == samples;
  if (block.bus_delta_size() == samples && block.shunt_delta_size() == samples && power_fits) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a sample block has ", samples, " times, ", block.bus_delta_size(), " bus, ",
      block.shunt_delta_size(), " shunt and ", block.power_delta_size(), " power words"));
}

absl::Status DecodeFlagRuns(const v1::SampleBlock& block, std::vector<RawCounts>& samples) {
  if (block.flag_runs_size() % 2 != 0) {
    return absl::InvalidArgumentError("flag_runs of a sample block are not pairs");
  }
  size_t next = 0;
  for (int i = 0; i < block.flag_runs_size(); i += 2) {
    const uint32_t flags = block.flag_runs(i);
    const uint32_t length = block.flag_runs(i + 1);
    if (flags > std::numeric_limits<uint8_t>::max()) {
      return absl::InvalidArgumentError(absl::StrCat("flags ", flags, " of a sample block"));
    }
    if (length == 0 || length > samples.size() - next) {
      return absl::InvalidArgumentError(
          absl::StrCat("a run of ", length, " flags at sample ", next, " of ", samples.size()));
    }
    for (uint32_t k = 0; k < length; ++k) samples[next++].flags = static_cast<uint8_t>(flags);
  }
  if (next == samples.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("flag runs cover ", next, " of ", samples.size(), " samples"));
}

absl::Status DecodeTimes(const v1::SampleBlock& block, std::vector<RawCounts>& samples) {
  const uint32_t unit = block.time_unit_ns() == 0 ? kTimeUnitNs : block.time_unit_ns();
  if (unit > kMaxTimeUnitNs) {
    return absl::InvalidArgumentError(absl::StrCat("time_unit_ns ", unit, " of a sample block"));
  }
  int64_t t_ns = block.first_time_ns();
  TJ_RETURN_IF_ERROR(CheckTime(t_ns, 0));
  int64_t interval = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    interval += block.time_delta(static_cast<int>(i));
    TJ_RETURN_IF_ERROR(CheckInterval(interval, i));
    t_ns += interval * unit;
    TJ_RETURN_IF_ERROR(CheckTime(t_ns, i));
    samples[i].t_ns = t_ns;
  }
  return absl::OkStatus();
}

absl::Status DecodeWord(const Deltas& deltas, absl::string_view word, int32_t RawCounts::*member,
                        std::vector<RawCounts>& samples) {
  int64_t value = 0;
  for (int i = 0; i < deltas.size(); ++i) {
    value += deltas.Get(i);
    if (!FitsInt32(value)) return BadSample(i, absl::StrCat(word, " leaves 32 bits"));
    samples[i].*member = static_cast<int32_t>(value);
  }
  return absl::OkStatus();
}

}  // namespace

bool operator==(const RawCounts& a, const RawCounts& b) {
  return a.t_ns == b.t_ns && a.bus == b.bus && a.shunt == b.shunt && a.power == b.power &&
         a.flags == b.flags;
}

absl::StatusOr<v1::SampleBlock> EncodeSampleBlock(absl::Span<const RawCounts> samples,
                                                  bool has_power_channel, uint64_t dropped_before) {
  TJ_RETURN_IF_ERROR(CheckBlockSize(samples.size()));
  TJ_RETURN_IF_ERROR(CheckTime(samples[0].t_ns, 0));
  v1::SampleBlock block;
  RawCounts before;
  before.t_ns = RoundToTimeUnit(samples[0].t_ns);
  block.set_first_time_ns(before.t_ns);
  block.set_time_unit_ns(kTimeUnitNs);
  block.set_dropped_before(dropped_before);
  int64_t interval_before = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    RawCounts sample = samples[i];
    TJ_RETURN_IF_ERROR(CheckTime(sample.t_ns, i));
    sample.t_ns = RoundToTimeUnit(sample.t_ns);
    const int64_t interval = (sample.t_ns - before.t_ns) / kTimeUnitNs;
    TJ_RETURN_IF_ERROR(CheckInterval(interval, i));
    block.add_time_delta(static_cast<int32_t>(interval - interval_before));
    TJ_RETURN_IF_ERROR(AppendDelta(before.bus, sample.bus, i, "bus", *block.mutable_bus_delta()));
    TJ_RETURN_IF_ERROR(
        AppendDelta(before.shunt, sample.shunt, i, "shunt", *block.mutable_shunt_delta()));
    if (has_power_channel) {
      TJ_RETURN_IF_ERROR(
          AppendDelta(before.power, sample.power, i, "power", *block.mutable_power_delta()));
    }
    before = sample;
    interval_before = interval;
  }
  AppendFlagRuns(samples, block);
  return block;
}

absl::StatusOr<std::vector<RawCounts>> DecodeSampleBlock(const v1::SampleBlock& block) {
  TJ_RETURN_IF_ERROR(CheckLengths(block));
  std::vector<RawCounts> samples(block.time_delta_size());
  TJ_RETURN_IF_ERROR(DecodeTimes(block, samples));
  TJ_RETURN_IF_ERROR(DecodeWord(block.bus_delta(), "bus", &RawCounts::bus, samples));
  TJ_RETURN_IF_ERROR(DecodeWord(block.shunt_delta(), "shunt", &RawCounts::shunt, samples));
  TJ_RETURN_IF_ERROR(DecodeWord(block.power_delta(), "power", &RawCounts::power, samples));
  TJ_RETURN_IF_ERROR(DecodeFlagRuns(block, samples));
  return samples;
}

}  // namespace tinyjoule

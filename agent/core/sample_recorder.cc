// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/sample_recorder.h"

#include <algorithm>

#include "common/base/status.h"
#include "common/energy/conversion.h"
#include "common/energy/sample_block.h"

namespace tinyjoule {
namespace {

// A longer silence does not fit into a block's deltas.
constexpr int64_t kMaxStepNs = int64_t{30} * 60 * 1'000'000'000;

}  // namespace

SampleRecorder::SampleRecorder(SampleSource& source, ChunkSink& sink, SampleTap* tap,
                               size_t max_record)
    : source_(source),
      sink_(sink),
      tap_(tap),
      max_record_(max_record),
      sensor_(source.Describe()) {}

void SampleRecorder::StartRecording() {
  DrainSource();
  dropped_before_ = source_.dropped();
  failed_before_ = source_.failed_reads();
  recording_ = true;
}

absl::Status SampleRecorder::Poll() {
  DrainSource();
  return WriteChunks(/*everything=*/false);
}

absl::Status SampleRecorder::Flush() {
  DrainSource();
  return WriteChunks(/*everything=*/true);
}

void SampleRecorder::DrainSource() {
  fresh_.clear();
  source_.Drain(&fresh_);
  if (fresh_.empty()) return;
  seen_count_ += fresh_.size();
  if (tap_ != nullptr) tap_->OnSamples(fresh_);
  if (!recording_) return;
  sample_count_ += fresh_.size();
  last_sample_ns_ = fresh_.back().t_ns;
  pending_.insert(pending_.end(), fresh_.begin(), fresh_.end());
  const size_t room = max_record_ - record_.size();
  record_.insert(record_.end(), fresh_.begin(),
                 fresh_.begin() + static_cast<ptrdiff_t>(std::min(room, fresh_.size())));
}

std::optional<double> SampleRecorder::MeanPowerW(TimeSpan span) const {
  const CountConverter converter(sensor_);
  double sum_w = 0;
  int count = 0;
  for (auto it = record_.rbegin(); it != record_.rend() && it->t_ns > span.start_ns; ++it) {
    if (it->t_ns > span.end_ns) continue;
    sum_w += converter.Convert(*it).power_w;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum_w / count;
}

// The samples of the first chunk: up to a second, up to a block's size, up to a long silence. 0:
// that chunk may still grow.
size_t SampleRecorder::NextChunkSize(absl::Span<const RawSample> samples, bool everything) const {
  size_t size = 1;
  while (size < samples.size() && size < kSafeSamplesPerBlock &&
         samples[size].t_ns - samples.front().t_ns < kChunkSpanNs &&
         samples[size].t_ns - samples[size - 1].t_ns < kMaxStepNs) {
    ++size;
  }
  return size < samples.size() || everything ? size : 0;
}

absl::Status SampleRecorder::WriteChunks(bool everything) {
  absl::Span<const RawSample> rest = pending_;
  absl::Status status;
  while (status.ok() && !rest.empty()) {
    const size_t size = NextChunkSize(rest, everything);
    if (size == 0) break;
    status = WriteChunk(rest.subspan(0, size));
    if (status.ok()) rest.remove_prefix(size);
  }
  // Also after an error: what was written must not be written again.
  pending_.erase(pending_.begin(), pending_.end() - static_cast<ptrdiff_t>(rest.size()));
  return status;
}

absl::Status SampleRecorder::WriteChunk(absl::Span<const RawSample> samples) {
  const uint64_t drops = dropped();
  TJ_ASSIGN_OR_RETURN(
      const v1::SampleBlock block,
      EncodeSampleBlock(samples, sensor_.has_power_channel(), drops - reported_drops_));
  TJ_RETURN_IF_ERROR(sink_.Write(v1::CHUNK_STREAM_SAMPLES, block.SerializeAsString()));
  reported_drops_ = drops;
  ++chunk_count_;
  return absl::OkStatus();
}

}  // namespace tinyjoule

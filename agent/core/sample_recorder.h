// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_SAMPLE_RECORDER_H_
#define AGENT_CORE_SAMPLE_RECORDER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "agent/core/chunk_sink.h"
#include "agent/core/sampler.h"
#include "common/energy/integral.h"

namespace tinyjoule {

// Sees samples as they come, for live power. Called on the measurement's thread.
class SampleTap {
 public:
  virtual ~SampleTap() = default;
  virtual void OnSamples(absl::Span<const RawSample> samples) = 0;
};

// Drains the sampler during one attempt. Before StartRecording samples only pass the tap; from then
// on they go into SAMPLES chunks of about a second, and into a record for the agent's own energies.
// One thread.
class SampleRecorder {
 public:
  // The record holds no more: 64 minutes at 209 samples/s, 19 MB. Beyond it the chunks go on, and
  // only the coordinator can compute the energies.
  static constexpr size_t kMaxRecord = 800'000;
  static constexpr int64_t kChunkSpanNs = 1'000'000'000;

  // Everything outlives the recorder; tap may be null.
  SampleRecorder(SampleSource& source, ChunkSink& sink, SampleTap* tap,
                 size_t max_record = kMaxRecord);

  void StartRecording();
  // Call often. Writes chunks that are full or a second long.
  [[nodiscard]] absl::Status Poll();
  // Polls and writes what is left.
  [[nodiscard]] absl::Status Flush();

  const v1::SensorDescription& sensor() const { return sensor_; }
  absl::Span<const RawSample> record() const { return record_; }
  // Of the recorded samples whose time lies in (start, end]; nothing when there is none.
  std::optional<double> MeanPowerW(TimeSpan span) const;
  bool record_is_whole() const { return record_.size() == sample_count_; }
  uint64_t sample_count() const { return sample_count_; }
  // Every sample so far, recorded or not.
  uint64_t seen_count() const { return seen_count_; }
  uint64_t chunk_count() const { return chunk_count_; }
  // Lost since StartRecording because the ring was full.
  uint64_t dropped() const { return source_.dropped() - dropped_before_; }
  uint64_t failed_reads() const { return source_.failed_reads() - failed_before_; }
  bool source_ended() const { return source_.ended(); }
  // Time of the newest sample; INT64_MIN before the first.
  int64_t last_sample_ns() const { return last_sample_ns_; }

 private:
  void DrainSource();
  [[nodiscard]] absl::Status WriteChunks(bool everything);
  [[nodiscard]] absl::Status WriteChunk(absl::Span<const RawSample> samples);
  size_t NextChunkSize(absl::Span<const RawSample> samples, bool everything) const;

  SampleSource& source_;
  ChunkSink& sink_;
  SampleTap* const tap_;
  const size_t max_record_;
  const v1::SensorDescription sensor_;
  std::vector<RawSample> fresh_;
  // Not in a chunk yet.
  std::vector<RawSample> pending_;
  std::vector<RawSample> record_;
  uint64_t sample_count_ = 0;
  uint64_t seen_count_ = 0;
  uint64_t chunk_count_ = 0;
  bool recording_ = false;
  uint64_t dropped_before_ = 0;
  uint64_t failed_before_ = 0;
  uint64_t reported_drops_ = 0;
  int64_t last_sample_ns_ = INT64_MIN;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_SAMPLE_RECORDER_H_

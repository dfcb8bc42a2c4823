// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/chunk_ingest.h"

#include <spdlog/spdlog.h>

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/energy/chunk.h"
#include "server/core/log_if_error.h"

namespace tinyjoule {
namespace {

// A flush does not wait for its time when so much has come.
constexpr size_t kFlushBytes = 4 * 1024 * 1024;
// Attempts whose progress is remembered; more are read from the store again.
constexpr size_t kMaxRemembered = 1024;

}  // namespace

ChunkIngest::ChunkIngest(TaskRunner& runner, RunStore& store, Fleet& fleet, RunTracker& tracker,
                         int64_t group_delay_ns, std::function<void()> on_complete)
    : runner_(runner),
      store_(store),
      fleet_(fleet),
      tracker_(tracker),
      group_delay_ns_(group_delay_ns),
      on_complete_(std::move(on_complete)) {}

ChunkIngest::~ChunkIngest() = default;

absl::Status ChunkIngest::Add(const AgentEntry& agent, const v1::Chunk& chunk) {
  if (absl::Status status = CheckChunk(chunk); !status.ok()) {
    ++counters_.refused;
    return status;
  }
  const auto progress = FindProgress(KeyOf(chunk));
  if (!progress.ok() || (*progress)->agent != agent.record.name) {
    ++counters_.refused;
    spdlog::warn("chunk of {}/{} from {} refused: {}", chunk.run_id(), chunk.attempt(),
                 agent.record.name,
                 progress.ok() ? "the attempt is another agent's" : progress.status().ToString());
    return absl::OkStatus();
  }
  waiting_.push_back(chunk);
  waiting_bytes_ += chunk.payload().size();
  if (waiting_bytes_ >= kFlushBytes) {
    Flush();
  } else if (!std::exchange(flush_posted_, true)) {
    runner_.PostDelayed(group_delay_ns_, [this, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) Flush();
    });
  }
  return absl::OkStatus();
}

void ChunkIngest::Flush() {
  flush_posted_ = false;
  if (waiting_.empty()) return;
  WriteBatch batch;
  batch.chunks = std::exchange(waiting_, {});
  waiting_bytes_ = 0;
  const auto report = store_.Commit(batch);
  if (!report.ok()) return RefuseAll(batch.chunks, report.status());
  ++counters_.commits;
  AfterCommit(batch.chunks, report->chunk_fates);
}

void ChunkIngest::RefuseAll(const std::vector<v1::Chunk>& chunks, const absl::Status& status) {
  ++counters_.failed_commits;
  spdlog::error("{} chunks not stored, not acknowledged: {}", chunks.size(), status.ToString());
  std::set<std::string> agents;
  for (const v1::Chunk& chunk : chunks) {
    const auto progress = FindProgress(KeyOf(chunk));
    if (progress.ok()) agents.insert((*progress)->agent);
  }
  // The agents connect again, after a while, and send everything that was not acknowledged.
  for (const std::string& name : agents) {
    AgentEntry* agent = fleet_.Find(name);
    if (agent != nullptr && agent->session != nullptr) agent->session->Close(status);
  }
}

absl::StatusOr<ChunkIngest::Progress*> ChunkIngest::FindProgress(const AttemptKey& key) {
  const auto found = progress_.find(key);
  if (found != progress_.end()) return &found->second;
  TJ_ASSIGN_OR_RETURN(const AttemptRecord attempt, store_.reads().GetAttempt(key));
  Progress progress;
  progress.agent = attempt.agent;
  for (int stream = 1; stream < v1::ChunkStream_ARRAYSIZE; ++stream) {
    TJ_ASSIGN_OR_RETURN(progress.extents[stream],
                        store_.reads().GetExtent(key, static_cast<v1::ChunkStream>(stream)));
  }
  if (progress_.size() >= kMaxRemembered && waiting_.empty()) ForgetIdle();
  return &(progress_[key] = std::move(progress));
}

// What waits to be written down stays: its agent will not send it again.
void ChunkIngest::ForgetIdle() {
  for (auto it = progress_.begin(); it != progress_.end();) {
    it = it->second.unrecorded ? std::next(it) : progress_.erase(it);
  }
}

void ChunkIngest::AfterCommit(const std::vector<v1::Chunk>& chunks,
                              const std::vector<ChunkFate>& fates) {
  std::set<std::pair<AttemptKey, v1::ChunkStream>> streams;
  std::set<AttemptKey> attempts;
  for (size_t i = 0; i < chunks.size(); ++i) {
    Count(chunks[i], fates[i], progress_.at(KeyOf(chunks[i])));
    streams.insert({KeyOf(chunks[i]), chunks[i].stream()});
    attempts.insert(KeyOf(chunks[i]));
  }
  for (const auto& [key, stream] : streams) {
    StreamExtent& extent = progress_.at(key).extents[stream];
    if (extent.count != extent.contiguous) {
      const auto stored = store_.reads().GetExtent(key, stream);
      // Without it the acknowledgement is smaller than it could be, and never too large.
      LogIfError(stored.status(), "see what is stored of a stream");
      if (stored.ok()) extent = *stored;
    }
    Acknowledge(key, stream, progress_.at(key));
  }
  for (const AttemptKey& key : attempts) {
    tracker_.OnChunks(key);
    CheckComplete(key, progress_.at(key));
    if (progress_.at(key).complete) progress_.erase(key);
  }
}

void ChunkIngest::Count(const v1::Chunk& chunk, ChunkFate fate, Progress& progress) {
  if (fate == ChunkFate::kDuplicate) {
    ++counters_.duplicates;
    ++progress.duplicates;
  }
  if (fate == ChunkFate::kConflict) {
    ++counters_.conflicts;
    spdlog::warn("chunk {}/{} {} {} came again with other bytes: kept apart", chunk.run_id(),
                 chunk.attempt(), v1::ChunkStream_Name(chunk.stream()), chunk.sequence());
  }
  if (fate != ChunkFate::kStored) return;
  ++counters_.stored;
  StreamExtent& extent = progress.extents[chunk.stream()];
  if (chunk.sequence() == extent.contiguous && extent.count == extent.contiguous) {
    ++extent.contiguous;
  }
  ++extent.count;
}

void ChunkIngest::Acknowledge(const AttemptKey& key, v1::ChunkStream stream,
                              const Progress& progress) {
  const AgentEntry* agent = fleet_.Find(progress.agent);
  const uint64_t contiguous = progress.extents[stream].contiguous;
  if (agent == nullptr || agent->session == nullptr || contiguous == 0) return;
  v1::ConnectResponse message;
  v1::ChunkAck& ack = *message.mutable_chunk_ack();
  ack.set_run_id(key.run_id);
  ack.set_attempt(key.attempt);
  ack.set_stream(stream);
  ack.set_sequence(contiguous - 1);
  agent->session->Send(message);
}

absl::Status ChunkIngest::ReadResult(const AttemptKey& key, Progress& progress) {
  return store_.reads().ReadChunks(key, v1::CHUNK_STREAM_RESULT,
                                   [&](const v1::Chunk& chunk) -> absl::Status {
                                     if (chunk.sequence() != 0) return absl::OkStatus();
                                     v1::RunResult result;
                                     if (!result.ParseFromString(chunk.payload())) {
                                       result.Clear();
                                       result.set_state(v1::ATTEMPT_STATE_FAILED);
                                       result.set_reason("the agent's result cannot be decoded");
                                     }
                                     progress.result = std::move(result);
                                     return absl::OkStatus();
                                   });
}

uint64_t ChunkIngest::CountConflicts(const AttemptKey& key) {
  uint64_t count = 0;
  const absl::Status status = store_.reads().ReadConflicts(key, [&](const v1::Chunk&) {
    ++count;
    return absl::OkStatus();
  });
  LogIfError(status, "count conflicts");
  return count;
}

v1::DeliveryCounters ChunkIngest::CountDelivery(const AttemptKey& key, const Progress& progress) {
  v1::DeliveryCounters counters;
  uint64_t chunks = 0;
  for (const StreamExtent& extent : progress.extents) chunks += extent.count;
  counters.set_chunks(chunks);
  counters.set_duplicate_chunks(progress.duplicates);
  counters.set_conflicting_chunks(CountConflicts(key));
  return counters;
}

void ChunkIngest::CheckComplete(const AttemptKey& key, Progress& progress) {
  if (progress.complete || progress.extents[v1::CHUNK_STREAM_RESULT].contiguous == 0) return;
  if (!progress.result.has_value()) {
    const absl::Status status = ReadResult(key, progress);
    if (!status.ok()) return LogIfError(status, "read a result");
  }
  const v1::RunResult& result = *progress.result;
  if (progress.extents[v1::CHUNK_STREAM_SAMPLES].contiguous < result.sample_chunks()) return;
  if (progress.extents[v1::CHUNK_STREAM_PREDICTIONS].contiguous < result.prediction_chunks()) {
    return;
  }
  progress.complete = tracker_.OnComplete(key, result, CountDelivery(key, progress));
  progress.unrecorded = !progress.complete;
  if (progress.complete) on_complete_();
}

void ChunkIngest::CheckOpenAttempts(const std::vector<AttemptRecord>& attempts) {
  for (const AttemptRecord& attempt : attempts) {
    const auto progress = FindProgress(attempt.key);
    if (progress.ok()) CheckComplete(attempt.key, **progress);
  }
  RetryCompletions();
}

void ChunkIngest::RetryCompletions() {
  // What waits refers to the progress that may be forgotten below.
  Flush();
  for (auto it = progress_.begin(); it != progress_.end();) {
    CheckComplete(it->first, it->second);
    it = it->second.complete ? progress_.erase(it) : std::next(it);
  }
}

}  // namespace tinyjoule

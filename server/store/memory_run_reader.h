// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORE_MEMORY_RUN_READER_H_
#define SERVER_STORE_MEMORY_RUN_READER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "server/core/run_store.h"

namespace tinyjoule {

// Run, attempt, stream, sequence.
using MemoryChunkKey = std::tuple<std::string, uint32_t, int, uint64_t>;

// Everything that a memory store holds, by key.
struct MemoryState {
  std::map<std::string, SweepRecord> sweeps;
  std::map<std::string, std::string> requests;
  std::map<std::string, TaskRecord> tasks;
  std::map<std::string, TrialRecord> trials;
  std::map<std::string, RunRecord> runs;
  std::map<AttemptKey, AttemptRecord> attempts;
  std::map<MemoryChunkKey, v1::Chunk> chunks;
  std::map<std::pair<MemoryChunkKey, std::string>, v1::Chunk> conflicts;
  std::map<std::string, std::vector<EventRecord>> events;
  std::map<std::string, AgentRecord> agents;
  std::map<std::tuple<std::string, std::string, std::string>, ArtifactReference> references;
};

// Reads of a state, which it keeps alive. Used on the state's sequence.
std::unique_ptr<RunReader> MakeMemoryRunReader(std::shared_ptr<const MemoryState> state);

}  // namespace tinyjoule

#endif  // SERVER_STORE_MEMORY_RUN_READER_H_

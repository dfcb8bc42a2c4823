// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/sampler.h"

#include <pthread.h>

namespace tinyjoule {

Sampler::Sampler(PowerSensor& sensor, size_t capacity) : sensor_(sensor), ring_(capacity) {}

Sampler::~Sampler() { Stop(); }

absl::Status Sampler::Start() {
  if (thread_.joinable() && !ended_) return absl::OkStatus();
  // A trace that played to its end begins anew.
  Stop();
  if (absl::Status status = sensor_.Start(); !status.ok()) return status;
  RawSample stale;
  while (ring_.TryPop(&stale)) {
  }
  dropped_ = 0;
  failed_reads_ = 0;
  ended_ = false;
  thread_ = std::thread([this] { Loop(); });
  pthread_setname_np(thread_.native_handle(), "tj-sampler");
  return absl::OkStatus();
}

void Sampler::Stop() {
  if (!thread_.joinable()) return;
  sensor_.Stop();
  thread_.join();
}

void Sampler::Loop() {
  RawSample sample;
  bool gap = false;
  while (true) {
    const ReadOutcome outcome = sensor_.ReadConversion(&sample);
    if (outcome == ReadOutcome::kEnd) break;
    if (outcome == ReadOutcome::kFailed) {
      failed_reads_.fetch_add(1, std::memory_order_relaxed);
      gap = true;
      continue;
    }
    if (gap) sample.flags |= v1::SAMPLE_FLAG_GAP_BEFORE;
    gap = !ring_.TryPush(sample);
    if (gap) dropped_.fetch_add(1, std::memory_order_relaxed);
  }
  ended_ = true;
}

void Sampler::Drain(std::vector<RawSample>* samples) {
  RawSample sample;
  while (ring_.TryPop(&sample)) samples->push_back(sample);
}

}  // namespace tinyjoule

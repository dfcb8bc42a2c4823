// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/sampler.h"

#include <pthread.h>

#include <future>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {
namespace {

double Microseconds(int64_t ns) { return static_cast<double>(ns) / kNsPerUs; }

void CopyHealth(const SensorHealth& health, v1::SamplerReport* report) {
  report->set_retried_reads(health.retried_reads);
  report->set_configuration_checks(health.configuration_checks);
  report->set_reset_seen(health.reset_seen);
  report->set_configuration_changed(health.configuration_changed);
  report->set_configuration_written(health.configuration_written);
  report->set_configuration_found(health.configuration_found);
  report->set_read_time_us(Microseconds(health.read_time_ns));
  report->set_read_time_worst_us(Microseconds(health.read_time_worst_ns));
  report->set_lateness_p99_us(Microseconds(health.lateness_p99_ns));
}

}  // namespace

Sampler::Sampler(PowerSensor& sensor, size_t capacity, ThreadPolicy* policy)
    : sensor_(sensor), policy_(policy), ring_(capacity) {}

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
  failed_in_a_row_max_ = 0;
  ended_ = false;
  StartThread();
  return absl::OkStatus();
}

void Sampler::StartThread() {
  rounds_.fetch_add(1, std::memory_order_relaxed);
  running_ = true;
  std::promise<ThreadGrant> granted;
  std::future<ThreadGrant> answer = granted.get_future();
  thread_ = std::thread([this, granted = std::move(granted)]() mutable {
    granted.set_value(policy_ == nullptr ? ThreadGrant() : policy_->Apply());
    Loop();
  });
  pthread_setname_np(thread_.native_handle(), "tj-sampler");
  const ThreadGrant grant = answer.get();
  if (!refusals_logged_) {
    for (const std::string& refusal : grant.refusals) spdlog::warn("the sampler {}", refusal);
    refusals_logged_ = true;
  }
  absl::MutexLock lock(&mutex_);
  grant_ = grant;
}

void Sampler::Stop() {
  if (!thread_.joinable()) return;
  sensor_.Stop();
  thread_.join();
  running_ = false;
}

bool Sampler::Progresses() {
  const uint64_t rounds = rounds_.load(std::memory_order_relaxed);
  const bool moved = std::exchange(rounds_seen_, rounds) != rounds;
  return moved || ended_ || !running_;
}

void Sampler::Loop() {
  RawSample sample;
  bool gap = false;
  uint32_t failed_in_a_row = 0;
  while (true) {
    const ReadOutcome outcome = sensor_.ReadConversion(&sample);
    rounds_.fetch_add(1, std::memory_order_relaxed);
    if (outcome == ReadOutcome::kEnd) break;
    if (outcome == ReadOutcome::kFailed) {
      CountFailure(++failed_in_a_row);
      gap = true;
      continue;
    }
    failed_in_a_row = 0;
    if (gap) sample.flags |= v1::SAMPLE_FLAG_GAP_BEFORE;
    gap = !ring_.TryPush(sample);
    if (gap) dropped_.fetch_add(1, std::memory_order_relaxed);
  }
  ended_ = true;
}

void Sampler::CountFailure(uint32_t in_a_row) {
  failed_reads_.fetch_add(1, std::memory_order_relaxed);
  // The loop is the only writer.
  if (in_a_row > failed_in_a_row_max_.load(std::memory_order_relaxed)) {
    failed_in_a_row_max_.store(in_a_row, std::memory_order_relaxed);
  }
}

v1::SamplerReport Sampler::Report() const {
  v1::SamplerReport report;
  report.set_failed_reads(failed_reads_.load());
  report.set_failed_in_a_row_max(failed_in_a_row_max_.load());
  CopyHealth(sensor_.Health(), &report);
  absl::MutexLock lock(&mutex_);
  report.set_realtime(grant_.realtime);
  report.set_memory_locked(grant_.memory_locked);
  report.set_cpu(grant_.cpu);
  return report;
}

void Sampler::Drain(std::vector<RawSample>* samples) {
  RawSample sample;
  while (ring_.TryPop(&sample)) samples->push_back(sample);
}

}  // namespace tinyjoule

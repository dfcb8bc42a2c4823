// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_SAMPLER_H_
#define AGENT_CORE_SAMPLER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "agent/core/power_sensor.h"
#include "agent/core/sample_ring.h"
#include "common/base/thread_policy.h"

namespace tinyjoule {

// Where samples come from, as a consumer sees it. One consumer at a time.
class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual v1::SensorDescription Describe() const = 0;
  // Begins sampling; OK when it runs. Older samples and counts are forgotten when it did not.
  [[nodiscard]] virtual absl::Status Start() = 0;
  virtual void Stop() = 0;
  // Appends everything new, in order.
  virtual void Drain(std::vector<RawSample>* samples) = 0;
  // Since Start: samples lost because nobody drained them, and conversions that the bus lost.
  virtual uint64_t dropped() const = 0;
  virtual uint64_t failed_reads() const = 0;
  // The sensor gave its last sample; there may still be some to drain.
  virtual bool ended() const = 0;
  // The sensor's configuration is read back after the current conversion; Report tells what came of
  // it. Any thread.
  virtual void RequestCheck() = 0;
  // How the sensor was read since Start. Any thread.
  virtual v1::SamplerReport Report() const = 0;
};

// The thread that owns the sensor: reads each conversion and pushes it into a bounded ring. Its
// loop allocates, locks and logs nothing; what does not fit is dropped and counted, and the next
// sample says so with GAP_BEFORE. The ring is in memory before the thread begins. What the policy
// refuses is logged once and stays in the report.
// Start, Stop and the destructor: one thread. Drain: one thread at a time.
class Sampler final : public SampleSource {
 public:
  // 39 s at 209 samples/s.
  static constexpr size_t kDefaultCapacity = 8192;

  // The sensor and the policy outlive the sampler. The capacity is a power of two. Without a policy
  // the thread is an ordinary one.
  explicit Sampler(PowerSensor& sensor, size_t capacity = kDefaultCapacity,
                   ThreadPolicy* policy = nullptr);
  ~Sampler() override;
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  v1::SensorDescription Describe() const override { return sensor_.Describe(); }
  absl::Status Start() override;
  void Stop() override;
  void Drain(std::vector<RawSample>* samples) override;
  uint64_t dropped() const override { return dropped_.load(); }
  uint64_t failed_reads() const override { return failed_reads_.load(); }
  bool ended() const override { return ended_.load(); }
  void RequestCheck() override { sensor_.RequestCheck(); }
  v1::SamplerReport Report() const override;

  // Whether the thread came back from the sensor since the last call, or has nothing to do. A
  // transfer that the kernel never ends holds it, and Stop with it: only a new process helps. One
  // thread, which may be another than that of Start and Stop.
  bool Progresses();

 private:
  void StartThread();
  void Loop();
  void CountFailure(uint32_t in_a_row);

  PowerSensor& sensor_;
  ThreadPolicy* const policy_;
  SampleRing<RawSample> ring_;
  std::atomic<uint64_t> dropped_{0};
  std::atomic<uint64_t> failed_reads_{0};
  std::atomic<uint32_t> failed_in_a_row_max_{0};
  std::atomic<bool> ended_{false};
  std::atomic<bool> running_{false};
  // Conversions and failures of all time, and what Progresses last saw of them.
  std::atomic<uint64_t> rounds_{0};
  uint64_t rounds_seen_ = 0;
  bool refusals_logged_ = false;
  // Never taken by the loop.
  mutable absl::Mutex mutex_;
  ThreadGrant grant_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_SAMPLER_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// The sampler's loop neither allocates nor locks: this program stands in front of the allocator and
// of every lock, and counts what the sampler's thread asks of them.
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "agent/core/sampler.h"
#include "gtest/gtest.h"
#include "spdlog/spdlog.h"
#include "tests/support/ina219_rig.h"

namespace {

std::atomic<uint64_t> allocations{0};
std::atomic<uint64_t> locks{0};
thread_local bool watched = false;

void Count(std::atomic<uint64_t>& counter) {
  if (watched) ++counter;
}

}  // namespace

extern "C" {

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);

void* malloc(size_t size) {
  Count(allocations);
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  Count(allocations);
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  Count(allocations);
  return __libc_realloc(memory, size);
}
void* memalign(size_t alignment, size_t size) {
  Count(allocations);
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) {
  // Nothing to give back is no work.
  if (memory != nullptr) Count(allocations);
  __libc_free(memory);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  using Lock = int (*)(pthread_mutex_t*);
  static const auto real = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  Count(locks);
  return real(mutex);
}

// absl::Mutex::Lock, of which the linker gives us every use (--wrap).
void TINYJOULE_REAL_ABSL_LOCK(void* mutex);
void TINYJOULE_WRAP_ABSL_LOCK(void* mutex) {
  Count(locks);
  TINYJOULE_REAL_ABSL_LOCK(mutex);
}

}  // extern "C"

namespace tinyjoule {
namespace {

constexpr uint64_t kConversions = 20'000;

// Watches the thread from its first conversion to its last one, whatever it does in between.
class WatchedSensor final : public PowerSensor {
 public:
  explicit WatchedSensor(PowerSensor& sensor) : sensor_(sensor) {}
  v1::SensorDescription Describe() const override { return sensor_.Describe(); }
  absl::Status Start() override { return sensor_.Start(); }
  ReadOutcome ReadConversion(RawSample* sample) override {
    watched = true;
    const ReadOutcome outcome = sensor_.ReadConversion(sample);
    if (outcome == ReadOutcome::kEnd) watched = false;
    return outcome;
  }
  void Stop() override { sensor_.Stop(); }
  void RequestCheck() override { sensor_.RequestCheck(); }
  SensorHealth Health() const override { return sensor_.Health(); }

 private:
  PowerSensor& sensor_;
};

TEST(SamplerLoopTest, TheWatchmenAreAwake) {
  allocations = 0;
  locks = 0;
  absl::Mutex absl_mutex;
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  watched = true;
  // Volatile: a compiler may leave out what is taken and given back.
  std::vector<int>* volatile memory = new std::vector<int>(100);
  delete memory;
  absl_mutex.Lock();
  absl_mutex.Unlock();
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  watched = false;
  EXPECT_EQ(allocations, 4u) << "two pieces, there and back";
  EXPECT_EQ(locks, 2u);
  watched = true;
  spdlog::info("a line of the log");
  watched = false;
  EXPECT_GT(locks, 2u) << "logging takes a lock";
}

// With everything that the loop can meet: dropped samples, failed reads, retries, checks of the
// configuration, and somebody who drains and asks for the report all the time.
TEST(SamplerLoopTest, AllocatesAndLocksNothingOverThousandsOfConversions) {
  LoadProfile load = loads::Square100Hz();
  load.AddBusy({0, 1'000 * kNsPerSecond});
  Ina219Rig rig(load, {});
  ASSERT_TRUE(rig.Qualify().ok());
  rig.EndAt(rig.clock.MonotonicNs() + static_cast<int64_t>(kConversions) * 5 * kNsPerMs);
  rig.device->FailAtRandom(0.01, EREMOTEIO, /*seed=*/1);
  const int64_t start_ns = rig.clock.MonotonicNs();
  for (int i = 1; i < 20; ++i) {
    rig.model.At(start_ns + i * kNsPerSecond,
                 [&rig](Ina219Model&) { rig.device->FailNext(2'000, ETIMEDOUT); });
  }
  WatchedSensor sensor(rig);
  Sampler sampler(sensor, 64);
  allocations = 0;
  locks = 0;
  ASSERT_TRUE(sampler.Start().ok());
  std::vector<RawSample> samples;
  while (!sampler.ended()) {
    sampler.Drain(&samples);
    sampler.RequestCheck();
    EXPECT_EQ(sampler.Report().cpu(), -1) << "an ordinary thread";
  }
  sampler.Drain(&samples);
  const v1::SamplerReport report = sampler.Report();
  EXPECT_GE(samples.size() + sampler.dropped(), kConversions * 3 / 4);
  EXPECT_GT(report.failed_reads(), 0u);
  EXPECT_GT(report.retried_reads(), 100u);
  EXPECT_GT(report.configuration_checks(), 0u);
  EXPECT_EQ(allocations, 0u);
  EXPECT_EQ(locks, 0u);
}

}  // namespace
}  // namespace tinyjoule

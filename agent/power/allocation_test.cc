// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// PowerSensor promises that ReadConversion allocates nothing: this program counts every allocation
// of its thread, through new or malloc.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "agent/power/ina219_sensor.h"
#include "common/base/sanitizers.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_ina219.h"

#define TINYJOULE_COUNTS_MALLOC !TINYJOULE_SANITIZED

namespace {
thread_local uint64_t allocations = 0;
}  // namespace

#if TINYJOULE_COUNTS_MALLOC
// glibc's own names. operator new of libstdc++ calls malloc.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  ++allocations;
  return __libc_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}
#endif

namespace tinyjoule {
namespace {

class AllocationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!TINYJOULE_COUNTS_MALLOC) GTEST_SKIP() << "the sanitizer has malloc for itself";
    const uint64_t before = allocations;
    auto kept = std::make_unique<std::string>(100, 'x');
    ASSERT_GE(allocations - before, 2u) << "allocations are not counted";
  }
  // Allocations during so many calls.
  uint64_t CountDuring(PowerSensor& sensor, int calls, int* samples) {
    RawSample sample;
    const uint64_t before = allocations;
    for (int i = 0; i < calls; ++i) {
      if (sensor.ReadConversion(&sample) == ReadOutcome::kSample) ++*samples;
      if (i % 10 == 0) sensor.RequestCheck();
    }
    return allocations - before;
  }
  FakeClock clock_;
};

TEST_F(AllocationTest, Ina219ReadsWithoutAny) {
  ScriptedIna219 chip(clock_);
  Ina219Sensor sensor({}, std::make_unique<ScriptedI2cDevice>(chip), clock_);
  ASSERT_TRUE(sensor.Qualify().ok());
  ASSERT_TRUE(sensor.Start().ok());
  int samples = 0;
  EXPECT_EQ(CountDuring(sensor, 1000, &samples), 0u);
  EXPECT_EQ(samples, 1000);
  EXPECT_GE(sensor.Health().configuration_checks, 90u);
  chip.error = 121;  // EREMOTEIO
  EXPECT_EQ(CountDuring(sensor, 20, &samples), 0u) << "nor when the bus fails";
  EXPECT_EQ(samples, 1000);
}

}  // namespace
}  // namespace tinyjoule

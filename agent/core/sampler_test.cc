// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/sampler.h"

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include "agent/core/sample_ring.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

// Gives what the script says, one outcome after another, and then ends.
class ScriptedSensor final : public PowerSensor {
 public:
  explicit ScriptedSensor(std::vector<ReadOutcome> script) : script_(std::move(script)) {}
  v1::SensorDescription Describe() const override { return {}; }
  absl::Status Start() override {
    next_ = 0;
    return start_error;
  }
  ReadOutcome ReadConversion(RawSample* sample) override {
    if (next_ == script_.size()) return ReadOutcome::kEnd;
    sample->flags = 0;
    sample->t_ns = static_cast<int64_t>(next_) * 1000;
    return script_[next_++];
  }
  void Stop() override {}
  absl::Status start_error;

 private:
  const std::vector<ReadOutcome> script_;
  size_t next_ = 0;
};

void WaitForEnd(const Sampler& sampler) {
  while (!sampler.ended()) std::this_thread::yield();
}

TEST(SampleRingTest, TwoThreadsPassEveryItemInOrder) {
  SampleRing<int> ring(64);
  constexpr int kItems = 200'000;
  std::thread writer([&ring] {
    for (int i = 0; i < kItems; ++i) {
      while (!ring.TryPush(i)) std::this_thread::yield();
    }
  });
  for (int expected = 0; expected < kItems; ++expected) {
    int item = -1;
    while (!ring.TryPop(&item)) std::this_thread::yield();
    ASSERT_EQ(item, expected);
  }
  writer.join();
}

TEST(SampleRingTest, HoldsItsCapacityAndNoMore) {
  SampleRing<int> ring(4);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.TryPush(i));
  EXPECT_FALSE(ring.TryPush(4));
  int item = -1;
  EXPECT_TRUE(ring.TryPop(&item));
  EXPECT_EQ(item, 0);
  EXPECT_TRUE(ring.TryPush(4));
}

TEST(SamplerTest, CountsWhatDoesNotFit) {
  ScriptedSensor sensor(std::vector<ReadOutcome>(10, ReadOutcome::kSample));
  Sampler sampler(sensor, 4);
  ASSERT_TRUE(sampler.Start().ok());
  WaitForEnd(sampler);
  EXPECT_EQ(sampler.dropped(), 6u);
  std::vector<RawSample> samples;
  sampler.Drain(&samples);
  ASSERT_EQ(samples.size(), 4u);
  EXPECT_EQ(samples[3].t_ns, 3000);
}

TEST(SamplerTest, AFailedReadIsCountedAndMarksTheNextSample) {
  using R = ReadOutcome;
  ScriptedSensor sensor({R::kSample, R::kFailed, R::kFailed, R::kSample, R::kSample});
  Sampler sampler(sensor);
  ASSERT_TRUE(sampler.Start().ok());
  WaitForEnd(sampler);
  std::vector<RawSample> samples;
  sampler.Drain(&samples);
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].flags, 0);
  EXPECT_EQ(samples[1].flags, v1::SAMPLE_FLAG_GAP_BEFORE);
  EXPECT_EQ(samples[2].flags, 0);
  EXPECT_EQ(sampler.failed_reads(), 2u);
  EXPECT_EQ(sampler.dropped(), 0u);
}

TEST(SamplerTest, StartsAnewWithoutOldSamplesOrCounts) {
  ScriptedSensor sensor(std::vector<ReadOutcome>(6, ReadOutcome::kSample));
  Sampler sampler(sensor, 4);
  ASSERT_TRUE(sampler.Start().ok());
  WaitForEnd(sampler);
  sampler.Stop();
  ASSERT_TRUE(sampler.Start().ok());
  WaitForEnd(sampler);
  std::vector<RawSample> samples;
  sampler.Drain(&samples);
  ASSERT_EQ(samples.size(), 4u);
  EXPECT_EQ(samples[0].t_ns, 0);
  EXPECT_EQ(sampler.dropped(), 2u);
}

TEST(SamplerTest, AnEndedSensorStartsAnewWithoutAStop) {
  ScriptedSensor sensor(std::vector<ReadOutcome>(3, ReadOutcome::kSample));
  Sampler sampler(sensor);
  std::vector<RawSample> samples;
  for (int start = 0; start < 2; ++start) {
    ASSERT_TRUE(sampler.Start().ok());
    WaitForEnd(sampler);
    sampler.Drain(&samples);
  }
  EXPECT_EQ(samples.size(), 6u);
}

TEST(SamplerTest, ASensorThatDoesNotStartIsAnError) {
  ScriptedSensor sensor({});
  sensor.start_error = absl::UnavailableError("no device");
  Sampler sampler(sensor);
  EXPECT_EQ(sampler.Start(), sensor.start_error);
}

}  // namespace
}  // namespace tinyjoule

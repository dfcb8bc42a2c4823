// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/sampler.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "agent/core/sample_ring.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/spdlog.h"

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
  void RequestCheck() override { ++checks; }
  SensorHealth Health() const override { return health; }
  absl::Status start_error;
  int checks = 0;
  SensorHealth health;

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

// Each read ends when the test lets it. ThreadSanitizer knows std::mutex, and not Abseil's.
class HeldSensor final : public PowerSensor {
 public:
  v1::SensorDescription Describe() const override { return {}; }
  absl::Status Start() override { return absl::OkStatus(); }
  ReadOutcome ReadConversion(RawSample* sample) override {
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return let_ > 0 || stopped_; });
    --waiting_;
    if (stopped_) return ReadOutcome::kEnd;
    --let_;
    sample->t_ns = ++t_ns_;
    return ReadOutcome::kSample;
  }
  void Stop() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  // Lets one read end, and returns when the next one has begun.
  void Let() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++let_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return let_ == 0 && waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int let_ = 0;
  int waiting_ = 0;
  bool stopped_ = false;
  int64_t t_ns_ = 0;
};

TEST(SamplerTest, AReadThatDoesNotEndIsNoProgress) {
  HeldSensor sensor;
  Sampler sampler(sensor);
  EXPECT_TRUE(sampler.Progresses()) << "there is nothing to do";
  ASSERT_TRUE(sampler.Start().ok());
  sensor.Let();
  EXPECT_TRUE(sampler.Progresses());
  EXPECT_FALSE(sampler.Progresses());
  EXPECT_FALSE(sampler.Progresses());
  sensor.Let();
  EXPECT_TRUE(sampler.Progresses());
  sampler.Stop();
  EXPECT_TRUE(sampler.Progresses());
  EXPECT_TRUE(sampler.Progresses());
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

TEST(SamplerTest, TheReportHoldsTheSensorsHealth) {
  ScriptedSensor sensor({});
  sensor.health.retried_reads = 1;
  sensor.health.configuration_checks = 2;
  sensor.health.reset_seen = true;
  sensor.health.configuration_changed = true;
  sensor.health.configuration_written = 0x39DF;
  sensor.health.configuration_found = 0x399F;
  sensor.health.read_time_ns = 360'500;
  sensor.health.read_time_worst_ns = 1'440'000;
  sensor.health.lateness_p99_ns = 120'000;
  Sampler sampler(sensor);
  sampler.RequestCheck();
  EXPECT_EQ(sensor.checks, 1);
  const v1::SamplerReport report = sampler.Report();
  EXPECT_EQ(report.retried_reads(), 1u);
  EXPECT_EQ(report.configuration_checks(), 2u);
  EXPECT_TRUE(report.reset_seen());
  EXPECT_TRUE(report.configuration_changed());
  EXPECT_EQ(report.configuration_written(), 0x39DFu);
  EXPECT_EQ(report.configuration_found(), 0x399Fu);
  EXPECT_EQ(report.read_time_us(), 360.5);
  EXPECT_EQ(report.read_time_worst_us(), 1440);
  EXPECT_EQ(report.lateness_p99_us(), 120);
}

TEST(SamplerTest, TheReportHoldsTheMostFailuresInARow) {
  using R = ReadOutcome;
  ScriptedSensor sensor({R::kFailed, R::kSample, R::kFailed, R::kFailed, R::kFailed, R::kSample,
                         R::kFailed, R::kFailed});
  Sampler sampler(sensor);
  ASSERT_TRUE(sampler.Start().ok());
  WaitForEnd(sampler);
  EXPECT_EQ(sampler.Report().failed_reads(), 6u);
  EXPECT_EQ(sampler.Report().failed_in_a_row_max(), 3u);
}

// Notes the thread that it is applied on.
class FakePolicy final : public ThreadPolicy {
 public:
  ThreadGrant Apply() override {
    ++applied;
    thread = std::this_thread::get_id();
    return grant;
  }
  ThreadGrant grant;
  int applied = 0;
  std::thread::id thread;
};

TEST(SamplerTest, ThePolicyIsAppliedOnTheSamplersThreadAndReported) {
  ScriptedSensor sensor({ReadOutcome::kSample});
  FakePolicy policy;
  policy.grant.realtime = true;
  policy.grant.memory_locked = true;
  policy.grant.cpu = 3;
  Sampler sampler(sensor, 4, &policy);
  ASSERT_TRUE(sampler.Start().ok());
  EXPECT_EQ(policy.applied, 1);
  EXPECT_NE(policy.thread, std::this_thread::get_id());
  EXPECT_TRUE(sampler.Report().realtime());
  EXPECT_TRUE(sampler.Report().memory_locked());
  EXPECT_EQ(sampler.Report().cpu(), 3);
}

TEST(SamplerTest, WhatIsRefusedIsLoggedOnceAndStaysInTheReport) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  ScriptedSensor sensor({ReadOutcome::kSample});
  FakePolicy policy;
  policy.grant.refusals = {"cannot lock memory: Operation not permitted; raise the limit"};
  Sampler sampler(sensor, 4, &policy);
  for (int start = 0; start < 2; ++start) {
    ASSERT_TRUE(sampler.Start().ok());
    sampler.Stop();
    EXPECT_FALSE(sampler.Report().memory_locked());
    EXPECT_EQ(sampler.Report().cpu(), -1);
  }
  spdlog::set_default_logger(before);
  const std::string text = log.str();
  const size_t first = text.find("the sampler cannot lock memory");
  EXPECT_NE(first, std::string::npos) << text;
  EXPECT_EQ(text.find("cannot lock memory", first + 20), std::string::npos) << text;
}

TEST(SamplerTest, ASensorThatDoesNotStartIsAnError) {
  ScriptedSensor sensor({});
  sensor.start_error = absl::UnavailableError("no device");
  Sampler sampler(sensor);
  EXPECT_EQ(sampler.Start(), sensor.start_error);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/sample_recorder.h"

#include <vector>

#include "agent/core/run_summary.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_sample_source.h"

namespace tinyjoule {
namespace {

// Fails the writes that the test names, by their number from 0.
class FailingSink final : public ChunkSink {
 public:
  absl::Status Write(v1::ChunkStream, std::string payload) override {
    if (writes++ == fail_at) return absl::ResourceExhaustedError("No space left on device");
    v1::SampleBlock block;
    EXPECT_TRUE(block.ParseFromString(payload));
    const auto samples = DecodeSampleBlock(block);
    EXPECT_TRUE(samples.ok()) << samples.status();
    for (const RawCounts& sample : *samples) times_ns.push_back(sample.t_ns);
    return absl::OkStatus();
  }
  int fail_at = -1;
  int writes = 0;
  std::vector<int64_t> times_ns;
};

// Three chunks are due at once; one of the writes fails, and the rest is written later.
TEST(SampleRecorderTest, AFailedWriteNeitherRepeatsNorLosesASample) {
  for (int fail_at = 0; fail_at < 3; ++fail_at) {
    FakeClock clock;
    FakeSampleSource source(clock, [](int64_t) { return 2000; });
    FailingSink sink;
    sink.fail_at = fail_at;
    ASSERT_TRUE(source.Start().ok());
    SampleRecorder recorder(source, sink, nullptr);
    recorder.StartRecording();
    clock.Advance(5 * kNsPerSecond / 2);
    EXPECT_EQ(recorder.Flush().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_TRUE(recorder.Flush().ok());
    ASSERT_EQ(sink.times_ns.size(), recorder.sample_count());
    for (size_t i = 1; i < sink.times_ns.size(); ++i) {
      ASSERT_EQ(sink.times_ns[i] - sink.times_ns[i - 1], FakeSampleSource::kCycleNs);
    }
  }
}

// 1.024 mW a count, and a dither of one count that every second sample takes back.
TEST(SampleRecorderTest, TheMeanPowerIsThatOfTheSpansSamples) {
  FakeClock clock;
  const int64_t begin_ns = clock.MonotonicNs();
  FakeSampleSource source(
      clock, [begin_ns](int64_t t_ns) { return t_ns <= begin_ns + kNsPerSecond ? 2000 : 3000; });
  ASSERT_TRUE(source.Start().ok());
  FailingSink sink;
  SampleRecorder recorder(source, sink, nullptr);
  recorder.StartRecording();
  clock.Advance(2 * kNsPerSecond);
  ASSERT_TRUE(recorder.Poll().ok());
  const int64_t middle_ns = begin_ns + kNsPerSecond;
  EXPECT_NEAR(*recorder.MeanPowerW({begin_ns, middle_ns}), 2.048, 1e-9);
  EXPECT_NEAR(*recorder.MeanPowerW({middle_ns, middle_ns + kNsPerSecond}), 3.072, 1e-9);
  EXPECT_NEAR(*recorder.MeanPowerW({begin_ns, begin_ns + 2 * kNsPerSecond}), 2.56, 1e-9);
  EXPECT_FALSE(recorder.MeanPowerW({begin_ns, begin_ns + kNsPerMs}).has_value());
}

// Beyond its record an agent has chunks for the coordinator, and no figure of its own: it says so.
TEST(SampleRecorderTest, ARunThatTheRecordDoesNotHoldSaysThatNothingChecksIt) {
  constexpr size_t kRoom = 1000;
  for (const int seconds : {2, 10}) {
    FakeClock clock;
    FakeSampleSource source(clock, [](int64_t) { return 2000; });
    FailingSink sink;
    ASSERT_TRUE(source.Start().ok());
    SampleRecorder recorder(source, sink, nullptr, kRoom);
    recorder.StartRecording();
    v1::RunResult result;
    v1::MarkedWindow& window = *result.add_windows();
    window.set_kind(v1::WINDOW_KIND_INFERENCE);
    window.set_start_mono_ns(clock.MonotonicNs() + kNsPerMs);
    clock.Advance(seconds * kNsPerSecond);
    window.set_end_mono_ns(clock.MonotonicNs() - kNsPerMs);
    window.set_inference_count(1000);
    ASSERT_TRUE(recorder.Flush().ok());
    AddEnergies(recorder, &result);
    ASSERT_EQ(sink.times_ns.size(), result.sample_count());
    const bool fits = result.sample_count() <= kRoom;
    EXPECT_EQ(fits, seconds == 2) << result.sample_count();
    EXPECT_EQ(result.windows(0).has_energy_j(), fits);
    EXPECT_THAT(result.energy_absent_reason(),
                fits ? testing::Matcher<std::string>("") : testing::HasSubstr("the first 1000"));
  }
}

}  // namespace
}  // namespace tinyjoule

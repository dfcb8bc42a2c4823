// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/preflight.h"

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A board and a real sensor that are fit to be measured.
PreflightEvidence Fit() {
  PreflightEvidence evidence;
  evidence.board.governor = "performance";
  evidence.board.clock_is_fixed = true;
  evidence.board.throttled = 0;
  evidence.board.undervoltage = false;
  evidence.board.temp_c = 48;
  evidence.max_temp_c = kDefaultMaxStartTempC;
  evidence.sensor.emplace().set_uri("i2c:/dev/i2c-1@0x40");
  evidence.sampler.set_realtime(true);
  evidence.sampler.set_memory_locked(true);
  evidence.sensor_answers = true;
  evidence.spool_needed_bytes = 1000;
  evidence.spool_room_bytes = 1000;
  return evidence;
}

TEST(PreflightTest, AFitBoardHasNothingToPutRight) {
  EXPECT_THAT(PreflightFailures(Fit()), IsEmpty());
}

TEST(PreflightTest, EachFaultIsNamedWithItsRemedy) {
  const struct {
    const char* fault;
    const char* remedy;
    std::function<void(PreflightEvidence&)> inject;
  } cases[] = {
      {"governor ondemand", "set it to performance",
       [](auto& e) {
         e.board.governor = "ondemand";
         e.board.clock_is_fixed = false;
       }},
      {"slows the board down (throttled 0x4)", "cool it",
       [](auto& e) { e.board.throttled = 0x50004; }},
      {"supply is below 4.63 V", "stronger", [](auto& e) { e.board.throttled = 0x1; }},
      {"supply is below 4.63 V", "stronger", [](auto& e) { e.board.undervoltage = true; }},
      {"at 70.5 C", "cool it", [](auto& e) { e.board.temp_c = 70.5; }},
      {"at -3.0 C", "outside 0 to", [](auto& e) { e.board.temp_c = -3; }},
      {"gives no samples", "wiring", [](auto& e) { e.sensor_answers = false; }},
      {"reads 0x399F and 0x3E67 was written", "supply",
       [](auto& e) {
         e.sampler.set_reset_seen(true);
         e.sampler.set_configuration_found(0x399F);
         e.sampler.set_configuration_written(0x3E67);
       }},
      {"configuration reads", "stop what else uses the sensor",
       [](auto& e) { e.sampler.set_configuration_changed(true); }},
      {"no real-time priority", "CAP_SYS_NICE", [](auto& e) { e.sampler.set_realtime(false); }},
      {"not locked", "CAP_IPC_LOCK", [](auto& e) { e.sampler.set_memory_locked(false); }},
      {"need 1001 bytes", "free its disk", [](auto& e) { e.spool_needed_bytes = 1001; }},
  };
  for (const auto& c : cases) {
    PreflightEvidence evidence = Fit();
    c.inject(evidence);
    EXPECT_THAT(PreflightFailures(evidence), ElementsAre(HasSubstr(c.fault)));
    EXPECT_THAT(PreflightFailures(evidence), ElementsAre(HasSubstr(c.remedy)));
  }
}

TEST(PreflightTest, WhatIsNotToldIsNoFault) {
  PreflightEvidence evidence;
  evidence.max_temp_c = kDefaultMaxStartTempC;
  EXPECT_THAT(PreflightFailures(evidence), IsEmpty());
  // A simulated sensor has no configuration, and no deadline to miss.
  evidence.sensor.emplace().set_simulated(true);
  EXPECT_THAT(PreflightFailures(evidence), IsEmpty());
}

TEST(PreflightTest, WhatWasSinceBootIsOver) {
  PreflightEvidence evidence = Fit();
  evidence.board.throttled = 0x50000;
  EXPECT_THAT(PreflightFailures(evidence), IsEmpty());
}

TEST(PreflightTest, EveryFaultIsNamedAtOnce) {
  PreflightEvidence evidence = Fit();
  evidence.board.clock_is_fixed = false;
  evidence.board.throttled = 0xF;
  evidence.board.temp_c = 85;
  evidence.sensor_answers = false;
  evidence.sampler.set_realtime(false);
  EXPECT_EQ(PreflightFailures(evidence).size(), 6u)
      << absl::StrJoin(PreflightFailures(evidence), "\n");
}

// Five windows of 10 s, two idles of 10 s and at most 120 s of warm-up at 209 samples/s: 195 s,
// 40,755 samples of about 3.6 bytes.
TEST(PreflightTest, TheSpoolsShareIsThatOfTheDefaultRun) {
  v1::JobSpec job;
  job.mutable_idle()->set_seconds(10);
  job.mutable_warmup_max()->set_seconds(120);
  job.mutable_window_min()->set_seconds(10);
  job.set_window_count(5);
  const uint64_t bytes = SpoolBytesNeeded(job, 4'788'000);
  EXPECT_GT(bytes, 40'755u * 36 / 10);
  EXPECT_LT(bytes, 40'755u * 6);
  EXPECT_EQ(SpoolBytesNeeded(job, 0), 0u);
}

}  // namespace
}  // namespace tinyjoule

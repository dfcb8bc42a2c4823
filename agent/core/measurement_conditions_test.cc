// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What a run is measured under: preflight, pads, the runner's place, and what ran beside it.

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/measurement_fixture.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConditionsTest : public MeasurementTest {
 protected:
  ConditionsTest() {
    source_.simulated = false;
    source_.report.set_realtime(true);
    source_.report.set_memory_locked(true);
  }
};

TEST_F(ConditionsTest, AFitBoardRaisesNoFlag) {
  PutCores("0-3", "performance\n");
  PutUsage(0, 0);
  const v1::RunResult result = Run();
  ASSERT_EQ(result.state(), v1::ATTEMPT_STATE_SUCCEEDED) << result.reason();
  for (const char* flag : {"PREFLIGHT", "INTERFERENCE", "CLOCK_STEP", "THROTTLED"}) {
    EXPECT_FALSE(HasFlag(result, flag)) << FlagDetail(result, flag);
  }
}

TEST_F(ConditionsTest, AFailedPreflightIsFlaggedWithEveryItem) {
  PutCores("0-3", "ondemand\n");
  source_.report.set_realtime(false);
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_SUCCEEDED) << result.reason();
  EXPECT_THAT(FlagDetail(result, "PREFLIGHT"), HasSubstr("governor ondemand"));
  EXPECT_THAT(FlagDetail(result, "PREFLIGHT"), HasSubstr("no real-time priority"));
}

TEST_F(ConditionsTest, AFailedPreflightRefusesTheRunWhenTheSweepSaysSo) {
  job_.set_preflight(v1::PREFLIGHT_ACTION_REFUSE);
  EXPECT_EQ(Run().state(), v1::ATTEMPT_STATE_SUCCEEDED);
  PutCores("0-3", "ondemand\n");
  source_.report.set_memory_locked(false);
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_FAILED);
  EXPECT_THAT(result.reason(), HasSubstr("preflight: the governor ondemand"));
  EXPECT_THAT(result.reason(), HasSubstr("memory is not locked"));
  EXPECT_EQ(runner_.launched(), 1) << "only for the first run";
}

TEST_F(ConditionsTest, ASensorThatGivesNothingFailsThePreflight) {
  source_.Stop();
  EXPECT_THAT(FlagDetail(Run(), "PREFLIGHT"), HasSubstr("gives no samples"));
}

TEST_F(ConditionsTest, TheSweepsTemperatureIsTheLimit) {
  Put("/sys/class/thermal/thermal_zone0/temp", "60000\n");
  EXPECT_FALSE(HasFlag(Run(), "PREFLIGHT"));
  job_.set_cooldown_until_temp_c(55);
  EXPECT_THAT(FlagDetail(Run(), "PREFLIGHT"), HasSubstr("at 60.0 C, outside 0 to 55.0 C"));
}

TEST_F(ConditionsTest, ASpoolThatIsTooSmallFailsThePreflight) {
  observer_.room_bytes = 1000;
  EXPECT_THAT(FlagDetail(Run(), "PREFLIGHT"), HasSubstr("the spool has room for 1000"));
}

// Every check of the configuration, and the conversion it costs, lies outside the marks.
TEST_F(ConditionsTest, TheConfigurationIsReadBackInThePadsOnly) {
  const v1::RunResult result = Run();
  ASSERT_EQ(result.windows_size(), 5);
  for (const v1::MarkedWindow& window : result.windows()) {
    const int64_t before_ns = window.start_mono_ns() - 3 * FakeSampleSource::kCycleNs;
    const int64_t after_ns = window.end_mono_ns() + kNsPerSecond;
    int before = 0;
    int after = 0;
    for (const int64_t check_ns : source_.checks_ns) {
      EXPECT_FALSE(check_ns > before_ns + FakeSampleSource::kCycleNs &&
                   check_ns < window.end_mono_ns())
          << "less than two conversions before a mark, or between the marks";
      if (check_ns <= window.start_mono_ns()) ++before;
      if (check_ns >= window.end_mono_ns() && check_ns < after_ns) ++after;
    }
    EXPECT_GE(before, 1);
    EXPECT_GE(after, 1);
  }
  EXPECT_GE(source_.checks_ns.size(), 7u) << "preflight, and both edges of five windows";
}

TEST_F(ConditionsTest, TheSamplersReportIsKept) {
  source_.report.set_configuration_checks(9);
  source_.report.set_cpu(3);
  EXPECT_EQ(Run().sampler().configuration_checks(), 9u);
  EXPECT_EQ(Run().sampler().cpu(), 3);
  EXPECT_FALSE(Run(/*with_sensor=*/false).has_sampler());
}

TEST_F(ConditionsTest, TheRunnerGetsEveryCpuButTheSamplers) {
  PutCores("0-3", "performance\n");
  EXPECT_EQ(Run().isolation().cpus(), "") << "the sampler is not pinned";
  EXPECT_THAT(runner_.options().cpus, IsEmpty());
  source_.report.set_cpu(3);
  EXPECT_EQ(Run().isolation().cpus(), "0-2");
  EXPECT_THAT(runner_.options().cpus, ElementsAre(0, 1, 2));
  job_.set_threads(4);
  EXPECT_EQ(Run().isolation().cpus(), "") << "four threads need four CPUs";
  options_.runner_cpus = {1, 2};
  EXPECT_EQ(Run().isolation().cpus(), "1-2") << "what the agent was told is kept";
}

TEST_F(ConditionsTest, ASingleCpuIsShared) {
  PutCores("0", "performance\n");
  source_.report.set_cpu(0);
  EXPECT_EQ(Run().isolation().cpus(), "");
}

TEST_F(ConditionsTest, TheRunnerGoesIntoItsCgroup) {
  constexpr char kGroup[] = "/sys/fs/cgroup/unit";
  Put("/sys/fs/cgroup/cgroup.controllers", "cpuset\n");
  Put("/proc/self/cgroup", "0::/unit\n");
  Put(absl::StrCat(kGroup, "/cgroup.procs"), "1\n");
  Put(absl::StrCat(kGroup, "/cgroup.controllers"), "cpuset\n");
  auto group = RunnerCgroup::Create(files_, "");
  ASSERT_TRUE(group.ok()) << group.status();
  cgroup_ = *std::move(group);
  EXPECT_EQ(Run().isolation().cgroup(), "/unit/runner");
  EXPECT_EQ(*files_.ReadFile(absl::StrCat(kGroup, "/runner/cgroup.procs")), "4242\n");
}

TEST_F(ConditionsTest, WithoutACgroupTheReportSaysWhy) {
  options_.cgroup_absent_reason = "not delegated";
  const v1::RunResult result = Run();
  EXPECT_EQ(result.isolation().cgroup(), "");
  EXPECT_EQ(result.isolation().cgroup_absent_reason(), "not delegated");
}

TEST_F(ConditionsTest, TheMarkerGoesToTheRunner) {
  Run();
  EXPECT_THAT(runner_.options().arguments, ElementsAre("runner"));
  options_.marker = "gpio:pinctrl-bcm2711/17";
  EXPECT_EQ(Run().isolation().marker(), "gpio:pinctrl-bcm2711/17");
  EXPECT_THAT(runner_.options().arguments,
              ElementsAre("runner", "--marker", "gpio:pinctrl-bcm2711/17"));
}

// The runner uses all of a window, and another process a tenth of a processor.
TEST_F(ConditionsTest, OtherProcessesDuringTheWindowsAreInterference) {
  PutUsage(0, 0);
  uint64_t runner = 0;
  uint64_t others = 0;
  const auto during_windows = [&](uint64_t others_share_percent) {
    runner_.on_command = [&, others_share_percent](const v1::RunnerCommand& command) {
      if (!command.has_run()) return;
      // Ticks of what is about to run, at 1 ms an inference.
      const uint64_t ticks = (command.run().measured() ? command.run().inference_count() : 20) / 10;
      runner += ticks;
      others += command.run().measured() ? ticks * others_share_percent / 100 : ticks * 5;
      PutUsage(runner, others);
    };
  };
  during_windows(0);
  const v1::RunResult quiet = Run();
  EXPECT_FALSE(HasFlag(quiet, "INTERFERENCE")) << FlagDetail(quiet, "INTERFERENCE");
  EXPECT_EQ(quiet.isolation().other_cpu_share(), 0);
  during_windows(10);
  const v1::RunResult busy = Run();
  EXPECT_THAT(FlagDetail(busy, "INTERFERENCE"), HasSubstr("10.0 % of one CPU"));
  EXPECT_NEAR(busy.isolation().other_cpu_share(), 0.1, 0.001);
}

TEST_F(ConditionsTest, AStepOfTheWallClockIsFlagged) {
  observer_.on_phase = [this](v1::RunPhase phase, uint32_t window) {
    if (phase == v1::RUN_PHASE_WINDOW && window == 1) clock_.StepUtc(-120 * kNsPerMs);
  };
  const v1::RunResult result = Run();
  EXPECT_EQ(FlagDetail(result, "CLOCK_STEP"), "1 steps, -0.120 s in all");
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace tinyjoule

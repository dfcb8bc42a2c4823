// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The program's options, its lock, and the program itself.

#include <signal.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "agent/agent_options.h"
#include "agent/state_lock.h"
#include "common/base/child_process.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_service_manager.h"
#include "tests/support/own_memory.h"
#include "tests/support/paths.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kPatienceNs = 20 * kNsPerSecond;

class AgentAppTest : public ::testing::Test {
 protected:
  AgentAppTest() {
    std::string pattern = ::testing::TempDir() + "/agent_app_test_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~AgentAppTest() override { std::filesystem::remove_all(folder_); }

  // The exit code, if the options are no good; what was said is in error_.
  std::optional<int> Parse(std::vector<const char*> arguments, AgentOptions* options) {
    arguments.insert(arguments.begin(), "tinyjoule-agent");
    ::testing::internal::CaptureStderr();
    const auto code =
        ParseAgentOptions(static_cast<int>(arguments.size()), arguments.data(), options);
    error_ = ::testing::internal::GetCapturedStderr();
    return code;
  }
  std::unique_ptr<ChildProcess> StartAgent(std::vector<std::string> more = {},
                                           std::vector<std::string> environment = {},
                                           const std::string& sensor = "sim:seed=7") {
    ProcessOptions options;
    options.arguments = {ProgramPath("tinyjoule-agent"),
                         "--coordinator",
                         "127.0.0.1:1",
                         "--name",
                         "a1",
                         "--state-dir",
                         folder_ + "/st",
                         "--sensor",
                         sensor};
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    options.environment = std::move(environment);
    options.stderr_path = folder_ + "/log";
    return *PosixProcessLauncher().Launch(options);
  }
  std::string Log() { return files_.ReadFile(folder_ + "/log").value_or(""); }
  bool WaitForLog(const std::string& text) {
    SystemClock clock;
    const int64_t deadline_ns = clock.MonotonicNs() + kPatienceNs;
    while (Log().find(text) == std::string::npos) {
      if (clock.MonotonicNs() > deadline_ns) return false;
      clock.SleepUntil(clock.MonotonicNs() + kNsPerMs);
    }
    return true;
  }

  PosixFileSystem files_;
  std::string folder_;
  std::string error_;
};

TEST_F(AgentAppTest, ReadsItsOptions) {
  AgentOptions options;
  EXPECT_EQ(
      Parse({"--coordinator", "h:1", "--name", "pi-1", "--state-dir", "/s", "--label", "room=lab",
             "--label", "board=rpi4", "--insecure", "--marker", "gpio:a/1", "--runner-cpus", "2-3"},
            &options),
      std::nullopt)
      << error_;
  EXPECT_EQ(options.coordinator, "h:1");
  EXPECT_EQ(options.sensor, "none:");
  EXPECT_EQ(options.labels.at("room"), "lab");
  EXPECT_EQ(options.labels.at("board"), "rpi4");
  EXPECT_TRUE(options.channel.insecure);
  EXPECT_EQ(options.marker, "gpio:a/1");
  EXPECT_EQ(options.runner_cpus, (std::vector<int>{2, 3}));
  EXPECT_THAT(options.runner, HasSubstr("tinyjoule-runner"));
}

TEST_F(AgentAppTest, IsNamedAfterItsHostUnlessToldOtherwise) {
  AgentOptions options;
  EXPECT_EQ(Parse({"--coordinator", "h:1", "--state-dir", "/s"}, &options), std::nullopt) << error_;
  const auto host = files_.ReadRange("/proc/sys/kernel/hostname", 0, 256);
  ASSERT_TRUE(host.ok()) << host.status();
  EXPECT_EQ(options.name + "\n", *host);
}

TEST_F(AgentAppTest, SaysWhichOptionIsWrong) {
  const auto error = [this](const std::vector<const char*>& arguments) {
    AgentOptions options;
    EXPECT_EQ(Parse(arguments, &options), 2);
    return error_;
  };
  EXPECT_THAT(error({}), HasSubstr("--coordinator"));
  EXPECT_THAT(error({"--coordinator", "h:1"}), HasSubstr("--state-dir"));
  EXPECT_THAT(error({"--coordinator", "h:1", "--state-dir", "/s", "--name", "a b"}),
              HasSubstr("--name \"a b\""));
  EXPECT_THAT(error({"--label", "room"}), HasSubstr("--label room: not key=value"));
  EXPECT_THAT(error({"--label", "a=1", "--label", "a=2"}), HasSubstr("a is given twice"));
  EXPECT_THAT(error({"--check", "--marker", "17"}), HasSubstr("--marker: \"17\" is not gpio:"));
  EXPECT_THAT(error({"--check", "--runner-cpus", "2-"}), HasSubstr("--runner-cpus: \"2-\""));
}

TEST_F(AgentAppTest, AFolderHasOneHolder) {
  auto first = StateLock::Acquire(folder_);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = StateLock::Acquire(folder_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use by another agent"));
  first->reset();
  EXPECT_TRUE(StateLock::Acquire(folder_).ok());
  EXPECT_FALSE(StateLock::Acquire(folder_ + "/missing").ok());
}

TEST_F(AgentAppTest, RunsInLittleMemoryRefusesASecondAndEndsOnSigterm) {
  auto agent = StartAgent();
  ASSERT_TRUE(WaitForLog("is ready")) << Log();
  ASSERT_TRUE(WaitForLog("no connection to the coordinator")) << Log();
  int64_t resident_kb = 0;
  const auto status =
      files_.ReadRange("/proc/" + std::to_string(agent->pid()) + "/status", 0, 16384);
  for (absl::string_view line : absl::StrSplit(*status, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() < 2 || words[0] != "VmRSS:") continue;
    ASSERT_TRUE(absl::SimpleAtoi(words[1], &resident_kb));
  }
  EXPECT_GT(resident_kb, 0);
  if (MemoryIsOwn()) {
    EXPECT_LT(resident_kb, 30 * 1024);
  }
  auto second = StartAgent();
  EXPECT_EQ(second->Wait().exit_code, 1);
  EXPECT_THAT(Log(), HasSubstr("in use by another agent"));
  agent->Kill(SIGTERM);
  EXPECT_TRUE(agent->Wait().ok()) << Log();
}

TEST_F(AgentAppTest, TellsItsServiceManagerHowItIs) {
  FakeServiceManager manager;
  auto agent = StartAgent({}, {"NOTIFY_SOCKET=" + manager.address(), "WATCHDOG_USEC=20000"});
  ASSERT_EQ(manager.Receive(kPatienceNs), "READY=1") << Log();
  EXPECT_THAT(Log(), HasSubstr("is ready"));
  EXPECT_EQ(manager.Receive(kPatienceNs), "WATCHDOG=1");
  EXPECT_EQ(manager.Receive(kPatienceNs), "WATCHDOG=1");
  agent->Kill(SIGTERM);
  std::string word;
  do {
    word = manager.Receive(kPatienceNs);
  } while (word == "WATCHDOG=1");
  EXPECT_EQ(word, "STOPPING=1");
  EXPECT_TRUE(agent->Wait().ok()) << Log();
}

TEST_F(AgentAppTest, ASensorThatIsNotThereIsWorthAnotherTry) {
  EXPECT_EQ(StartAgent({}, {}, "replay:" + folder_ + "/none.csv")->Wait().exit_code, 1);
  EXPECT_EQ(StartAgent({}, {}, "sim:nonsense=1")->Wait().exit_code, 2);
}

TEST_F(AgentAppTest, AMarkerOrACpuThatIsNotThereIsSaidAtTheStart) {
  EXPECT_EQ(StartAgent({"--check", "--marker", "gpio:no-such-chip/1"})->Wait().exit_code, 1);
  EXPECT_THAT(Log(), HasSubstr("--marker: the marker gpio:no-such-chip/1"));
  EXPECT_EQ(StartAgent({"--check", "--runner-cpus", "0,1000"})->Wait().exit_code, 2);
  EXPECT_THAT(Log(), HasSubstr("--runner-cpus 0,1000: this machine has the CPUs 0"));
}

TEST_F(AgentAppTest, CheckPrintsTheSensor) {
  auto agent = StartAgent({"--check"});
  std::string output;
  while (true) {
    const auto bytes = agent->Read(4096, kPatienceNs);
    if (!bytes.ok() || bytes->empty()) break;
    output += *bytes;
  }
  EXPECT_TRUE(agent->Wait().ok()) << Log();
  EXPECT_THAT(output, HasSubstr("sim:seed=7 (simulated; not a measurement"));
  EXPECT_THAT(output, HasSubstr("per second"));
}

}  // namespace
}  // namespace tinyjoule

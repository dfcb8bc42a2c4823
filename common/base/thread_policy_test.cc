// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/thread_policy.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "common/base/sanitizers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/other_user.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

void OnThread(const std::function<void()>& work) { std::thread(work).join(); }

int LockedKib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmLck:", 0) == 0) return std::atoi(line.c_str() + 6);
  }
  return -1;
}

// Its mlockall succeeds and does nothing.
constexpr bool kLocksNothing = TINYJOULE_SANITIZED != 0;

// What is granted depends on the machine; that the grant tells what the kernel says does not.
TEST(RealtimeThreadPolicyTest, TheGrantIsWhatTheKernelSays) {
  if (kLocksNothing) GTEST_SKIP() << "the sanitizer makes mlockall do nothing";
  OnThread([] {
    RealtimeThreadPolicy::Options options;
    options.cpu = *ParseCpu("last");
    const ThreadGrant grant = RealtimeThreadPolicy(options).Apply();
    int policy = -1;
    sched_param parameter{};
    ASSERT_EQ(pthread_getschedparam(pthread_self(), &policy, &parameter), 0);
    EXPECT_EQ(grant.realtime, policy == SCHED_FIFO);
    if (grant.realtime) {
      EXPECT_EQ(parameter.sched_priority, 10);
    }
    EXPECT_EQ(grant.memory_locked, LockedKib() > 0);
    cpu_set_t cpus;
    ASSERT_EQ(pthread_getaffinity_np(pthread_self(), sizeof(cpus), &cpus), 0);
    EXPECT_EQ(grant.cpu, options.cpu);
    EXPECT_EQ(CPU_COUNT(&cpus), 1);
    EXPECT_EQ(sched_getcpu(), options.cpu);
    EXPECT_THAT(grant.refusals, SizeIs((grant.realtime ? 0 : 1) + (grant.memory_locked ? 0 : 1)));
  });
}

TEST(RealtimeThreadPolicyTest, AProcessorThatIsNotThereIsRefusedByItsNumber) {
  OnThread([] {
    RealtimeThreadPolicy::Options options;
    options.cpu = CPU_SETSIZE - 1;
    const ThreadGrant grant = RealtimeThreadPolicy(options).Apply();
    EXPECT_EQ(grant.cpu, -1);
    EXPECT_THAT(grant.refusals, ::testing::Contains(HasSubstr("processor 1023: Invalid argument")));
  });
}

// In a process of its own: limits and user cannot be had back.
[[noreturn]] void ExitWithWhatNobodyGets() {
  const rlimit nothing{0, 0};
  const bool limited = setrlimit(RLIMIT_MEMLOCK, &nothing) == 0 &&
                       setrlimit(RLIMIT_RTPRIO, &nothing) == 0 &&
                       (getuid() != 0 || setuid(kNobody) == 0);
  const ThreadGrant grant = RealtimeThreadPolicy({}).Apply();
  for (const std::string& refusal : grant.refusals) fprintf(stderr, "%s\n", refusal.c_str());
  std::_Exit(limited && !grant.realtime && !grant.memory_locked ? 0 : 1);
}

TEST(RealtimeThreadPolicyTest, WithoutRightsEachRefusalNamesItsRemedy) {
  if (kLocksNothing) GTEST_SKIP() << "the sanitizer makes mlockall do nothing";
  if (!CanBeNobody()) GTEST_SKIP() << "this user name space has root alone";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(ExitWithWhatNobodyGets(), ::testing::ExitedWithCode(0),
              "mlockall.*LimitMEMLOCK=infinity.*\n.*SCHED_FIFO.*LimitRTPRIO=10");
}

TEST(ParseCpuTest, TakesANumberOrAWord) {
  EXPECT_EQ(*ParseCpu("none"), -1);
  EXPECT_EQ(*ParseCpu("3"), 3);
  cpu_set_t cpus;
  ASSERT_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  EXPECT_TRUE(CPU_ISSET(*ParseCpu("last"), &cpus));
  for (const char* wrong : {"", "-1", "first", "1.5", "100000"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseCpu(wrong).status())) << wrong;
  }
}

}  // namespace
}  // namespace tinyjoule

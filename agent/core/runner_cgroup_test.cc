// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/runner_cgroup.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

constexpr char kUnit[] = "/root/sys/fs/cgroup/system.slice/tinyjoule-agent.service";

class RunnerCgroupTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, absl::string_view bytes) {
    ASSERT_TRUE(files_.WriteFileAtomically(path, bytes).ok());
  }
  // A unit of systemd with Delegate=yes.
  void PutUnit(absl::string_view processes, absl::string_view controllers) {
    Put("/root/sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory pids\n");
    Put("/root/proc/self/cgroup", "0::/system.slice/tinyjoule-agent.service\n");
    Put(std::string(kUnit) + "/cgroup.procs", processes);
    Put(std::string(kUnit) + "/cgroup.controllers", controllers);
  }
  std::string Written(const std::string& name) {
    return files_.ReadFile(std::string(kUnit) + name).value_or("(nothing)");
  }
  absl::Status Failure() { return RunnerCgroup::Create(files_, "/root").status(); }
  FaultFileSystem files_;
};

TEST_F(RunnerCgroupTest, MovesTheAgentIntoALeafAndEachRunnerIntoAnother) {
  PutUnit("77\n", "cpuset cpu memory\n");
  const auto group = RunnerCgroup::Create(files_, "/root");
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_EQ((*group)->path(), "/system.slice/tinyjoule-agent.service/runner");
  EXPECT_EQ(Written("/agent/cgroup.procs"), "0");
  EXPECT_EQ(Written("/cgroup.subtree_control"), "+cpuset");
  ASSERT_TRUE((*group)->Place(4242, "1-3").ok());
  EXPECT_EQ(Written("/runner/cpuset.cpus"), "1-3\n");
  EXPECT_EQ(Written("/runner/cgroup.procs"), "4242\n");
}

TEST_F(RunnerCgroupTest, WithoutCpusetTheAffinityHasToDo) {
  PutUnit("77\n", "cpu memory\n");
  const auto group = RunnerCgroup::Create(files_, "/root");
  ASSERT_TRUE(group.ok()) << group.status();
  ASSERT_TRUE((*group)->Place(4242, "1-3").ok());
  EXPECT_EQ(Written("/runner/cpuset.cpus"), "(nothing)");
  EXPECT_EQ(Written("/runner/cgroup.procs"), "4242\n");
}

// A shell's session, a container: moving itself would take the group away from the others.
TEST_F(RunnerCgroupTest, ASharedGroupIsLeftAlone) {
  PutUnit("77\n78\n", "cpuset cpu memory\n");
  EXPECT_THAT(std::string(Failure().message()), HasSubstr("with 1 other processes"));
  EXPECT_THAT(std::string(Failure().message()), HasSubstr("Delegate=yes"));
  EXPECT_EQ(Written("/agent/cgroup.procs"), "(nothing)");
}

TEST_F(RunnerCgroupTest, SaysWhyThereIsNone) {
  EXPECT_THAT(std::string(Failure().message()), HasSubstr("no cgroup version 2"));
  Put("/root/sys/fs/cgroup/cgroup.controllers", "cpu\n");
  Put("/root/proc/self/cgroup", "3:cpuset:/\n");
  EXPECT_THAT(std::string(Failure().message()), HasSubstr("in no cgroup of version 2"));
}

}  // namespace
}  // namespace tinyjoule

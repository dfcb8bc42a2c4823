// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The life of the real package on a Debian arm64 system in QEMU, with a simulated INA219 in its
// kernel and a coordinator outside. tests/run --emulated-pi prepares what the environment names:
// TINYJOULE_IMAGE, a folder of system/build, and TINYJOULE_PACKAGE, the arm64 .deb of the agent.
// No time in it says anything about a Pi.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/string_view.h"
#include "absl/strings/substitute.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/emulated_pi/system/emulated_lab.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

// Every file but those that a system writes as it runs, and every account.
constexpr char kPicture[] =
    "find / -xdev '(' -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/tmp "
    "-o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg -o -path '/etc/*-' "
    "-o -path /var/lib/systemd/random-seed -o -path /var/lib/systemd/timers ')' -prune "
    "-o -print | sort; getent passwd; getent group";

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string FileNameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string Environment(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

bool HasFlag(const v1::Run& run, absl::string_view name) {
  return absl::c_any_of(run.assembly().flags(),
                        [&](const v1::Flag& flag) { return flag.name() == name; });
}

bool HasFatalFlag(const v1::Run& run, absl::string_view name) {
  return absl::c_any_of(run.assembly().flags(),
                        [&](const v1::Flag& flag) { return flag.name() == name && flag.fatal(); });
}

class EmulatedPiTest : public ::testing::Test {
 public:
  // One after the other.
  void Boot();
  void InstallsAndBootsWithoutABus();
  void StartsWhenItsBusComes();
  void MeasuresTheLoadInACgroupOfTheRunnersOwn();
  void SaysThatTheBusFailed();
  void DeliversAfterSigkill();
  void MeasuresAgainAfterATransferThatHangs();
  void IsAsLittleExposedAsPromised();
  void StopsAndLeavesNothing();

 protected:
  EmulatedPiTest()
      : package_(Environment("TINYJOULE_PACKAGE")),
        emulated_(Environment("TINYJOULE_IMAGE"), FolderOf(package_)) {}

  const std::string package_;
  SystemClock clock_;
  EmulatedLab emulated_;
  Lab& lab_ = emulated_.lab();
  QemuGuest& guest_ = emulated_.guest();
  InstalledAgent& agent_ = emulated_.agent();
  std::string before_;
};

void EmulatedPiTest::Boot() {
  emulated_.StartCoordinator();
  guest_.Boot();
  before_ = guest_.Must(kPicture);
}

// The unit is enabled, and a reboot starts it before there is a bus.
void EmulatedPiTest::InstallsAndBootsWithoutABus() {
  agent_.Install("/mnt/" + FileNameOf(package_));
  const std::string port = lab_.address().substr(lab_.address().rfind(':'));
  agent_.Configure(
      absl::Substitute("coordinator: 10.0.2.2$0\\ninsecure: true\\nname: $1\\nsensor: \"$2\"\\n"
                       "marker: $3\\n",
                       port, EmulatedLab::kAgent, EmulatedLab::kSensor, EmulatedLab::kMarker));
  guest_.Reboot();
  guest_.Eventually(absl::Substitute("test $$(systemctl show -p NRestarts --value $0) -ge 2",
                                     InstalledAgent::kUnit));
  EXPECT_THAT(agent_.Journal(), HasSubstr("there is no such bus"));
  EXPECT_FALSE(lab_.AgentConnected(EmulatedLab::kAgent));
}

void EmulatedPiTest::StartsWhenItsBusComes() {
  emulated_.PlugInBus();
  EXPECT_EQ(guest_.Must("stat -c '%G %a' /dev/i2c-1"), "i2c 660");
  EXPECT_EQ(guest_.Must("stat -c '%G %a' /dev/gpiochip0"), "gpio 660");
  EXPECT_TRUE(emulated_.EventuallyConnected(true));
  EXPECT_EQ(agent_.Property("ActiveState"), "active");
  EXPECT_EQ(guest_.Must("stat -c %U /proc/" + agent_.Pid()), "tinyjoule");
}

// Through a lost acknowledge; with all that the unit asks for: real time, locked memory, and a
// cgroup in which the runner is alone and off the sampler's processor.
void EmulatedPiTest::MeasuresTheLoadInACgroupOfTheRunnersOwn() {
  const std::string id = emulated_.BeginRun("measured", "10s");
  emulated_.SetChip("fail_next", 1);
  EXPECT_EQ(agent_.Cgroup("agent/cgroup.procs"), agent_.Pid());
  EXPECT_EQ(guest_.Must("cat /proc/" + agent_.Cgroup("runner/cgroup.procs") + "/comm"),
            "tinyjoule-runne");
  EXPECT_EQ(agent_.Cgroup("runner/cpuset.cpus.effective"), "0");
  lab_.WaitForEnd(id);
  EXPECT_EQ(emulated_.Chip("fail_next"), "0");
  const v1::Run run = emulated_.OnlyRun(id);
  const v1::RunResult& result = run.result();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_SUCCEEDED) << result.reason();
  EXPECT_EQ(result.sensor().kind(), "ina219");
  EXPECT_GE(result.sampler().retried_reads(), 1u);
  EXPECT_EQ(result.sampler().cpu(), 1);
  EXPECT_TRUE(result.sampler().realtime());
  EXPECT_TRUE(result.sampler().memory_locked());
  EXPECT_EQ(result.isolation().cgroup(), "/system.slice/tinyjoule-agent.service/runner")
      << result.isolation().cgroup_absent_reason();
  EXPECT_EQ(result.isolation().cpus(), "0");
  // What a busy machine does not excuse.
  for (const char* flag : {"SIMULATED", "SENSOR_RESET", "CONFIG_CHANGED", "STUCK", "CLIPPED",
                           "NEGATIVE", "MISMATCH", "SHORT", "PREDICTION_MISMATCH", "NO_WINDOWS"}) {
    EXPECT_FALSE(HasFlag(run, flag)) << flag;
  }
  emulated_.ExpectTheEnergyOfTheLoad(id);
}

void EmulatedPiTest::SaysThatTheBusFailed() {
  const std::string pid = agent_.Pid();
  const std::string id = emulated_.BeginRun("failing", "4s");
  emulated_.SetChip("fail_next", 300);
  lab_.WaitForEnd(id);
  EXPECT_EQ(emulated_.Chip("fail_next"), "0");
  const v1::Run run = emulated_.OnlyRun(id);
  EXPECT_EQ(run.result().state(), v1::ATTEMPT_STATE_SUCCEEDED) << run.result().reason();
  EXPECT_TRUE(HasFatalFlag(run, "I2C_ERROR"));
  EXPECT_FALSE(run.assembly().valid());
  EXPECT_EQ(agent_.Pid(), pid) << "a bad bus is no reason to die";
}

// What was measured while nobody listened outlives the process that measured it.
void EmulatedPiTest::DeliversAfterSigkill() {
  const std::string pid = agent_.Pid();
  const std::string id = emulated_.BeginRun("killed", "2s");
  lab_.KillCoordinator(SIGKILL);
  // Only the result of a run tells its marker.
  guest_.Eventually(absl::Substitute("grep -raF $0 /var/lib/tinyjoule-agent/spool > /dev/null",
                                     EmulatedLab::kMarker));
  guest_.Must("kill -9 " + pid);
  agent_.WaitForProcessAfter(pid);
  EXPECT_THAT(agent_.Journal(), HasSubstr("status=9/KILL"));
  emulated_.StartCoordinator();
  lab_.WaitForEnd(id);
  const v1::Run run = emulated_.OnlyRun(id);
  EXPECT_EQ(run.attempt(), 1u) << "it need not be measured again";
  EXPECT_EQ(run.result().state(), v1::ATTEMPT_STATE_SUCCEEDED) << run.result().reason();
  emulated_.ExpectTheEnergyOfTheLoad(id);
}

// Only a new process gets rid of a transfer that does not end. It too is given up while the bus
// hangs.
void EmulatedPiTest::MeasuresAgainAfterATransferThatHangs() {
  agent_.Override("WatchdogSec=8\\nTimeoutStartSec=12\\nTimeoutStopSec=3\\n");
  EXPECT_TRUE(emulated_.EventuallyConnected(true));
  const std::string pid = agent_.Pid();
  const std::string id = emulated_.BeginRun("hung", "2s");
  const std::string runner = agent_.Cgroup("runner/cgroup.procs");
  emulated_.SetChip("hang", 1);
  agent_.WaitForWords("the sensor does not end a read");
  agent_.WaitForWords("Watchdog timeout");
  agent_.WaitForWords("start operation timed out");
  guest_.Must(absl::Substitute("test ! -e /proc/$0 -a ! -e /proc/$1", pid, runner));
  EXPECT_TRUE(emulated_.EventuallyConnected(false));
  emulated_.SetChip("hang", 0);
  agent_.WaitForProcessAfter(pid);
  lab_.WaitForEnd(id);
  const v1::Run run = emulated_.OnlyRun(id);
  EXPECT_EQ(run.attempt(), 2u);
  EXPECT_EQ(run.result().state(), v1::ATTEMPT_STATE_SUCCEEDED) << run.result().reason();
  emulated_.ExpectTheEnergyOfTheLoad(id);
  agent_.Restore();
}

// By the systemd that runs it, and as docs/install.md says.
void EmulatedPiTest::IsAsLittleExposedAsPromised() {
  const std::string unit = InstalledAgent::kUnit;
  EXPECT_THAT(guest_.Must("systemd-analyze security --no-pager --threshold=16 " + unit),
              HasSubstr("Overall exposure level for tinyjoule-agent.service: 1.6"));
}

void EmulatedPiTest::StopsAndLeavesNothing() {
  const std::string unit = InstalledAgent::kUnit;
  guest_.Must("systemctl stop " + unit);
  EXPECT_EQ(agent_.Property("Result"), "success");
  EXPECT_TRUE(emulated_.EventuallyConnected(false));
  guest_.Must("dpkg -P " + unit);
  EXPECT_EQ(guest_.Must(kPicture), before_);
  EXPECT_EQ(agent_.Property("LoadState"), "not-found");
}

TEST_F(EmulatedPiTest, LivesFromInstallationToPurge) {
  const std::pair<const char*, void (EmulatedPiTest::*)()> stages[] = {
      {"boots", &EmulatedPiTest::Boot},
      {"installs, boots without a bus", &EmulatedPiTest::InstallsAndBootsWithoutABus},
      {"starts when its bus comes", &EmulatedPiTest::StartsWhenItsBusComes},
      {"measures the load", &EmulatedPiTest::MeasuresTheLoadInACgroupOfTheRunnersOwn},
      {"says that the bus failed", &EmulatedPiTest::SaysThatTheBusFailed},
      {"delivers after SIGKILL", &EmulatedPiTest::DeliversAfterSigkill},
      {"measures again after a hang", &EmulatedPiTest::MeasuresAgainAfterATransferThatHangs},
      {"is little exposed", &EmulatedPiTest::IsAsLittleExposedAsPromised},
      {"leaves nothing", &EmulatedPiTest::StopsAndLeavesNothing},
  };
  for (const auto& [name, stage] : stages) {
    const int64_t begin_ns = clock_.MonotonicNs();
    (this->*stage)();
    // One stage builds on another.
    ASSERT_FALSE(HasFailure()) << name << "\n" << agent_.Journal() << lab_.Logs();
    std::cout << name << ": " << (clock_.MonotonicNs() - begin_ns) / kNsPerSecond << " s"
              << std::endl;
  }
}

}  // namespace
}  // namespace tinyjoule

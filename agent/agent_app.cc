// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/agent_app.h"

#include <signal.h>
#include <time.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "agent/agent_check.h"
#include "agent/agent_options.h"
#include "agent/board/vcio_firmware.h"
#include "agent/core/agent_core.h"
#include "agent/core/board_idle_range.h"
#include "agent/core/calibrated_sensor.h"
#include "agent/core/calibration.h"
#include "agent/core/calibration_store.h"
#include "agent/core/cpu_list.h"
#include "agent/core/runner_cgroup.h"
#include "agent/core/sampler.h"
#include "agent/gpio/open_marker_line.h"
#include "agent/link/grpc_coordinator_link.h"
#include "agent/power/make_power_sensor.h"
#include "agent/state_lock.h"
#include "common/base/logging.h"
#include "common/base/service_loop.h"
#include "common/base/service_notifier.h"
#include "common/base/status.h"
#include "common/base/thread_policy.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {
namespace {

constexpr int64_t kShutdownTimeoutNs = 9 * kNsPerSecond;

// What stands below everything else.
struct Platform {
  SystemClock clock;
  SystemRandom random;
  PosixFileSystem file_system;
  PosixProcessLauncher launcher;
  ProcessCpuTime runner_load;
  VcioFirmware firmware;
  BoardReader board{file_system, "", &firmware};
};

absl::StatusOr<std::string> InstallationId(Platform& platform, const std::string& state_dir) {
  const std::string path = JoinPath(state_dir, "installation_id");
  if (absl::StatusOr<std::string> id = platform.file_system.ReadFile(path); id.ok()) {
    return std::string(absl::StripAsciiWhitespace(*id));
  }
  const std::string id = RandomId(platform.random);
  TJ_RETURN_IF_ERROR(platform.file_system.WriteFileAtomically(path, id));
  return id;
}

int64_t ThreadCpuNs() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return int64_t{used.tv_sec} * kNsPerSecond + used.tv_nsec;
}

// The runner that links LibTorch is a package of its own and may not be there.
std::map<v1::Engine, std::string> RunnerPrograms(const std::string& runner,
                                                 const BoardReader& board) {
  std::map<v1::Engine, std::string> programs = {
      {v1::ENGINE_XNNPACK, runner}, {v1::ENGINE_REFERENCE, runner}, {v1::ENGINE_SPARSE, runner}};
  if (board.HasHalfArithmetic()) programs[v1::ENGINE_XNNPACK_F16] = runner;
  const std::string torch = SiblingProgram("tinyjoule-runner-torch");
  if (PosixFileSystem().Exists(torch)) programs[v1::ENGINE_TORCH] = torch;
  return programs;
}

// What the options name is there: wrong ones should not wait for the first run.
absl::Status CheckPlatform(const AgentOptions& options, const BoardReader& board) {
  const std::vector<int> online = board.OnlineCpus();
  for (const int cpu : options.runner_cpus) {
    if (online.empty() || absl::c_linear_search(online, cpu)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--runner-cpus ", FormatCpuList(options.runner_cpus),
                     ": this machine has the CPUs ", FormatCpuList(online)));
  }
  if (options.marker.empty()) return absl::OkStatus();
  // The runner will hold it during each run.
  return Annotate(OpenMarkerLine(options.marker).status(), "--marker");
}

absl::Status RunAgent(const AgentOptions& options, Platform& platform, PowerSensor* sensor,
                      const sigset_t& signals) {
  TJ_RETURN_IF_ERROR(platform.file_system.CreateFolder(options.state_dir));
  TJ_ASSIGN_OR_RETURN(const auto lock, StateLock::Acquire(options.state_dir));
  TJ_ASSIGN_OR_RETURN(const std::string installation_id,
                      InstallationId(platform, options.state_dir));
  Spool::Options spool_options;
  spool_options.folder = JoinPath(options.state_dir, "spool");
  TJ_ASSIGN_OR_RETURN(const auto spool, Spool::Open(platform.file_system, spool_options));
  ArtifactCache::Options cache_options;
  cache_options.folder = JoinPath(options.state_dir, "artifacts");
  TJ_ASSIGN_OR_RETURN(const auto cache, ArtifactCache::Open(platform.file_system, cache_options));
  TJ_ASSIGN_OR_RETURN(CalibrationStore calibrations,
                      CalibrationStore::Open(platform.file_system,
                                             JoinPath(options.state_dir, "calibration.json")));
  RealtimeThreadPolicy::Options sampler_thread;
  TJ_ASSIGN_OR_RETURN(sampler_thread.cpu, ParseCpu(options.sampler_cpu));
  RealtimeThreadPolicy sampler_policy(sampler_thread);
  const auto cgroup = RunnerCgroup::Create(platform.file_system, "");
  if (!cgroup.ok()) {
    spdlog::info("runners get no cgroup of their own: {}", std::string(cgroup.status().message()));
  }
  std::optional<CalibratedSensor> calibrated;
  std::optional<Sampler> sampler;
  if (sensor != nullptr) {
    calibrated.emplace(*sensor, ThreadCpuNs);
    const std::string identity = SensorIdentity(sensor->Describe().uri());
    calibrated->SetCalibration(calibrations.Get(identity));
    calibrated->SetCosts(calibrations.GetCosts(identity));
    sampler.emplace(*calibrated, Sampler::kDefaultCapacity, &sampler_policy);
  }

  // A sequence's thread must be gone before what its tasks use, and what posts to it before it.
  std::unique_ptr<AgentCore> agent;
  std::unique_ptr<GrpcCoordinatorLink> link;
  ThreadTaskRunner core("tj-core");
  ThreadTaskRunner dialer("tj-dial");
  ThreadTaskRunner measurement("tj-measure");

  link = std::make_unique<GrpcCoordinatorLink>(
      GrpcCoordinatorLink::Options(),
      [&options] { return MakeChannel(options.coordinator, options.channel); }, core, dialer,
      platform.clock, platform.random);
  MeasurementDependencies dependencies{
      platform.clock, platform.file_system, platform.launcher, platform.board, *cache, *link};
  dependencies.samples = sampler ? &*sampler : nullptr;
  dependencies.cgroup = cgroup.ok() ? cgroup->get() : nullptr;
  dependencies.follow_process = [&platform](int pid) { platform.runner_load.Follow(pid); };
  AgentCore::Options core_options;
  core_options.name = options.name;
  core_options.installation_id = installation_id;
  core_options.labels = options.labels;
  core_options.job_runner.runner_programs = RunnerPrograms(options.runner, platform.board);
  core_options.job_runner.runner_log_path = JoinPath(options.state_dir, "runner.log");
  core_options.job_runner.runner_cpus = options.runner_cpus;
  core_options.job_runner.marker = options.marker;
  core_options.job_runner.cgroup_absent_reason = std::string(cgroup.status().message());
  AgentCore::Dependencies agent_dependencies{core, measurement, *spool, *link, dependencies};
  agent_dependencies.sensor = calibrated ? &*calibrated : nullptr;
  agent_dependencies.calibrations = &calibrations;
  agent = std::make_unique<AgentCore>(core_options, agent_dependencies);

  RunAndWait(core, [&agent] { agent->Start(); });
  spdlog::info("agent {} is ready; coordinator {}, sensor {}", options.name, options.coordinator,
               options.sensor);
  const ServiceNotifier notifier;
  notifier.Ready();
  const auto healthy = [&sampler] {
    if (!sampler || sampler->Progresses()) return true;
    spdlog::error("the sensor does not end a read: the service manager's watchdog starves");
    return false;
  };
  spdlog::info("signal {}: finishing", WaitForStopSignal(signals, notifier, core, healthy));
  notifier.Stopping();
  // A second signal ends the process at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  absl::Notification done;
  core.Post([&] { agent->Shutdown(kShutdownTimeoutNs, [&done] { done.Notify(); }); });
  done.WaitForNotification();
  return absl::OkStatus();
}

}  // namespace

int RunAgentApp(int argc, char** argv) {
  AgentOptions options;
  if (const std::optional<int> exit_code = ParseAgentOptions(argc, argv, &options)) {
    return *exit_code;
  }
  const auto fail = [](const absl::Status& status, int exit_code) {
    std::cerr << "tinyjoule-agent: " << status.message() << "\n";
    return exit_code;
  };
  absl::Status status = SetUpLogging("tinyjoule-agent", options.log_format, options.log_level);
  if (!status.ok()) return fail(status, 2);
  const sigset_t signals = BlockStopSignals();
  Platform platform;
  PowerSensorDependencies dependencies{platform.clock, platform.file_system, platform.runner_load};
  const auto declared = options.labels.find("board");
  dependencies.idle = FindIdleRange(declared == options.labels.end() ? "" : declared->second,
                                    platform.board.ReadFacts().board);
  auto sensor = MakePowerSensor(options.sensor, dependencies);
  // A bus that is not there yet is no wrong option: the service manager is to try again.
  if (!sensor.ok()) return fail(sensor.status(), absl::IsInvalidArgument(sensor.status()) ? 2 : 1);
  if (status = CheckPlatform(options, platform.board); !status.ok()) {
    return fail(status, absl::IsInvalidArgument(status) ? 2 : 1);
  }
  if (options.check) {
    status = PrintCheck(platform.board, sensor->get(), std::cout);
  } else {
    status = RunAgent(options, platform, sensor->get(), signals);
  }
  return status.ok() ? 0 : fail(status, 1);
}

}  // namespace tinyjoule

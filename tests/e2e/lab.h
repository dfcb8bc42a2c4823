// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_E2E_LAB_H_
#define TESTS_E2E_LAB_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/child_process.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "grpcpp/channel.h"
#include "tinyjoule/v1/fleet_service.pb.h"
#include "tinyjoule/v1/run_service.pb.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// What a program that ran to its end left behind.
struct Ended {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// A coordinator, agents and coord as real processes on loopback, in a folder below $TMPDIR that is
// removed at the end. Everything waits for a condition with a deadline; a deadline that passes is a
// failure of the test that shows the programs' logs. One thread.
class Lab {
 public:
  Lab();
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  // Returns when the coordinator has said that it is ready; restarts listen on the same port.
  void StartCoordinator(const std::vector<std::string>& more_arguments = {});
  // Returns when the coordinator knows it as connected. environment: "NAME=value".
  void StartAgent(const std::string& name, const std::vector<std::string>& more_arguments = {},
                  const std::string& sensor = "sim:seed=7",
                  const std::vector<std::string>& environment = {});
  // Agents that start later run from a folder of their own that has no tinyjoule-runner-torch.
  void UseAgentsWithoutTorch();
  // Sends the signal and waits for the end.
  ExitState StopCoordinator(int signal);
  void KillCoordinator(int signal) { StopCoordinator(signal); }
  void KillAgent(const std::string& name, int signal);

  // Runs a program of this build (coord, tinyjoule-coordinator) to its end.
  Ended RunProgram(const std::string& program, const std::vector<std::string>& arguments);
  Ended Coord(const std::vector<std::string>& arguments);
  // Hands a sweep in and returns its id.
  std::string Submit(const std::string& sweep_file);

  // The newest state of the sweep once `reached` holds for an event of it. Fails the test after
  // the deadline, or when the sweep ends before.
  void WatchUntil(const std::string& sweep_id,
                  const std::function<bool(const v1::WatchSweepResponse&)>& reached);
  v1::Sweep WaitForEnd(const std::string& sweep_id);
  std::vector<v1::Run> Runs(const std::string& sweep_id);
  std::vector<v1::TrialSummary> Trials(const std::string& sweep_id);
  bool AgentConnected(const std::string& name);
  // Calls `condition` until it holds.
  bool Eventually(const std::function<bool()>& condition);

  // Writes a file into the lab's folder and returns its path.
  std::string WriteFile(const std::string& name, const std::string& text);
  std::string ReadFile(const std::string& path);
  std::string Path(const std::string& name) const { return JoinPath(folder_, name); }
  const std::string& address() const { return address_; }
  // A message for an assertion: the last lines of each program's log.
  std::string Logs();
  int coordinator_pid() const { return coordinator_->pid(); }
  // Process ids of the coordinator's children that run the named program.
  std::vector<int> TrainerPids();
  int64_t CoordinatorRssBytes();

 private:
  std::string folder_;
  std::string agent_folder_;
  std::string address_ = "127.0.0.1:0";
  SystemClock clock_;
  PosixFileSystem files_;
  PosixProcessLauncher launcher_;
  std::unique_ptr<ChildProcess> coordinator_;
  std::map<std::string, std::unique_ptr<ChildProcess>> agents_;
  std::shared_ptr<grpc::Channel> channel_;
  int ended_programs_ = 0;
};

// A sweep that takes seconds: two models on weather that the trainer makes itself. Fields that a
// test changes are parameters.
struct TinySweep {
  std::string name = "tiny";
  int epochs = 2;
  int repeat = 1;
  int windows = 2;
  std::string window = "250ms";
  std::string models = "[{name: tinymlp, type: tinymlp, hidden: [8]}]";
  std::string agents = "{placement: any}";
  std::string variants = "[{name: float32}]";
  std::string engine = "xnnpack";
  std::string dataset =
      "{type: synthetic_weather, synthetic_weather: {rows: 400}, "
      "split: {method: holdout, test_fraction: 0.25}}";
  std::string Yaml() const;
};

}  // namespace tinyjoule

#endif  // TESTS_E2E_LAB_H_

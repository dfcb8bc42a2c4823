// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/lab.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "tests/support/paths.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"
#include "tinyjoule/v1/run_service.grpc.pb.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {
namespace {

constexpr int64_t kDeadlineNs = 120 * kNsPerSecond;
constexpr int64_t kReadyNs = 30 * kNsPerSecond;
constexpr int64_t kPollNs = 20 * kNsPerMs;
constexpr char kReadyWord[] = " ready on ";
constexpr size_t kShownLogBytes = 4000;

void SetDeadline(grpc::ClientContext& context, int64_t after_ns) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::nanoseconds(after_ns));
}

// "NAME" of /proc/PID/status, for example VmRSS; empty when the process is gone.
std::string ProcStatus(int pid, absl::string_view name) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  for (std::string line; std::getline(status, line);) {
    if (!absl::StartsWith(line, absl::StrCat(name, ":"))) continue;
    return std::string(absl::StripAsciiWhitespace(line.substr(name.size() + 1)));
  }
  return "";
}

}  // namespace

Lab::Lab() {
  const char* const parent = getenv("TMPDIR");
  std::string pattern = JoinPath(parent == nullptr ? "/tmp" : parent, "tinyjoule-e2e-XXXXXX");
  folder_ = mkdtemp(pattern.data());
  agent_folder_ = std::filesystem::path(ProgramPath("tinyjoule-agent")).parent_path();
}

Lab::~Lab() {
  agents_.clear();
  coordinator_.reset();
  EXPECT_TRUE(files_.RemoveTree(folder_).ok());
}

void Lab::StartCoordinator(const std::vector<std::string>& more_arguments) {
  ProcessOptions options;
  options.arguments = {ProgramPath("tinyjoule-coordinator"), "--data-dir", Path("data"), "--listen",
                       address_};
  options.arguments.insert(options.arguments.end(), more_arguments.begin(), more_arguments.end());
  options.stderr_path = Path("coordinator.log");
  auto child = launcher_.Launch(options);
  ASSERT_TRUE(child.ok()) << child.status();
  coordinator_ = *std::move(child);
  std::string said;
  const int64_t deadline_ns = clock_.MonotonicNs() + kReadyNs;
  while (!absl::StrContains(said, "\n")) {
    auto bytes = coordinator_->Read(4096, std::max<int64_t>(0, deadline_ns - clock_.MonotonicNs()));
    ASSERT_TRUE(bytes.ok() && !bytes->empty()) << "no ready line; said: " << said << Logs();
    said += *bytes;
  }
  const size_t begin = said.find(kReadyWord);
  ASSERT_NE(begin, std::string::npos) << said;
  const size_t first = begin + sizeof(kReadyWord) - 1;
  address_ = said.substr(first, said.find(',', first) - first);
  channel_ = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
}

void Lab::StartAgent(const std::string& name, const std::vector<std::string>& more_arguments,
                     const std::string& sensor, const std::vector<std::string>& environment) {
  ProcessOptions options;
  options.arguments = {JoinPath(agent_folder_, "tinyjoule-agent"),
                       "--coordinator",
                       address_,
                       "--name",
                       name,
                       "--state-dir",
                       Path(absl::StrCat("agent-", name)),
                       "--sensor",
                       sensor};
  options.arguments.insert(options.arguments.end(), more_arguments.begin(), more_arguments.end());
  options.environment = environment;
  options.stderr_path = Path(absl::StrCat("agent-", name, ".log"));
  auto child = launcher_.Launch(options);
  ASSERT_TRUE(child.ok()) << child.status();
  agents_[name] = *std::move(child);
  ASSERT_TRUE(Eventually([&] { return AgentConnected(name); })) << "not connected" << Logs();
}

void Lab::UseAgentsWithoutTorch() {
  agent_folder_ = Path("bin");
  ASSERT_TRUE(files_.CreateFolder(agent_folder_).ok());
  for (const char* program : {"tinyjoule-agent", "tinyjoule-runner"}) {
    std::error_code error;
    std::filesystem::copy_file(ProgramPath(program), JoinPath(agent_folder_, program), error);
    ASSERT_FALSE(error) << program << ": " << error.message();
  }
}

ExitState Lab::StopCoordinator(int signal) {
  coordinator_->Kill(signal);
  return coordinator_->Wait();
}

void Lab::KillAgent(const std::string& name, int signal) {
  agents_.at(name)->Kill(signal);
  agents_.at(name)->Wait();
}

Ended Lab::RunProgram(const std::string& program, const std::vector<std::string>& arguments) {
  ProcessOptions options;
  options.arguments = {ProgramPath(program)};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  options.environment = {absl::StrCat("COORD_ADDR=", address_)};
  options.stderr_path = Path(absl::StrCat("program-", ++ended_programs_, ".err"));
  Ended ended;
  auto child = launcher_.Launch(options);
  if (!child.ok()) {
    ADD_FAILURE() << child.status();
    return ended;
  }
  (*child)->CloseInput();
  for (;;) {
    const auto bytes = (*child)->Read(65536, kDeadlineNs);
    if (!bytes.ok()) {
      ADD_FAILURE() << program << " " << arguments[0] << " does not end: " << bytes.status();
      return ended;
    }
    if (bytes->empty()) break;
    ended.out += *bytes;
  }
  const ExitState state = (*child)->Wait();
  ended.exit_code = state.signal == 0 ? state.exit_code : -state.signal;
  ended.err = ReadFile(options.stderr_path);
  return ended;
}

Ended Lab::Coord(const std::vector<std::string>& arguments) {
  return RunProgram("coord", arguments);
}

std::string Lab::Submit(const std::string& sweep_file) {
  const Ended submitted = Coord({"submit", sweep_file, "--detach"});
  EXPECT_EQ(submitted.exit_code, 0) << submitted.err << Logs();
  return std::string(absl::StripAsciiWhitespace(submitted.out));
}

void Lab::WatchUntil(const std::string& sweep_id,
                     const std::function<bool(const v1::WatchSweepResponse&)>& reached) {
  grpc::ClientContext context;
  SetDeadline(context, kDeadlineNs);
  v1::WatchSweepRequest request;
  request.set_sweep_id(sweep_id);
  const auto stub = v1::SweepService::NewStub(channel_);
  const auto reader = stub->WatchSweep(&context, request);
  v1::WatchSweepResponse event;
  while (reader->Read(&event)) {
    if (!reached(event)) continue;
    context.TryCancel();
    return;
  }
  const grpc::Status status = reader->Finish();
  FAIL() << "the sweep did not get there: " << status.error_message() << Logs();
}

v1::Sweep Lab::WaitForEnd(const std::string& sweep_id) {
  grpc::ClientContext watch_context;
  SetDeadline(watch_context, kDeadlineNs);
  v1::WatchSweepRequest watch;
  watch.set_sweep_id(sweep_id);
  const auto stub = v1::SweepService::NewStub(channel_);
  const auto reader = stub->WatchSweep(&watch_context, watch);
  v1::WatchSweepResponse event;
  while (reader->Read(&event)) {
  }
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << "the sweep does not end: " << status.error_message() << Logs();
  grpc::ClientContext context;
  v1::GetSweepRequest request;
  v1::GetSweepResponse response;
  request.set_sweep_id(sweep_id);
  EXPECT_TRUE(stub->GetSweep(&context, request, &response).ok());
  return response.sweep();
}

std::vector<v1::Run> Lab::Runs(const std::string& sweep_id) {
  grpc::ClientContext context;
  v1::ListRunsRequest request;
  v1::ListRunsResponse response;
  request.set_sweep_id(sweep_id);
  const grpc::Status status =
      v1::RunService::NewStub(channel_)->ListRuns(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return {response.runs().begin(), response.runs().end()};
}

std::vector<v1::TrialSummary> Lab::Trials(const std::string& sweep_id) {
  grpc::ClientContext context;
  v1::ListTrialsRequest request;
  v1::ListTrialsResponse response;
  request.set_sweep_id(sweep_id);
  const grpc::Status status =
      v1::SweepService::NewStub(channel_)->ListTrials(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return {response.trials().begin(), response.trials().end()};
}

bool Lab::AgentConnected(const std::string& name) {
  grpc::ClientContext context;
  v1::ListAgentsResponse response;
  if (!v1::FleetService::NewStub(channel_)->ListAgents(&context, {}, &response).ok()) return false;
  for (const v1::Agent& agent : response.agents()) {
    if (agent.facts().name() == name) return agent.connected();
  }
  return false;
}

bool Lab::Eventually(const std::function<bool()>& condition) {
  const int64_t deadline_ns = clock_.MonotonicNs() + kDeadlineNs;
  while (clock_.MonotonicNs() < deadline_ns) {
    if (condition()) return true;
    clock_.SleepUntil(clock_.MonotonicNs() + kPollNs);
  }
  return false;
}

std::string Lab::WriteFile(const std::string& name, const std::string& text) {
  EXPECT_TRUE(files_.WriteFileAtomically(Path(name), text).ok());
  return Path(name);
}

std::string Lab::ReadFile(const std::string& path) { return files_.ReadFile(path).value_or(""); }

std::string Lab::Logs() {
  std::string logs;
  for (const std::string& name : files_.ListFolder(folder_).value_or(std::vector<std::string>())) {
    if (!absl::EndsWith(name, ".log")) continue;
    const std::string text = ReadFile(Path(name));
    const size_t begin = text.size() > kShownLogBytes ? text.size() - kShownLogBytes : 0;
    absl::StrAppend(&logs, "\n--- ", name, "\n", text.substr(begin));
  }
  return logs;
}

std::vector<int> Lab::TrainerPids() {
  std::vector<int> pids;
  DIR* const processes = opendir("/proc");
  while (const dirent* entry = readdir(processes)) {
    int pid = 0;
    if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
    if (ProcStatus(pid, "PPid") != absl::StrCat(coordinator_pid())) continue;
    if (absl::StartsWith(ProcStatus(pid, "Name"), "tinyjoule-train")) pids.push_back(pid);
  }
  closedir(processes);
  return pids;
}

int64_t Lab::CoordinatorRssBytes() {
  const std::vector<std::string> words =
      absl::StrSplit(ProcStatus(coordinator_pid(), "VmRSS"), ' ', absl::SkipEmpty());
  int64_t kib = -1;
  EXPECT_TRUE(!words.empty() && absl::SimpleAtoi(words[0], &kib));
  return kib * 1024;
}

std::string TinySweep::Yaml() const {
  return absl::Substitute(
      R"(version: 1
name: $0
seed: 42
dataset: $9
models: $1
train: {epochs: $2, lr: 0.01, batch_size: 32}
variants: $7
agents: $3
measure:
  engine: $8
  warmup: {min_duration: 50ms, max_duration: 2s}
  window: {min_duration: $4, count: $5}
  idle: {duration: 200ms}
  cooldown: {min: 0s}
  repeat: $6
  reference: none
)",
      name, models, epochs, agents, window, windows, repeat, variants, engine, dataset);
}

}  // namespace tinyjoule

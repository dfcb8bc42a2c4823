// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_MEASUREMENT_H_
#define AGENT_CORE_MEASUREMENT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/core/artifact_cache.h"
#include "agent/core/board_state.h"
#include "agent/core/chunk_sink.h"
#include "agent/core/clock_watch.h"
#include "agent/core/interference.h"
#include "agent/core/pilot.h"
#include "agent/core/prediction_writer.h"
#include "agent/core/runner_cgroup.h"
#include "agent/core/runner_session.h"
#include "agent/core/sample_recorder.h"
#include "agent/core/steadiness.h"
#include "common/base/child_process.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "tinyjoule/v1/agent_link_service.pb.h"

namespace tinyjoule {

// What a measurement touches; everything outlives it.
struct MeasurementDependencies {
  Clock& clock;
  FileSystem& file_system;
  ProcessLauncher& launcher;
  const BoardReader& board;
  ArtifactCache& artifacts;
  ArtifactSource& artifact_source;
  // Running; null: this attempt is measured without energy.
  SampleSource* samples = nullptr;
  // May be null.
  SampleTap* tap = nullptr;
  // Told the runner's process id, and 0 when it is gone. May be empty.
  std::function<void(int)> follow_process = nullptr;
  // The runner's own cgroup; may be null.
  RunnerCgroup* cgroup = nullptr;
  // Where /proc lies; "" is the machine itself.
  std::string root = "";
};

struct MeasurementOptions {
  std::string runner_program;
  // The runner's standard error; overwritten by each attempt.
  std::string runner_log_path;
  // Why samples is null, in words.
  std::string energy_absent_reason;
  // Why there is no cgroup, in words.
  std::string cgroup_absent_reason;
  // CPUs for the runner; empty: all but the sampler's.
  std::vector<int> runner_cpus;
  // "gpio:LABEL/LINE"; empty: none.
  std::string marker;
  // When the board was last under load: the cool-down counts from there.
  int64_t last_load_ns = 0;
  // How long the agent tries to fetch what it lacks.
  int64_t fetch_timeout_ns = 300 * kNsPerSecond;
  // How long a runner may take to start, to load, between two blocks of predictions, to finish.
  int64_t start_timeout_ns = 30 * kNsPerSecond;
  int64_t load_timeout_ns = 120 * kNsPerSecond;
  int64_t predict_timeout_ns = 120 * kNsPerSecond;
  int64_t finish_timeout_ns = 30 * kNsPerSecond;
  // Over three times what the pilots promise.
  int64_t window_slack_ns = 30 * kNsPerSecond;
};

// Follows an attempt from outside. Called on the measurement's thread.
class MeasurementObserver : public ChunkSink {
 public:
  virtual void OnPhase(v1::RunPhase phase, uint32_t window) = 0;
  // Bytes that chunks may still take.
  virtual uint64_t RoomBytes() { return UINT64_MAX; }
};

// One attempt, from the artifacts to the result:
//   fetch, cool down, preflight, start the runner, load, predict every row, idle A, warm up and
//   size, K windows, idle B, finish.
// Around every marked span lie pads of a few conversions, in which the sensor is checked.
// Run() blocks on the measurement's thread and always gives a result: what failed is in its state
// and reason, and everything measured until then is kept. Samples and predictions go to the
// observer as they come; the caller writes the result. Cancel() may come from any thread.
class Measurement {
 public:
  Measurement(const v1::JobSpec& job, const MeasurementOptions& options,
              const MeasurementDependencies& dependencies, MeasurementObserver& observer);

  v1::RunResult Run();
  // now: the window that runs is dropped; otherwise it is finished first.
  void Cancel(bool now);

 private:
  enum class CancelMode { kNone, kAfterWindow, kNow };

  [[nodiscard]] absl::Status Execute();
  absl::StatusOr<std::string> FetchArtifact(const std::string& sha256);
  [[nodiscard]] absl::Status CoolDown();
  [[nodiscard]] absl::Status Preflight();
  [[nodiscard]] absl::Status Pad();
  std::vector<int> RunnerCpus() const;
  void PlaceRunner(const std::vector<int>& cpus);
  [[nodiscard]] absl::Status StartRunner();
  [[nodiscard]] absl::Status Load(const std::string& model_path, const std::string& inputs_path);
  [[nodiscard]] absl::Status Predict();
  [[nodiscard]] absl::Status Idle(v1::WindowKind kind);
  [[nodiscard]] absl::Status WarmUp();
  [[nodiscard]] absl::Status NotePilot(const v1::WindowDone& done, Steadiness& steadiness);
  [[nodiscard]] absl::Status ReadMemory();
  [[nodiscard]] absl::Status MeasureWindows();
  absl::StatusOr<v1::WindowDone> MeasureWindow(uint64_t count);
  absl::StatusOr<v1::WindowDone> RunInferences(const v1::RunCommand& run, int64_t timeout_ns);
  [[nodiscard]] absl::Status FinishRunner();
  std::optional<UsageReading> ReadUsageNow() const;
  void ReportConditions();
  void Conclude(const absl::Status& status);

  void EnterPhase(v1::RunPhase phase, uint32_t window = 0);
  // What has to go on while the sequence waits: samples, board, cancellation.
  [[nodiscard]] absl::Status KeepGoing();
  [[nodiscard]] absl::Status WaitUntil(int64_t deadline_ns);
  absl::StatusOr<v1::RunnerEvent> Expect(v1::RunnerEvent::EventCase wanted, int64_t timeout_ns);
  void AddWindow(v1::WindowKind kind, uint32_t index, const v1::WindowDone& done);
  std::string ReadRunnerLog();

  const v1::JobSpec job_;
  const MeasurementOptions options_;
  const MeasurementDependencies dependencies_;
  MeasurementObserver& observer_;
  Clock& clock_;
  std::atomic<CancelMode> cancel_{CancelMode::kNone};

  // On the measurement's thread.
  v1::RunResult result_;
  std::optional<SampleRecorder> recorder_;
  std::optional<PredictionWriter> predictions_;
  std::unique_ptr<RunnerSession> runner_;
  Pilot pilot_;
  BoardHistory board_history_;
  InterferenceMeter interference_;
  ClockWatch clock_watch_;
  int64_t next_board_reading_ns_ = 0;
  bool in_window_ = false;
  bool runner_started_ = false;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_MEASUREMENT_H_

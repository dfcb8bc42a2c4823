// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/measurement.h"

#include <map>
#include <vector>

#include "agent/core/run_summary.h"
#include "common/energy/flag_catalog.h"
#include "common/energy/sample_block.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/measurement_fixture.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(MeasurementTest, GoesThroughTheWholeSequence) {
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_SUCCEEDED) << result.reason();
  EXPECT_THAT(observer_.phases,
              ElementsAre(v1::RUN_PHASE_FETCHING, v1::RUN_PHASE_COOLDOWN, v1::RUN_PHASE_PREFLIGHT,
                          v1::RUN_PHASE_STARTING, v1::RUN_PHASE_PREDICTING, v1::RUN_PHASE_IDLE_A,
                          v1::RUN_PHASE_WARMUP, v1::RUN_PHASE_WINDOW, v1::RUN_PHASE_WINDOW,
                          v1::RUN_PHASE_WINDOW, v1::RUN_PHASE_IDLE_B));
  ASSERT_EQ(result.windows_size(), 5);
  EXPECT_EQ(result.windows(0).kind(), v1::WINDOW_KIND_IDLE_A);
  EXPECT_EQ(result.windows(4).kind(), v1::WINDOW_KIND_IDLE_B);
  EXPECT_GE(result.windows(0).end_mono_ns() - result.windows(0).start_mono_ns(), 10 * kNsPerSecond);
  EXPECT_EQ(result.memory().before_bytes(), 1000u);
  EXPECT_EQ(result.memory().loaded_bytes(), 2000u);
  EXPECT_EQ(result.memory().warm_bytes(), 2500u);
  EXPECT_EQ(result.memory().load_peak_bytes(), 5000u);
  EXPECT_EQ(result.memory().after_bytes(), 3000u);
  EXPECT_EQ(result.memory().peak_bytes(), 4000u);
  EXPECT_EQ(result.engine_version(), "fake 1");
  EXPECT_EQ(result.latency().mean_us(), 1000);
  EXPECT_THAT(followed_, ElementsAre(4242, 0));
  EXPECT_FALSE(runner_.killed());
}

// A load of two levels: the energy of each window is power times time.
TEST_F(MeasurementTest, WindowEnergiesAreTheLoadsEnergies) {
  const v1::RunResult result = Run();
  const auto windows = Inference(result);
  ASSERT_EQ(windows.size(), 3u);
  for (const v1::MarkedWindow* window : windows) {
    const double duration_s =
        static_cast<double>(window->end_mono_ns() - window->start_mono_ns()) * 1e-9;
    EXPECT_GE(duration_s, 10);
    EXPECT_EQ(window->inference_count(), 10'500u) << "10 s at 1 ms, with 5 % to spare";
    ASSERT_TRUE(window->has_energy_j());
    // One conversion of doubt at each edge.
    EXPECT_NEAR(window->energy_j(), kBusyW * duration_s, 2 * (kBusyW - kIdleW) * 0.005);
  }
  EXPECT_TRUE(HasFlag(result, "SIMULATED"));
  EXPECT_FALSE(HasFlag(result, "GAP"));
  EXPECT_FALSE(HasFlag(result, "BASELINE_DRIFT"));
  EXPECT_FALSE(HasFlag(result, "NO_STEADY_STATE"));
}

TEST_F(MeasurementTest, ChunksHoldEverySampleAndPredictionOnce) {
  const v1::RunResult result = Run();
  uint64_t samples = 0;
  int64_t last_ns = 0;
  for (const std::string& payload : observer_.payloads[v1::CHUNK_STREAM_SAMPLES]) {
    v1::SampleBlock block;
    ASSERT_TRUE(block.ParseFromString(payload));
    const std::vector<RawCounts> decoded = *DecodeSampleBlock(block);
    EXPECT_LE(decoded.back().t_ns - decoded.front().t_ns, kNsPerSecond);
    if (last_ns != 0) {
      EXPECT_EQ(decoded.front().t_ns - last_ns, FakeSampleSource::kCycleNs);
    }
    // A conversion covers the time since the one before: the first mark needs one before it.
    if (last_ns == 0) {
      EXPECT_LE(decoded.front().t_ns, result.windows(0).start_mono_ns());
    }
    last_ns = decoded.back().t_ns;
    samples += decoded.size();
  }
  EXPECT_EQ(samples, result.sample_count());
  EXPECT_EQ(observer_.payloads[v1::CHUNK_STREAM_SAMPLES].size(), result.sample_chunks());
  EXPECT_GE(last_ns, result.windows(4).end_mono_ns());
  ASSERT_EQ(observer_.payloads[v1::CHUNK_STREAM_PREDICTIONS].size(), 1u);
  v1::PredictionBlock predictions;
  ASSERT_TRUE(
      predictions.ParseFromString(observer_.payloads[v1::CHUNK_STREAM_PREDICTIONS].front()));
  EXPECT_THAT(predictions.values(), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(result.prediction_chunks(), 1u);
}

TEST_F(MeasurementTest, PredictionsAreCutIntoChunksOfWholeRows) {
  runner_.behaviour.rows = 3000;
  runner_.behaviour.values_per_row = 10;
  const v1::RunResult result = Run();
  uint64_t next_row = 0;
  for (const std::string& payload : observer_.payloads[v1::CHUNK_STREAM_PREDICTIONS]) {
    EXPECT_LE(payload.size(), 64u * 1024 - 256);
    v1::PredictionBlock block;
    ASSERT_TRUE(block.ParseFromString(payload));
    EXPECT_EQ(block.first_row(), next_row);
    EXPECT_EQ(block.values(0), static_cast<float>(next_row));
    next_row += static_cast<uint64_t>(block.values_size()) / 10;
  }
  EXPECT_EQ(next_row, 3000u);
  EXPECT_EQ(result.prediction_chunks(), 2u);
}

TEST_F(MeasurementTest, WithoutASensorEverythingButEnergy) {
  options_.energy_absent_reason = "no sensor";
  const v1::RunResult result = Run(/*with_sensor=*/false);
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_SUCCEEDED) << result.reason();
  EXPECT_EQ(result.energy_absent_reason(), "no sensor");
  EXPECT_EQ(Inference(result).size(), 3u);
  EXPECT_FALSE(Inference(result)[0]->has_energy_j());
  EXPECT_EQ(result.sample_chunks(), 0u);
  EXPECT_FALSE(HasFlag(result, "SIMULATED"));
}

TEST_F(MeasurementTest, ShortWindowsAndSlowModelsMakeTenInferences) {
  runner_.behaviour.latency_ns = 3 * kNsPerSecond;
  const v1::RunResult result = Run();
  EXPECT_EQ(Inference(result)[0]->inference_count(), 10u);
  job_.mutable_window_min()->set_seconds(1);
  runner_.behaviour.latency_ns = kNsPerMs;
  EXPECT_TRUE(HasFlag(Run(), "SHORT"));
}

TEST_F(MeasurementTest, AWindowThatComesOutShortIsMeasuredAgain) {
  observer_.on_phase = [this](v1::RunPhase phase, uint32_t) {
    // Twice as fast as in the warm-up, as when another load has ended.
    if (phase == v1::RUN_PHASE_WINDOW) runner_.behaviour.latency_ns = kNsPerMs / 2;
  };
  const v1::RunResult result = Run();
  ASSERT_EQ(Inference(result).size(), 3u);
  for (const v1::MarkedWindow* window : Inference(result)) {
    EXPECT_GE(window->end_mono_ns() - window->start_mono_ns(), 10 * kNsPerSecond);
    EXPECT_EQ(window->inference_count(), 21'000u);
  }
}

TEST_F(MeasurementTest, ALatencyThatNeverSettlesIsFlagged) {
  runner_.behaviour.latency_growth = 1.2;
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_SUCCEEDED);
  EXPECT_TRUE(HasFlag(result, "NO_STEADY_STATE"));
}

TEST_F(MeasurementTest, LostSamplesAreCountedAndFlagged) {
  observer_.on_phase = [this](v1::RunPhase phase, uint32_t) {
    if (phase == v1::RUN_PHASE_WINDOW) source_.dropped_count += 2;
  };
  const v1::RunResult result = Run();
  EXPECT_EQ(result.samples_dropped(), 6u);
  EXPECT_TRUE(HasFlag(result, "SAMPLES_DROPPED"));
  uint64_t told = 0;
  for (const std::string& payload : observer_.payloads[v1::CHUNK_STREAM_SAMPLES]) {
    v1::SampleBlock block;
    ASSERT_TRUE(block.ParseFromString(payload));
    told += block.dropped_before();
  }
  EXPECT_EQ(told, 6u);
}

TEST_F(MeasurementTest, ThrottlingDuringTheRunIsFlagged) {
  PutThrottled(0);
  observer_.on_phase = [this](v1::RunPhase phase, uint32_t window) {
    if (phase == v1::RUN_PHASE_WINDOW && window == 1) PutThrottled(0x50005);
  };
  const v1::RunResult result = Run();
  EXPECT_TRUE(HasFlag(result, "THROTTLED"));
  EXPECT_TRUE(HasFlag(result, "UNDERVOLT"));
  EXPECT_EQ(result.board().throttled(), 5u);
}

// The samples' own UNDERVOLT is a note from 4.63 V on; the firmware's is fatal and must not be
// lost.
TEST_F(MeasurementTest, AFatalFlagIsNotHiddenByANoteOfTheSameName) {
  v1::RunResult result;
  PutFlag(MakeFlag("UNDERVOLT", false, "down to 4.700 V"), *result.mutable_flags());
  AddBoardFlags(kUndervoltBits, &result);
  ASSERT_EQ(result.flags_size(), 1);
  EXPECT_TRUE(result.flags(0).fatal());
}

TEST_F(MeasurementTest, IdlePowerThatMovedIsFlagged) {
  bool drifted = false;
  FakeSampleSource drifting(
      clock_, [&](int64_t) { return drifted ? kIdleCounts * 103 / 100 : kIdleCounts; });
  ASSERT_TRUE(drifting.Start().ok());
  observer_.on_phase = [&](v1::RunPhase phase, uint32_t) {
    drifted = drifted || phase == v1::RUN_PHASE_IDLE_B;
  };
  MeasurementDependencies dependencies{clock_, files_, runner_, board_, *cache_, artifacts_};
  dependencies.samples = &drifting;
  EXPECT_TRUE(
      HasFlag(Measurement(job_, options_, dependencies, observer_).Run(), "BASELINE_DRIFT"));
}

TEST_F(MeasurementTest, CoolDownCountsFromTheLastLoad) {
  job_.mutable_cooldown_min()->set_seconds(30);
  options_.last_load_ns = clock_.MonotonicNs() - 10 * kNsPerSecond;
  int64_t started_ns = 0;
  const int64_t begin_ns = clock_.MonotonicNs();
  observer_.on_phase = [&](v1::RunPhase phase, uint32_t) {
    if (phase == v1::RUN_PHASE_STARTING) started_ns = clock_.MonotonicNs();
  };
  Run();
  EXPECT_NEAR(static_cast<double>(started_ns - begin_ns), 20e9, 1e8);
}

TEST_F(MeasurementTest, CoolDownWaitsForTheTemperatureAndGivesUpAloud) {
  constexpr char kPath[] = "/sys/class/thermal/thermal_zone0/temp";
  ASSERT_TRUE(files_.WriteFileAtomically(kPath, "70000\n").ok());
  job_.set_cooldown_until_temp_c(55);
  job_.mutable_cooldown_timeout()->set_seconds(60);
  const int64_t begin_ns = clock_.MonotonicNs();
  int64_t started_ns = 0;
  observer_.on_phase = [&](v1::RunPhase phase, uint32_t) {
    if (phase == v1::RUN_PHASE_STARTING) started_ns = clock_.MonotonicNs();
  };
  const v1::RunResult result = Run();
  EXPECT_NEAR(static_cast<double>(started_ns - begin_ns), 60e9, 2e9);
  EXPECT_TRUE(HasFlag(result, "COOLDOWN_TIMEOUT"));
  EXPECT_EQ(result.board().temp_start_c(), 70);
}

struct FaultCase {
  v1::RunnerCommand::CommandCase at;
  FakeRunner::Fault fault;
  const char* reason;
};

class RunnerFaultTest : public MeasurementTest, public ::testing::WithParamInterface<FaultCase> {};

TEST_P(RunnerFaultTest, EndsAsAFailedRunWithItsReasonAndLog) {
  Break(GetParam().at, GetParam().fault);
  runner_.on_command = [this](const v1::RunnerCommand&) {
    ASSERT_TRUE(files_.WriteFileAtomically("/state/runner.log", "last words \xff").ok());
  };
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_FAILED);
  EXPECT_THAT(result.reason(), HasSubstr(GetParam().reason));
  if (GetParam().at != v1::RunnerCommand::COMMAND_NOT_SET) {
    EXPECT_EQ(result.runner_log(), "last words ?");
  }
  EXPECT_EQ(followed_.back(), 0);
  EXPECT_FALSE(result.SerializeAsString().empty());
}

using C = v1::RunnerCommand;
using F = FakeRunner::Fault;
INSTANTIATE_TEST_SUITE_P(
    Faults, RunnerFaultTest,
    ::testing::Values(FaultCase{C::COMMAND_NOT_SET, F::kCrash, "killed by signal 11"},
                      FaultCase{C::COMMAND_NOT_SET, F::kHang, "in time"},
                      FaultCase{C::kLoad, F::kCrash, "killed by signal 11"},
                      FaultCase{C::kLoad, F::kFailure, "operator Foo is unknown"},
                      FaultCase{C::kLoad, F::kHang, "in time"},
                      FaultCase{C::kPredict, F::kGarbage, "output"},
                      FaultCase{C::kPredict, F::kCrash, "killed by signal 11"},
                      FaultCase{C::kPredict, F::kHang, "in time"},
                      FaultCase{C::kPredict, F::kWrongEvent, "predicted 0 rows of 5"},
                      FaultCase{C::kRun, F::kCrash, "killed by signal 11"},
                      FaultCase{C::kRun, F::kHang, "in time"},
                      FaultCase{C::kRun, F::kGarbage, "output"},
                      FaultCase{C::kRun, F::kWrongEvent, "was due"},
                      FaultCase{C::kFinish, F::kCrash, "killed by signal 11"},
                      FaultCase{C::kFinish, F::kHang, "in time"}));

TEST_F(MeasurementTest, ARunnerThatExitsWithAnErrorAfterItsLastAnswerFails) {
  runner_.behaviour.exit_code = 3;
  EXPECT_THAT(Run().reason(), HasSubstr("exited with 3"));
}

TEST_F(MeasurementTest, ACrashInTheThirdWindowKeepsTheFirstTwo) {
  observer_.on_phase = [this](v1::RunPhase phase, uint32_t window) {
    if (phase == v1::RUN_PHASE_WINDOW && window == 2) Break(C::kRun, F::kCrash);
  };
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_FAILED);
  EXPECT_EQ(Inference(result).size(), 2u);
  EXPECT_EQ(result.sample_chunks(), observer_.payloads[v1::CHUNK_STREAM_SAMPLES].size());
  EXPECT_GT(result.sample_chunks(), 0u);
}

TEST_F(MeasurementTest, CancelFinishesTheWindowFirst) {
  runner_.on_command = [this](const v1::RunnerCommand& command) {
    if (command.run().measured()) measurement_->Cancel(/*now=*/false);
  };
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_CANCELLED);
  EXPECT_EQ(Inference(result).size(), 1u);
}

TEST_F(MeasurementTest, CancelNowDropsTheWindowAndKillsTheRunner) {
  runner_.on_command = [this](const v1::RunnerCommand& command) {
    if (command.run().measured()) measurement_->Cancel(/*now=*/true);
  };
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_CANCELLED);
  EXPECT_TRUE(Inference(result).empty());
  EXPECT_TRUE(runner_.killed());
}

TEST_F(MeasurementTest, CancelEndsACoolDown) {
  job_.mutable_cooldown_min()->set_seconds(3600);
  options_.last_load_ns = clock_.MonotonicNs();
  const int64_t begin_ns = clock_.MonotonicNs();
  observer_.on_phase = [this](v1::RunPhase phase, uint32_t) {
    if (phase == v1::RUN_PHASE_COOLDOWN) measurement_->Cancel(/*now=*/false);
  };
  EXPECT_EQ(Run().state(), v1::ATTEMPT_STATE_CANCELLED);
  EXPECT_LT(clock_.MonotonicNs() - begin_ns, kNsPerSecond);
  EXPECT_EQ(runner_.launched(), 0);
}

TEST_F(MeasurementTest, AFullDiskFailsTheRun) {
  for (size_t chunks : {0, 1, 20, 50}) {
    observer_ = RecordingObserver();
    observer_.max_chunks = chunks;
    const v1::RunResult result = Run();
    EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_FAILED) << chunks;
    EXPECT_THAT(result.reason(), HasSubstr("No space left on device"));
  }
}

TEST_F(MeasurementTest, AFetchOutlivesABrokenConnection) {
  artifacts_.break_after = {1, 1, 1};
  EXPECT_EQ(Run().state(), v1::ATTEMPT_STATE_SUCCEEDED);
  EXPECT_TRUE(artifacts_.break_after.empty());
}

TEST_F(MeasurementTest, AnArtifactThatIsNotThereFailsTheRun) {
  artifacts_.artifacts.erase(Sha256Hex("inputs"));
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_FAILED);
  EXPECT_THAT(result.reason(), HasSubstr(Sha256Hex("inputs")));
}

}  // namespace
}  // namespace tinyjoule

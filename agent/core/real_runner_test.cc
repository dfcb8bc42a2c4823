// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The measurement sequence with the real runner as its child, the real clock and a simulated meter
// that follows the runner's processor time.

#include <signal.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/measurement.h"
#include "agent/core/sampler.h"
#include "agent/power/cpu_load.h"
#include "agent/power/simulated_sensor.h"
#include "common/base/digest.h"
#include "common/onnx/model_file.h"
#include "common/onnx/onnx_builder.h"
#include "common/onnx/tensor_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_coordinator_link.h"
#include "tests/support/own_memory.h"
#include "tests/support/paths.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Runner() { return ProgramPath("tinyjoule-runner"); }

// y0 = x0 + 2 x1 + 0.5, y1 = 3 x0 - x1 - 1.
std::string LinearModel() {
  OnnxBuilder builder("linear");
  builder.AddInput("x", {-1, 2});
  builder.AddOutput("y", {-1, 2});
  const std::vector<float> weights = {1, 3, 2, -1};
  const std::vector<float> bias = {0.5F, -1};
  builder.AddInitializer("w", {2, 2}, absl::MakeConstSpan(weights));
  builder.AddInitializer("b", {2}, absl::MakeConstSpan(bias));
  builder.AddNode("Gemm", {"x", "w", "b"}, {"y"});
  return *SerializeModel(builder.Build());
}

class CollectingObserver final : public MeasurementObserver {
 public:
  absl::Status Write(v1::ChunkStream stream, std::string payload) override {
    v1::PredictionBlock block;
    if (stream != v1::CHUNK_STREAM_PREDICTIONS) return absl::OkStatus();
    EXPECT_TRUE(block.ParseFromString(payload));
    predictions.insert(predictions.end(), block.values().begin(), block.values().end());
    return absl::OkStatus();
  }
  void OnPhase(v1::RunPhase phase, uint32_t) override {
    if (on_phase) on_phase(phase);
  }
  std::vector<float> predictions;
  std::function<void(v1::RunPhase)> on_phase;
};

class RealRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!files_.Exists(Runner())) GTEST_SKIP() << Runner() << " is not built";
    std::string pattern = ::testing::TempDir() + "/real_runner_test_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    cache_ = *ArtifactCache::Open(files_, {folder_ + "/artifacts"});
    const std::string inputs = folder_ + "/inputs.pb";
    ASSERT_TRUE(WriteTensorFile(inputs, "x", {{3, 2}, {0, 0, 1, 2, -1, 4}}).ok());
    job_.set_run_id("r1");
    job_.set_attempt(1);
    job_.set_engine(v1::ENGINE_XNNPACK);
    job_.set_model_sha256(Publish(LinearModel()));
    job_.set_inputs_sha256(Publish(*files_.ReadFile(inputs)));
    job_.mutable_idle()->set_nanos(200'000'000);
    job_.mutable_warmup_max()->set_nanos(500'000'000);
    job_.mutable_window_min()->set_nanos(200'000'000);
    job_.set_window_count(2);
    ASSERT_TRUE(sampler_.Start().ok());
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  std::string Publish(const std::string& bytes) {
    source_.artifacts[Sha256Hex(bytes)] = bytes;
    return Sha256Hex(bytes);
  }
  v1::RunResult Run() {
    MeasurementDependencies dependencies{clock_, files_, launcher_, board_, *cache_, source_};
    dependencies.samples = &sampler_;
    dependencies.follow_process = [this](int pid) {
      pid_ = pid;
      load_.Follow(pid);
    };
    MeasurementOptions options;
    options.runner_program = Runner();
    options.runner_log_path = folder_ + "/runner.log";
    return Measurement(job_, options, dependencies, observer_).Run();
  }

  SystemClock clock_;
  PosixFileSystem files_;
  PosixProcessLauncher launcher_;
  BoardReader board_{files_, ""};
  ProcessCpuTime load_;
  SimulatedSensor sensor_{{}, clock_, load_};
  Sampler sampler_{sensor_};
  FakeArtifactSource source_;
  std::string folder_;
  std::unique_ptr<ArtifactCache> cache_;
  CollectingObserver observer_;
  v1::JobSpec job_;
  int pid_ = 0;
};

TEST_F(RealRunnerTest, MeasuresARealModel) {
  const v1::RunResult result = Run();
  ASSERT_EQ(result.state(), v1::ATTEMPT_STATE_SUCCEEDED) << result.reason() << result.runner_log();
  EXPECT_THAT(observer_.predictions, ElementsAre(0.5F, -1, 5.5F, 0, 7.5F, -8));
  ASSERT_EQ(result.windows_size(), 4);
  for (const v1::MarkedWindow& window : result.windows()) {
    if (window.kind() != v1::WINDOW_KIND_INFERENCE) continue;
    const double duration_s =
        static_cast<double>(window.end_mono_ns() - window.start_mono_ns()) * 1e-9;
    EXPECT_GE(duration_s, 0.2);
    // Between an idle and a busy core, or two: 2.6 W to 7.2 W.
    EXPECT_GT(window.energy_j() / duration_s, 2.6);
    EXPECT_LT(window.energy_j() / duration_s, 7.2);
  }
  EXPECT_GT(result.latency().mean_us(), 0);
  EXPECT_GT(result.memory().before_bytes(), 100'000u);
  if (MemoryIsOwn()) {
    EXPECT_LT(result.memory().peak_bytes(), 20'000'000u);
  }
}

TEST_F(RealRunnerTest, AModelThatIsNoneIsAFailedRunWithTheRunnersReason) {
  job_.set_model_sha256(Publish("no model"));
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_FAILED);
  EXPECT_THAT(result.reason(), HasSubstr("the runner: "));
}

TEST_F(RealRunnerTest, AKilledRunnerIsAFailedRun) {
  observer_.on_phase = [this](v1::RunPhase phase) {
    if (phase == v1::RUN_PHASE_WARMUP) kill(pid_, SIGKILL);
  };
  const v1::RunResult result = Run();
  EXPECT_EQ(result.state(), v1::ATTEMPT_STATE_FAILED);
  EXPECT_THAT(result.reason(), HasSubstr("killed by signal 9"));
}

}  // namespace
}  // namespace tinyjoule

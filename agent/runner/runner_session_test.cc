// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/runner_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/child_process.h"
#include "common/base/framing.h"
#include "common/onnx/model_file.h"
#include "common/onnx/onnx_builder.h"
#include "tests/support/own_memory.h"
#include "tests/support/paths.h"

namespace tinyjoule {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

// Linear 5->64->32->1 with ReLU, all weights 1/64: the output is computed by hand below.
onnx::ModelProto MakeMlp() {
  OnnxBuilder builder("mlp");
  const std::vector<int64_t> sizes = {5, 64, 32, 1};
  builder.AddInput("input", {-1, 5});
  std::string current = "input";
  for (size_t i = 0; i + 1 < sizes.size(); ++i) {
    const std::string layer = std::to_string(i);
    const size_t count = static_cast<size_t>(sizes[i] * sizes[i + 1]);
    builder.AddInitializer("w" + layer, {sizes[i + 1], sizes[i]},
                           std::vector<float>(count, 1.0f / 64));
    builder.AddNode("Gemm", {current, "w" + layer}, {"y" + layer}, {IntAttribute("transB", 1)});
    builder.AddNode("Relu", {"y" + layer}, {i == 2 ? "output" : "a" + layer});
    current = "a" + layer;
  }
  builder.AddOutput("output", {-1, 1});
  return builder.Build();
}

// sum(x)/64, then 64 of them /64, then 32 of them /64.
float ExpectedOutput(float sum) { return sum / 64 / 2; }

class LoggingClock final : public Clock {
 public:
  explicit LoggingClock(std::vector<std::string>& log) : log_(log) {}
  int64_t MonotonicNs() const override {
    log_.push_back("clock");
    return clock_.MonotonicNs();
  }
  int64_t UtcNs() const override { return clock_.UtcNs(); }
  void SleepUntil(int64_t deadline_ns) override { clock_.SleepUntil(deadline_ns); }

 private:
  std::vector<std::string>& log_;
  SystemClock clock_;
};

class LoggingLine final : public MarkerLine {
 public:
  explicit LoggingLine(std::vector<std::string>& log) : log_(log) {}
  absl::Status error;
  absl::Status Set(bool high) override {
    log_.push_back(high ? "up" : "down");
    return error;
  }

 private:
  std::vector<std::string>& log_;
};

class RunnerSessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model_path_ = absl::StrCat(::testing::TempDir(), "/runner_session_test-", getpid(), ".onnx");
    inputs_path_ = absl::StrCat(::testing::TempDir(), "/runner_session_test-", getpid(), ".pb");
    ASSERT_TRUE(WriteModel(model_path_, MakeMlp()).ok());
    FloatTensor rows = {{3, 5}, {1, 1, 1, 1, 1, 2, 2, 2, 2, 2, -1, -1, -1, -1, -1}};
    ASSERT_TRUE(WriteTensorFile(inputs_path_, "inputs", rows).ok());
  }

  v1::RunnerCommand LoadWith(v1::Engine engine) const {
    v1::RunnerCommand command;
    command.mutable_load()->set_model_path(model_path_);
    command.mutable_load()->set_inputs_path(inputs_path_);
    command.mutable_load()->set_engine(engine);
    command.mutable_load()->set_threads(1);
    return command;
  }

  static v1::RunnerCommand Run(uint64_t count, int64_t duration_ns, bool measured) {
    v1::RunnerCommand command;
    command.mutable_run()->set_inference_count(count);
    command.mutable_run()->set_duration_ns(duration_ns);
    command.mutable_run()->set_measured(measured);
    return command;
  }

  const v1::RunnerEvent& last() const { return events_.back(); }

  std::string model_path_;
  std::string inputs_path_;
  SystemClock clock_;
  std::vector<v1::RunnerEvent> events_;
  RunnerSession session_{clock_, MakeEngine, [this](const v1::RunnerEvent& event) {
                           events_.push_back(event);
                           return absl::OkStatus();
                         }};
};

TEST_F(RunnerSessionTest, GoesThroughAMeasurement) {
  ASSERT_TRUE(session_.Start().ok());
  EXPECT_GT(last().started().pss_bytes(), 100'000u);
  ASSERT_TRUE(session_.Handle(LoadWith(v1::ENGINE_XNNPACK)).ok());
  EXPECT_EQ(last().loaded().row_count(), 3u);
  EXPECT_EQ(last().loaded().values_per_prediction(), 1u);
  // 64 and 32 activations of 4 bytes.
  EXPECT_EQ(last().loaded().peak_activation_bytes(), 384u);

  v1::RunnerCommand predict;
  predict.mutable_predict();
  ASSERT_TRUE(session_.Handle(predict).ok());
  EXPECT_EQ(last().predicted().row_count(), 3u);
  const v1::PredictionBlock& block = events_[events_.size() - 2].predictions();
  ASSERT_EQ(block.values_size(), 3);
  EXPECT_FLOAT_EQ(block.values(0), ExpectedOutput(5));
  EXPECT_FLOAT_EQ(block.values(1), ExpectedOutput(10));
  EXPECT_FLOAT_EQ(block.values(2), 0);

  ASSERT_TRUE(session_.Handle(Run(1000, 0, true)).ok());
  EXPECT_EQ(last().window_done().inference_count(), 1000u);
  EXPECT_LT(last().window_done().start_mono_ns(), last().window_done().end_mono_ns());
  ASSERT_TRUE(session_.Handle(Run(0, 2'000'000, false)).ok());
  const v1::WindowDone window = last().window_done();
  EXPECT_GE(window.end_mono_ns() - window.start_mono_ns(), 2'000'000);
  EXPECT_GT(window.inference_count(), 10u);

  v1::RunnerCommand finish;
  finish.mutable_finish();
  ASSERT_TRUE(session_.Handle(finish).ok());
  EXPECT_TRUE(session_.finished());
  EXPECT_GT(last().finished().latency().p50_us(), 0);
  EXPECT_LE(last().finished().latency().p50_us(), last().finished().latency().p99_us());
  EXPECT_GE(last().finished().latency().batch(), 1u);
  EXPECT_GT(last().finished().peak_bytes(), 0u);
}

// The sum of five numbers in steps of 1/2, given in steps of 1/4: what the session reads and sends
// are numbers, and windows run on whole numbers.
TEST_F(RunnerSessionTest, QuantisesRowsForAModelThatTakesInt8) {
  OnnxBuilder builder("integers");
  builder.AddInput("x", {-1, 5}, onnx::TensorProto::INT8);
  builder.AddScalar("x_scale", 0.5f);
  builder.AddScalar("x_zero", int8_t{7});
  builder.AddInitializer("w", {1, 5}, std::vector<int8_t>{1, 1, 1, 1, 1});
  builder.AddScalar("w_scale", 1.0f);
  builder.AddScalar("y_scale", 0.25f);
  builder.AddScalar("y_zero", int8_t{-9});
  builder.AddNode("DequantizeLinear", {"x", "x_scale", "x_zero"}, {"x_real"});
  builder.AddNode("DequantizeLinear", {"w", "w_scale"}, {"w_real"});
  builder.AddNode("Gemm", {"x_real", "w_real"}, {"sum"}, {IntAttribute("transB", 1)});
  builder.AddNode("QuantizeLinear", {"sum", "y_scale", "y_zero"}, {"y"});
  builder.AddOutput("y", {-1, 1}, onnx::TensorProto::INT8);
  ASSERT_TRUE(WriteModel(model_path_, builder.Build()).ok());
  // The second row's 0.3 is rounded to 0.5.
  FloatTensor rows = {{2, 5}, {1, 1, 1, 1, 1, 2, 0.3f, 0, 0, -1}};
  ASSERT_TRUE(WriteTensorFile(inputs_path_, "inputs", rows).ok());
  for (const v1::Engine engine : {v1::ENGINE_XNNPACK, v1::ENGINE_REFERENCE}) {
    RunnerSession session(clock_, MakeEngine, [this](const v1::RunnerEvent& event) {
      events_.push_back(event);
      return absl::OkStatus();
    });
    ASSERT_TRUE(session.Handle(LoadWith(engine)).ok()) << v1::Engine_Name(engine);
    v1::RunnerCommand predict;
    predict.mutable_predict();
    ASSERT_TRUE(session.Handle(predict).ok());
    const v1::PredictionBlock& block = events_[events_.size() - 2].predictions();
    ASSERT_EQ(block.values_size(), 2);
    EXPECT_FLOAT_EQ(block.values(0), 5);
    EXPECT_FLOAT_EQ(block.values(1), 1.5);
    ASSERT_TRUE(session.Handle(Run(100, 0, true)).ok());
    EXPECT_EQ(last().window_done().inference_count(), 100u);
  }
}

// Line up, clock, inference, clock, line down; a pilot leaves the line alone.
TEST_F(RunnerSessionTest, TheMarkerLineSpansTheMarks) {
  std::vector<std::string> log;
  LoggingClock clock(log);
  LoggingLine line(log);
  RunnerSession session(
      clock, MakeEngine, [](const v1::RunnerEvent&) { return absl::OkStatus(); }, &line);
  ASSERT_TRUE(session.Handle(LoadWith(v1::ENGINE_REFERENCE)).ok());
  ASSERT_TRUE(session.Handle(Run(10, 0, false)).ok());
  EXPECT_THAT(log, Each("clock"));
  log.clear();
  ASSERT_TRUE(session.Handle(Run(10, 0, true)).ok());
  ASSERT_GE(log.size(), 4u);
  EXPECT_EQ(log.front(), "up");
  EXPECT_EQ(log.back(), "down");
  EXPECT_EQ(std::count(log.begin(), log.end(), "clock"), static_cast<ptrdiff_t>(log.size()) - 2);
}

TEST_F(RunnerSessionTest, AMarkerLineThatFailsEndsTheRun) {
  std::vector<std::string> log;
  LoggingLine line(log);
  line.error = absl::UnavailableError("the chip is gone");
  RunnerSession session(
      clock_, MakeEngine, [](const v1::RunnerEvent&) { return absl::OkStatus(); }, &line);
  ASSERT_TRUE(session.Handle(LoadWith(v1::ENGINE_REFERENCE)).ok());
  ASSERT_TRUE(session.Handle(Run(10, 0, false)).ok());
  EXPECT_THAT(session.Handle(Run(10, 0, true)).message(), HasSubstr("the chip is gone"));
}

TEST_F(RunnerSessionTest, TellsItsMemoryAndBeginsANewPeak) {
  ASSERT_TRUE(session_.Handle(LoadWith(v1::ENGINE_REFERENCE)).ok());
  v1::RunnerCommand memory;
  memory.mutable_memory();
  {
    const std::vector<char> touched(64 << 20, 1);
    EXPECT_EQ(touched.back(), 1);
  }
  ASSERT_TRUE(session_.Handle(memory).ok());
  const v1::RunnerMemory first = last().memory();
  EXPECT_GT(first.pss_bytes(), 100'000u);
  EXPECT_GT(first.peak_bytes(), 64u << 20);
  ASSERT_TRUE(session_.Handle(memory).ok());
  if (MemoryIsOwn()) {
    EXPECT_LT(last().memory().peak_bytes(), first.peak_bytes() - (32u << 20));
  }
}

// Only measured windows enter the latency.
TEST_F(RunnerSessionTest, WarmUpDoesNotCount) {
  ASSERT_TRUE(session_.Handle(LoadWith(v1::ENGINE_REFERENCE)).ok());
  ASSERT_TRUE(session_.Handle(Run(100, 0, false)).ok());
  v1::RunnerCommand finish;
  finish.mutable_finish();
  ASSERT_TRUE(session_.Handle(finish).ok());
  EXPECT_EQ(last().finished().latency().mean_us(), 0);
}

TEST_F(RunnerSessionTest, RefusesCommandsOutOfOrder) {
  EXPECT_EQ(session_.Handle(Run(1, 0, true)).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(session_.Handle(LoadWith(v1::ENGINE_XNNPACK)).ok());
  EXPECT_EQ(session_.Handle(LoadWith(v1::ENGINE_XNNPACK)).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(session_.Handle(Run(0, 0, true)).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RunnerSessionTest, RefusesRowsOfAnotherWidth) {
  ASSERT_TRUE(WriteTensorFile(inputs_path_, "inputs", {{2, 4}, std::vector<float>(8)}).ok());
  const absl::Status status = session_.Handle(LoadWith(v1::ENGINE_XNNPACK));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("[2, 4]"));
}

TEST_F(RunnerSessionTest, NamesTheFileThatIsNotThere) {
  model_path_ += ".missing";
  const absl::Status status = session_.Handle(LoadWith(v1::ENGINE_XNNPACK));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr(model_path_));
}

// The real program, over pipes.
class RunnerProgramTest : public RunnerSessionTest {
 protected:
  void SetUp() override {
    RunnerSessionTest::SetUp();
    auto child = PosixProcessLauncher().Launch({{ProgramPath("tinyjoule-runner")}, {}, ""});
    ASSERT_TRUE(child.ok()) << child.status();
    child_ = *std::move(child);
  }

  void Send(const v1::RunnerCommand& command) {
    const absl::StatusOr<std::string> frame = EncodeFrame(command);
    ASSERT_TRUE(frame.ok() && child_->Write(*frame).ok());
  }

  v1::RunnerEvent Receive() {
    v1::RunnerEvent event;
    EXPECT_TRUE(reader_.Read(&event).ok());
    return event;
  }

  static constexpr int64_t kTimeoutNs = 20 * kNsPerSecond;
  std::unique_ptr<ChildProcess> child_;
  FrameReader reader_{[this] { return child_->Read(64 << 10, kTimeoutNs); }};
};

TEST_F(RunnerProgramTest, MeasuresInLessThan20MegabytesResident) {
  EXPECT_TRUE(Receive().has_started());
  Send(LoadWith(v1::ENGINE_XNNPACK));
  EXPECT_TRUE(Receive().has_loaded());
  Send(Run(100'000, 0, true));
  EXPECT_EQ(Receive().window_done().inference_count(), 100'000u);
  v1::RunnerCommand finish;
  finish.mutable_finish();
  Send(finish);
  const v1::RunnerFinished finished = Receive().finished();
  EXPECT_GT(finished.peak_bytes(), 0u);
  if (MemoryIsOwn()) {
    EXPECT_LT(finished.peak_bytes(), 20u << 20);
  }
  EXPECT_EQ(child_->Wait().exit_code, 0);
}

TEST_F(RunnerProgramTest, SaysWhyItCannotLoadAndExits1) {
  EXPECT_TRUE(Receive().has_started());
  Send(LoadWith(v1::ENGINE_TORCH));
  const v1::RunnerFailure failure = Receive().failure();
  EXPECT_EQ(failure.code(), static_cast<int>(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(failure.message(), HasSubstr("tinyjoule-runner-torch"));
  EXPECT_EQ(child_->Wait().exit_code, 1);
}

class RunnerMarkerTest : public RunnerSessionTest {};

TEST_F(RunnerMarkerTest, SaysWhyItHasNoLine) {
  auto child = PosixProcessLauncher().Launch(
      {{ProgramPath("tinyjoule-runner"), "--marker", "gpio:no-such-chip/1"}, {}, ""});
  ASSERT_TRUE(child.ok()) << child.status();
  FrameReader reader([&child] { return (*child)->Read(64 << 10, 20 * kNsPerSecond); });
  v1::RunnerEvent event;
  ASSERT_TRUE(reader.Read(&event).ok());
  EXPECT_THAT(event.failure().message(), HasSubstr("the marker gpio:no-such-chip/1"));
  EXPECT_EQ((*child)->Wait().exit_code, 1);
}

TEST_F(RunnerProgramTest, EndsWithItsInput) {
  EXPECT_TRUE(Receive().has_started());
  child_->CloseInput();
  EXPECT_TRUE(child_->Wait().ok());
}

TEST_F(RunnerProgramTest, RefusesBytesThatAreNoCommand) {
  EXPECT_TRUE(Receive().has_started());
  ASSERT_TRUE(child_->Write("\xff\xff\xff\xff\xff\xff").ok());
  EXPECT_EQ(Receive().failure().code(), static_cast<int>(absl::StatusCode::kDataLoss));
  EXPECT_EQ(child_->Wait().exit_code, 1);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_RUNNER_SESSION_H_
#define AGENT_RUNNER_RUNNER_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/gpio/marker_line.h"
#include "agent/runner/inference_engine.h"
#include "agent/runner/latency_histogram.h"
#include "common/base/clock.h"
#include "common/onnx/tensor_file.h"
#include "tinyjoule/v1/runner.pb.h"

namespace tinyjoule {

// The runner's side of one measurement: one model, one set of test rows, any number of windows.
//
//   1. Start() says how much memory an empty runner takes.
//   2. Handle() each command in order: load, predict, any number of runs, memory, finish.
//   3. finished() is true after the last; an error ends the session.
//
// Between the marks of a window there is nothing but inference, and one look at the clock per
// inference of 50 us or more, or per batch of shorter ones. Around the marks of a measured window
// the marker line goes up and down. One thread.
class RunnerSession {
 public:
  using EventSink = std::function<absl::Status(const v1::RunnerEvent&)>;
  // The clock and the marker (null: none) outlive the session.
  RunnerSession(Clock& clock, EngineMaker make_engine, EventSink sink, MarkerLine* marker = nullptr)
      : clock_(clock), make_engine_(make_engine), sink_(std::move(sink)), marker_(marker) {}

  [[nodiscard]] absl::Status Start();
  // InvalidArgument, Unimplemented, NotFound: the model or the rows cannot be run.
  // FailedPrecondition: a command out of order. Else what the sink gave.
  [[nodiscard]] absl::Status Handle(const v1::RunnerCommand& command);
  bool finished() const { return finished_; }

 private:
  [[nodiscard]] absl::Status Load(const v1::LoadCommand& command);
  [[nodiscard]] absl::Status LoadRows(const std::string& path);
  [[nodiscard]] absl::Status Predict();
  [[nodiscard]] absl::Status RunWindow(const v1::RunCommand& command);
  [[nodiscard]] absl::Status TellMemory();
  [[nodiscard]] absl::Status Finish();

  // Quantises rows_ for a model that takes int8.
  void EncodeRows();
  // The result for one row, as numbers.
  void PredictRow(size_t row, absl::Span<float> prediction);
  // The next row of the cycle, once.
  void Infer();
  // Sets batch_ to so many inferences as take at least 50 us.
  void ChooseBatch();
  v1::WindowDone MeasureWindow(const v1::RunCommand& command);
  absl::StatusOr<v1::WindowDone> MarkWindow(const v1::RunCommand& command);

  Clock& clock_;
  const EngineMaker make_engine_;
  const EventSink sink_;
  MarkerLine* const marker_;
  std::unique_ptr<InferenceEngine> engine_;
  // The test rows as the model takes them: float32, or int8 in quantized_rows_.
  FloatTensor rows_;
  std::vector<int8_t> quantized_rows_;
  const uint8_t* row_data_ = nullptr;
  size_t row_count_ = 0;
  size_t row_bytes_ = 0;
  size_t next_row_ = 0;
  // Room for one result, of either type.
  std::vector<float> result_;
  // Inferences between two looks at the clock; 0: not chosen yet.
  uint64_t batch_ = 0;
  LatencyHistogram latencies_;
  bool finished_ = false;
};

// Serves commands from one file descriptor with events on another until finish or the end of the
// stream. `marker`: "gpio:LABEL/LINE", or empty. The program's exit code: 0, or 1 after a
// RunnerFailure.
int ServeRunner(int input_fd, int output_fd, EngineMaker make_engine, const std::string& marker);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_RUNNER_SESSION_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/runner_session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/gpio/open_marker_line.h"
#include "agent/runner/process_memory.h"
#include "common/base/framing.h"
#include "common/base/status.h"
#include "common/onnx/knn_model.h"
#include "common/onnx/model_file.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {
namespace {

// Shorter inferences are timed in batches, so that the clock costs less than 0.1 %.
constexpr int64_t kMinTimedNs = 50'000;
constexpr uint64_t kMaxBatch = uint64_t{1} << 20;
// A block fits a chunk of the agent's, which holds 64 KiB.
constexpr size_t kValuesPerBlock = 8192;

absl::StatusOr<uint64_t> ActivationBytes(const onnx::ModelProto& model) {
  if (IsKnnModel(model)) {
    TJ_ASSIGN_OR_RETURN(const KnnModel knn, ReadKnnModel(model));
    return KnnActivationBytes(knn);
  }
  TJ_ASSIGN_OR_RETURN(const OnnxGraph graph, OnnxGraph::Create(model));
  return PeakActivationBytes(graph);
}

}  // namespace

absl::Status RunnerSession::Start() {
  v1::RunnerEvent event;
  event.mutable_started()->set_pss_bytes(ProportionalSetBytes());
  return sink_(event);
}

absl::Status RunnerSession::Handle(const v1::RunnerCommand& command) {
  if (command.has_load()) return Load(command.load());
  if (engine_ == nullptr) return absl::FailedPreconditionError("no model is loaded");
  switch (command.command_case()) {
    case v1::RunnerCommand::kPredict:
      return Predict();
    case v1::RunnerCommand::kRun:
      return RunWindow(command.run());
    case v1::RunnerCommand::kMemory:
      return TellMemory();
    case v1::RunnerCommand::kFinish:
      return Finish();
    default:
      return absl::InvalidArgumentError("a command that this runner does not know");
  }
}

absl::Status RunnerSession::Load(const v1::LoadCommand& command) {
  if (engine_ != nullptr) return absl::FailedPreconditionError("a model is already loaded");
  v1::RunnerEvent event;
  {
    TJ_ASSIGN_OR_RETURN(const onnx::ModelProto model, ReadModel(command.model_path()));
    TJ_ASSIGN_OR_RETURN(engine_, make_engine_(command.engine(), command.threads(), model));
    TJ_ASSIGN_OR_RETURN(const uint64_t activation_bytes, ActivationBytes(model));
    event.mutable_loaded()->set_peak_activation_bytes(activation_bytes);
  }
  TJ_RETURN_IF_ERROR(LoadRows(command.inputs_path()));
  result_.resize(static_cast<size_t>(ElementCount(engine_->output_shape())));
  event.mutable_loaded()->set_pss_bytes(ProportionalSetBytes());
  event.mutable_loaded()->set_row_count(row_count_);
  event.mutable_loaded()->set_values_per_prediction(static_cast<uint32_t>(result_.size()));
  event.mutable_loaded()->set_engine_version(engine_->version());
  return sink_(event);
}

absl::Status RunnerSession::LoadRows(const std::string& path) {
  TJ_ASSIGN_OR_RETURN(rows_, ReadTensorFile(path));
  const size_t row_size = static_cast<size_t>(ElementCount(engine_->input_shape()));
  row_count_ = rows_.shape.empty() ? 0 : static_cast<size_t>(rows_.shape[0]);
  if (row_count_ == 0 || rows_.values.size() != row_count_ * row_size) {
    return absl::InvalidArgumentError(absl::StrCat("test rows of shape ", ShapeText(rows_.shape),
                                                   " in ", path, "; the model takes ",
                                                   ShapeText(engine_->input_shape()), " per row"));
  }
  row_bytes_ = row_size * engine_->input_coding().element_size();
  row_data_ = reinterpret_cast<const uint8_t*>(rows_.values.data());
  if (engine_->input_coding().type == ElementType::kInt8) EncodeRows();
  return absl::OkStatus();
}

// Here, so that no inference pays for it: a sensor's driver would give whole numbers.
void RunnerSession::EncodeRows() {
  quantized_rows_.resize(rows_.values.size());
  EncodeElements(engine_->input_coding(), rows_.values, quantized_rows_.data());
  row_data_ = reinterpret_cast<const uint8_t*>(quantized_rows_.data());
  rows_ = {};
}

void RunnerSession::PredictRow(size_t row, absl::Span<float> prediction) {
  engine_->Run(row_data_ + row * row_bytes_, result_.data());
  DecodeElements(engine_->output_coding(), result_.data(), prediction);
}

absl::Status RunnerSession::Predict() {
  const size_t width = result_.size();
  std::vector<float> prediction(width);
  const size_t rows_per_block = std::max<size_t>(1, kValuesPerBlock / std::max<size_t>(width, 1));
  for (size_t first = 0; first < row_count_; first += rows_per_block) {
    v1::RunnerEvent event;
    v1::PredictionBlock& block = *event.mutable_predictions();
    block.set_first_row(first);
    block.set_values_per_row(static_cast<uint32_t>(width));
    for (size_t row = first; row < std::min(first + rows_per_block, row_count_); ++row) {
      PredictRow(row, absl::MakeSpan(prediction));
      block.mutable_values()->Add(prediction.begin(), prediction.end());
    }
    TJ_RETURN_IF_ERROR(sink_(event));
  }
  v1::RunnerEvent event;
  event.mutable_predicted()->set_row_count(row_count_);
  return sink_(event);
}

void RunnerSession::Infer() {
  engine_->Run(row_data_ + next_row_ * row_bytes_, result_.data());
  if (++next_row_ == row_count_) next_row_ = 0;
}

void RunnerSession::ChooseBatch() {
  for (batch_ = 1; batch_ < kMaxBatch; batch_ *= 2) {
    const int64_t start_ns = clock_.MonotonicNs();
    for (uint64_t i = 0; i < batch_; ++i) Infer();
    if (clock_.MonotonicNs() - start_ns >= kMinTimedNs) return;
  }
}

v1::WindowDone RunnerSession::MeasureWindow(const v1::RunCommand& command) {
  const uint64_t inference_count = command.inference_count();
  const int64_t duration_ns = command.duration_ns();
  const bool measured = command.measured();
  v1::WindowDone window;
  uint64_t done = 0;
  const int64_t start_ns = clock_.MonotonicNs();
  int64_t last_ns = start_ns;
  while (inference_count > 0 ? done < inference_count : last_ns - start_ns < duration_ns) {
    const uint64_t batch = inference_count > 0 ? std::min(batch_, inference_count - done) : batch_;
    for (uint64_t i = 0; i < batch; ++i) Infer();
    const int64_t now_ns = clock_.MonotonicNs();
    if (measured) latencies_.Add(now_ns - last_ns, batch);
    last_ns = now_ns;
    done += batch;
  }
  window.set_start_mono_ns(start_ns);
  window.set_end_mono_ns(last_ns);
  window.set_inference_count(done);
  return window;
}

// The line's edges lie outside the marks, so that a mark says nothing of the line's cost.
absl::StatusOr<v1::WindowDone> RunnerSession::MarkWindow(const v1::RunCommand& command) {
  TJ_RETURN_IF_ERROR(marker_->Set(true));
  v1::WindowDone window = MeasureWindow(command);
  TJ_RETURN_IF_ERROR(marker_->Set(false));
  return window;
}

absl::Status RunnerSession::RunWindow(const v1::RunCommand& command) {
  if (command.inference_count() == 0 && command.duration_ns() <= 0) {
    return absl::InvalidArgumentError("a window of neither inferences nor time");
  }
  if (batch_ == 0) ChooseBatch();
  v1::RunnerEvent event;
  if (command.measured() && marker_ != nullptr) {
    TJ_ASSIGN_OR_RETURN(*event.mutable_window_done(), MarkWindow(command));
  } else {
    *event.mutable_window_done() = MeasureWindow(command);
  }
  return sink_(event);
}

absl::Status RunnerSession::TellMemory() {
  v1::RunnerEvent event;
  event.mutable_memory()->set_pss_bytes(ProportionalSetBytes());
  event.mutable_memory()->set_peak_bytes(PeakResidentBytes());
  ResetPeakResidentBytes();
  return sink_(event);
}

absl::Status RunnerSession::Finish() {
  finished_ = true;
  v1::RunnerEvent event;
  *event.mutable_finished()->mutable_latency() = latencies_.Summary();
  event.mutable_finished()->mutable_latency()->set_batch(static_cast<uint32_t>(batch_));
  event.mutable_finished()->set_pss_bytes(ProportionalSetBytes());
  event.mutable_finished()->set_peak_bytes(PeakResidentBytes());
  return sink_(event);
}

namespace {

// OK at finish and at the end of the stream.
absl::Status ServeCommands(FrameReader& commands, RunnerSession& session) {
  TJ_RETURN_IF_ERROR(session.Start());
  while (!session.finished()) {
    v1::RunnerCommand command;
    const absl::Status read = commands.Read(&command);
    if (absl::IsOutOfRange(read)) return absl::OkStatus();
    TJ_RETURN_IF_ERROR(read);
    TJ_RETURN_IF_ERROR(session.Handle(command));
  }
  return absl::OkStatus();
}

absl::Status OpenMarker(const std::string& marker, std::unique_ptr<MarkerLine>* line) {
  if (marker.empty()) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(*line, OpenMarkerLine(marker));
  return absl::OkStatus();
}

}  // namespace

int ServeRunner(int input_fd, int output_fd, EngineMaker make_engine, const std::string& marker) {
  constexpr size_t kReadBytes = 4096;
  const auto send = [output_fd](const v1::RunnerEvent& event) -> absl::Status {
    TJ_ASSIGN_OR_RETURN(const std::string frame, EncodeFrame(event));
    return WriteAll(output_fd, frame);
  };
  SystemClock clock;
  std::unique_ptr<MarkerLine> line;
  absl::Status status = OpenMarker(marker, &line);
  RunnerSession session(clock, make_engine, send, line.get());
  FrameReader commands([input_fd] { return ReadSome(input_fd, kReadBytes); });
  if (status.ok()) status = ServeCommands(commands, session);
  if (status.ok()) return 0;
  v1::RunnerEvent event;
  event.mutable_failure()->set_code(static_cast<int>(status.code()));
  event.mutable_failure()->set_message(std::string(status.message()));
  // The reader may be gone; then the exit code has to say it.
  (void)send(event);
  return 1;
}

}  // namespace tinyjoule

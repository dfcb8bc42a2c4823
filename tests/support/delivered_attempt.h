// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_DELIVERED_ATTEMPT_H_
#define TESTS_SUPPORT_DELIVERED_ATTEMPT_H_

#include <cstdint>
#include <random>
#include <vector>

#include "absl/types/span.h"
#include "common/energy/chunk.h"
#include "common/energy/sample_block.h"
#include "server/assembly/run_assembler.h"

namespace tinyjoule {

// An attempt as an agent delivers it: 0.5 A at 5 V idle, 0.8 A in two windows of 12 s.
class DeliveredAttempt {
 public:
  static constexpr int64_t kCycleNs = 4'790'000;
  static constexpr int64_t kSecond = 1'000'000'000;

  // The seed is that of the noise; busy_counts is the current in the windows, 0.1 mA each.
  explicit DeliveredAttempt(uint64_t seed = 3, int32_t busy_counts = 8000) {
    v1::SensorDescription& sensor = *result_.mutable_sensor();
    sensor.set_uri("i2c:/dev/i2c-1@0x40");
    sensor.set_kind("ina219");
    sensor.set_shunt_lsb_v(10e-6);
    sensor.set_bus_lsb_v(4e-3);
    sensor.set_shunt_uohm(100'000);
    sensor.set_gain(1);
    sensor.set_cycle_ns(kCycleNs);
    result_.set_state(v1::ATTEMPT_STATE_SUCCEEDED);
    *result_.add_windows() = Mark(v1::WINDOW_KIND_IDLE_A, 0, 1, 11);
    *result_.add_windows() = Mark(v1::WINDOW_KIND_INFERENCE, 0, 13, 25);
    *result_.add_windows() = Mark(v1::WINDOW_KIND_INFERENCE, 1, 26, 38);
    *result_.add_windows() = Mark(v1::WINDOW_KIND_IDLE_B, 0, 40, 50);
    std::mt19937_64 random(seed);
    for (int64_t t_ns = kCycleNs; t_ns < 51 * kSecond; t_ns += kCycleNs) {
      const int32_t amperes = t_ns > 12 * kSecond && t_ns < 39 * kSecond ? busy_counts : 5000;
      samples_.push_back(
          {RoundToTimeUnit(t_ns), 1250, amperes + static_cast<int32_t>(random() % 3) - 1, 0, 0});
    }
    outcome_.set_output_kind(v1::OUTPUT_KIND_REGRESSION);
    outcome_.set_prediction_tolerance(1e-4);
  }

  v1::RunResult& result() { return result_; }
  v1::TrainingOutcome& outcome() { return outcome_; }
  std::vector<RawCounts>& samples() { return samples_; }
  std::vector<float>& predictions() { return predictions_; }
  void set_engine(v1::Engine engine) { engine_ = engine; }

  std::vector<v1::Chunk> Chunks() const {
    std::vector<v1::Chunk> chunks;
    const absl::Span<const RawCounts> samples(samples_);
    uint64_t sequence = 0;
    for (size_t begin = 0; begin < samples.size(); begin += 1000) {
      const auto block = EncodeSampleBlock(samples.subspan(begin, 1000), false, 0);
      chunks.push_back(
          *MakeChunk("run-1", 2, v1::CHUNK_STREAM_SAMPLES, sequence++, block->SerializeAsString()));
    }
    v1::RunResult result = result_;
    result.set_sample_chunks(sequence);
    result.set_sample_count(samples_.size());
    result.set_prediction_chunks(predictions_.size());
    for (size_t row = 0; row < predictions_.size(); ++row) {
      v1::PredictionBlock block;
      block.set_first_row(row);
      block.set_values_per_row(1);
      block.add_values(predictions_[row]);
      chunks.push_back(
          *MakeChunk("run-1", 2, v1::CHUNK_STREAM_PREDICTIONS, row, block.SerializeAsString()));
    }
    chunks.push_back(
        *MakeChunk("run-1", 2, v1::CHUNK_STREAM_RESULT, 0, result.SerializeAsString()));
    return chunks;
  }

  AssemblyInputs Inputs(const std::vector<v1::Chunk>& chunks) const {
    return {chunks, outcome_, targets_, trainer_predictions_, /*conflicting_chunks=*/0, engine_};
  }
  absl::StatusOr<AssembledRun> Assemble(const std::vector<v1::Chunk>& chunks) const {
    return AssembleRun(Inputs(chunks));
  }
  absl::StatusOr<AssembledRun> Assemble() const { return Assemble(Chunks()); }

 private:
  static v1::MarkedWindow Mark(v1::WindowKind kind, uint32_t index, int64_t start_s,
                               int64_t end_s) {
    v1::MarkedWindow mark;
    mark.set_kind(kind);
    mark.set_index(index);
    mark.set_start_mono_ns(start_s * kSecond);
    mark.set_end_mono_ns(end_s * kSecond);
    if (kind == v1::WINDOW_KIND_INFERENCE) mark.set_inference_count(500);
    return mark;
  }

  v1::RunResult result_;
  v1::TrainingOutcome outcome_;
  std::vector<RawCounts> samples_;
  const std::vector<float> targets_ = {1, 2, 3};
  const std::vector<float> trainer_predictions_ = {1.5F, 2, 2};
  std::vector<float> predictions_ = {1.5F, 2, 2};
  v1::Engine engine_ = v1::ENGINE_XNNPACK;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_DELIVERED_ATTEMPT_H_

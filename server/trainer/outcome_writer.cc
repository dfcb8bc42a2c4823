// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/outcome_writer.h"

#include <cerrno>
#include <cmath>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "common/base/file_system.h"
#include "common/base/status.h"
#include "common/metrics/metrics.h"
#include "common/onnx/model_file.h"
#include "common/onnx/model_size.h"
#include "common/onnx/tensor_file.h"
#include "server/trainer/compress/calibration.h"
#include "server/trainer/export/network_onnx.h"

namespace tinyjoule {
namespace {

constexpr char kModelFile[] = "model.onnx";
constexpr char kCheckpointFile[] = "checkpoint.onnx";
constexpr char kInputsFile[] = "test_inputs.pb";
constexpr char kTargetsFile[] = "test_targets.pb";
constexpr char kPredictionsFile[] = "predictions.pb";

// Not synced: an output counts once the artifact store has taken it, and that syncs it.
absl::Status WriteUnsynced(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return file.good() ? absl::OkStatus() : ErrnoStatus(errno, absl::StrCat("write ", path));
}

absl::Status WriteBytes(const std::string& output_dir, const char* file_name,
                        const std::string& bytes, v1::ArtifactFile& file) {
  TJ_RETURN_IF_ERROR(WriteUnsynced(JoinPath(output_dir, file_name), bytes));
  file.set_file_name(file_name);
  file.set_sha256(Sha256Hex(bytes));
  file.set_size_bytes(bytes.size());
  return absl::OkStatus();
}

bool HasBatchNorm(const TrainedModel& model) {
  const auto* network = std::get_if<Network>(&model);
  return network != nullptr && network->MomentCount() > 0;
}

class OutcomeWriter {
 public:
  OutcomeWriter(const TrainedModel& model, const Split& split, const std::string& output_dir,
                CostMeter& cost, v1::TrainingOutcome& outcome)
      : model_(model),
        split_(split),
        output_dir_(output_dir),
        cost_(cost),
        outcome_(outcome),
        rows_(static_cast<int64_t>(split.test_count())),
        by_row_(split.output_kind == v1::OUTPUT_KIND_CLASSIFICATION || split.reconstructs) {}

  absl::Status Write() {
    outcome_.set_output_kind(split_.output_kind);
    *outcome_.mutable_dataset() = split_.facts;
    TJ_RETURN_IF_ERROR(WriteModelFile());
    cost_.Begin();
    TJ_RETURN_IF_ERROR(Evaluate());
    cost_.EndEvaluation();
    outcome_.set_prediction_tolerance(
        PredictionTolerance(model_, split_.inputs_test, predictions_));
    CountClipped();
    TJ_RETURN_IF_ERROR(WriteTensors());
    return AddBaselines();
  }

 private:
  // A user's model stays what it is, byte for byte.
  absl::StatusOr<std::string> ModelBytes(const onnx::ModelProto& model) const {
    const auto* given = std::get_if<GivenModel>(&model_);
    return given == nullptr ? SerializeModel(model) : given->bytes;
  }

  absl::Status WriteModelFile() {
    const onnx::ModelProto model = ExportModel(model_);
    TJ_ASSIGN_OR_RETURN(const std::string bytes, ModelBytes(model));
    TJ_ASSIGN_OR_RETURN(*outcome_.mutable_size(), MeasureModel(model, bytes));
    return WriteBytes(output_dir_, kModelFile, bytes, *outcome_.mutable_model());
  }

  absl::Status Evaluate() {
    predictions_ = PredictModel(model_, split_.inputs_test);
    for (size_t i = 0; i < predictions_.size(); ++i) {
      if (std::isfinite(predictions_[i])) continue;
      return absl::InternalError(absl::StrCat("the model's prediction of test row ",
                                              i * split_.test_count() / predictions_.size(), " is ",
                                              predictions_[i]));
    }
    TJ_ASSIGN_OR_RETURN(*outcome_.mutable_quality(),
                        ComputeQuality(split_.output_kind, split_.tested_targets(), predictions_));
    return absl::OkStatus();
  }

  // The model of a twin comes without a report; the coordinator adds the other twin's.
  void CountClipped() {
    if (outcome_.calibration().empty()) return;
    const std::vector<double> shares =
        ClippedShares(std::get<QuantizedNetwork>(model_), split_.inputs_test);
    for (size_t i = 0; i < shares.size(); ++i) {
      outcome_.mutable_calibration(static_cast<int>(i))->set_test_clipped(shares[i]);
    }
  }

  absl::Status WriteTensors() {
    std::vector<int64_t> shape = SampleShape(model_);
    shape.insert(shape.begin(), rows_);
    TJ_RETURN_IF_ERROR(WriteTensor(kInputsFile, "input", {std::move(shape), split_.inputs_test},
                                   *outcome_.mutable_test_inputs()));
    std::vector<int64_t> targets = {rows_};
    if (split_.reconstructs) targets.push_back(OutputCount(model_));
    TJ_RETURN_IF_ERROR(WriteTensor(kTargetsFile, "target",
                                   {std::move(targets), split_.tested_targets()},
                                   *outcome_.mutable_test_targets()));
    std::vector<int64_t> predicted = {rows_};
    if (by_row_) predicted.push_back(OutputCount(model_));
    return WriteTensor(kPredictionsFile, "output", {std::move(predicted), std::move(predictions_)},
                       *outcome_.mutable_predictions());
  }

  absl::Status WriteTensor(const char* file_name, absl::string_view name, const FloatTensor& tensor,
                           v1::ArtifactFile& file) {
    TJ_ASSIGN_OR_RETURN(const std::string bytes, SerializeTensor(name, tensor));
    return WriteBytes(output_dir_, file_name, bytes, file);
  }

  absl::Status AddBaselines() {
    for (const BaselinePrediction& prediction : Baselines(split_)) {
      TJ_ASSIGN_OR_RETURN(v1::QualityMetrics quality, BaselineMetrics(prediction.values));
      v1::BaselineQuality& baseline = *outcome_.add_baselines();
      baseline.set_name(prediction.name);
      *baseline.mutable_quality() = std::move(quality);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<v1::QualityMetrics> BaselineMetrics(const std::vector<float>& values) {
    if (split_.output_kind != v1::OUTPUT_KIND_CLASSIFICATION) {
      return RegressionMetrics(split_.tested_targets(), values);
    }
    TJ_ASSIGN_OR_RETURN(const std::vector<int64_t> targets, ClassIndices(split_.targets_test));
    TJ_ASSIGN_OR_RETURN(const std::vector<int64_t> predictions, ClassIndices(values));
    return ClassificationMetrics(targets, predictions);
  }

  const TrainedModel& model_;
  const Split& split_;
  const std::string& output_dir_;
  CostMeter& cost_;
  v1::TrainingOutcome& outcome_;
  int64_t rows_;
  // Predictions are rows of values rather than values.
  bool by_row_;
  std::vector<float> predictions_;
};

}  // namespace

absl::Status WriteCheckpoint(const TrainedModel& model, const std::string& output_dir,
                             v1::TrainingOutcome& outcome) {
  const auto* given = std::get_if<GivenModel>(&model);
  const bool as_network = given != nullptr && given->network.has_value();
  if (!as_network && !HasBatchNorm(model)) return absl::OkStatus();
  const Network& network = as_network ? *given->network : std::get<Network>(model);
  TJ_ASSIGN_OR_RETURN(const std::string bytes, SerializeModel(ExportNetwork(network)));
  return WriteBytes(output_dir, kCheckpointFile, bytes, *outcome.mutable_checkpoint());
}

absl::Status WriteOutcome(const TrainedModel& model, const Split& split,
                          const std::string& output_dir, CostMeter& cost,
                          v1::TrainingOutcome& outcome) {
  if (HasBatchNorm(model)) {
    const TrainedModel deployed = FoldBatchNorm(std::get<Network>(model));
    return OutcomeWriter(deployed, split, output_dir, cost, outcome).Write();
  }
  return OutcomeWriter(model, split, output_dir, cost, outcome).Write();
}

}  // namespace tinyjoule

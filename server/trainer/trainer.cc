// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/trainer.h"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/digest.h"
#include "common/base/file_system.h"
#include "common/base/random_source.h"
#include "common/base/status.h"
#include "common/onnx/knn_model.h"
#include "common/onnx/model_file.h"
#include "server/trainer/compress/compression.h"
#include "server/trainer/export/network_onnx.h"
#include "server/trainer/fit/native_engine.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/outcome_writer.h"
#include "server/trainer/torch/torch_engine.h"

namespace tinyjoule {
namespace {

constexpr int64_t kDefaultNeighbours = 5;

EngineFactory MakeEngineFactory(EngineChoice choice, v1::Device device) {
  return [choice, device](
             const Network& network, const TrainingRows& rows,
             const EngineOptions& options) -> absl::StatusOr<std::unique_ptr<TrainingEngine>> {
    const bool cuda = device == v1::DEVICE_CUDA;
    if (cuda || choice == EngineChoice::kTorch) {
      return CreateTorchEngine(network, rows, options, cuda);
    }
    return std::make_unique<NativeEngine>(network, rows, options);
  };
}

absl::Status CheckFinite(absl::string_view what, const std::vector<float>& values, size_t rows) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    return absl::InvalidArgumentError(absl::StrCat("dataset: ", what, " ",
                                                   i / (values.size() / rows), " holds ", values[i],
                                                   ", which is not a finite number"));
  }
  return absl::OkStatus();
}

absl::Status CheckSplit(const Split& split) {
  if (split.train_count() == 0 || split.test_count() == 0) {
    return absl::InvalidArgumentError(absl::StrCat("dataset: ", split.train_count(),
                                                   " training rows and ", split.test_count(),
                                                   " test rows: both are needed"));
  }
  TJ_RETURN_IF_ERROR(CheckFinite("training row", split.inputs_train, split.train_count()));
  TJ_RETURN_IF_ERROR(CheckFinite("training target", split.targets_train, split.train_count()));
  TJ_RETURN_IF_ERROR(CheckFinite("test row", split.inputs_test, split.test_count()));
  return CheckFinite("test target", split.targets_test, split.test_count());
}

absl::Status CheckTask(const v1::TrainingTask& task) {
  PosixFileSystem files;
  if (!files.Exists(task.output_dir())) {
    return absl::NotFoundError(
        absl::StrCat("output_dir: there is no folder '", task.output_dir(), "'"));
  }
  if (!v1::Device_IsValid(task.trial().train().device())) {
    return absl::InvalidArgumentError(
        absl::StrCat("train.device: unknown device number ", task.trial().train().device()));
  }
  // Before the data are read: nothing that the task could do would make up for it.
  if (task.trial().train().device() == v1::DEVICE_CUDA && !TorchHasCuda()) {
    return absl::FailedPreconditionError(
        absl::StrCat("train.device: cuda, but LibTorch ", TorchVersion(),
                     " of this machine has no CUDA device; use device: cpu"));
  }
  return absl::OkStatus();
}

std::string LocalPathOf(const v1::TrainingTask& task, const std::string& name) {
  for (const v1::InputFile& input : task.inputs()) {
    if (input.name() == name && !input.local_path().empty()) return input.local_path();
  }
  return name;
}

// The task starts from the file that the sweep names, which may be an int8 model from here.
bool IsUsersModel(const v1::TrainingTask& task) {
  if (task.trial().model().type() != v1::MODEL_TYPE_ONNX) return false;
  const absl::StatusOr<std::string> start = Sha256HexOfFile(task.checkpoint_path());
  const absl::StatusOr<std::string> named =
      Sha256HexOfFile(LocalPathOf(task, task.trial().model().path()));
  return start.ok() && named.ok() && *start == *named;
}

// A user's model, and its layers where a network has the like.
absl::StatusOr<TrainedModel> ReadOnnx(const std::string& path) {
  TJ_ASSIGN_OR_RETURN(std::string bytes, PosixFileSystem().ReadFile(path));
  TJ_ASSIGN_OR_RETURN(const onnx::ModelProto model, ParseModel(bytes));
  if (IsKnnModel(model)) return ImportModel(model);
  TJ_ASSIGN_OR_RETURN(GivenModel given, ReadGivenModel(std::move(bytes)));
  absl::StatusOr<Network> network = ImportNetwork(model);
  if (network.ok()) given.network = *std::move(network);
  return TrainedModel(std::move(given));
}

}  // namespace

// One task on its way.
struct Trainer::Work {
  const v1::TrainingTask& task;
  CostMeter cost;
  v1::TrialSpec resolved;
  LearningContext learning;
  std::shared_ptr<const Dataset> dataset;
  Split split;
  TrainedModel model;
  v1::TrainingOutcome outcome;

  const v1::TrialSpec& trial() const { return resolved; }
  bool classifies() const { return split.output_kind == v1::OUTPUT_KIND_CLASSIFICATION; }
  int64_t outputs() const {
    if (split.reconstructs) return static_cast<int64_t>(split.sample_size());
    return classifies() ? split.class_count : 1;
  }
  TrainingRows rows() const { return {split.inputs_train, split.learned_targets(), {}}; }

  void Reconstruct() {
    LearnInputs(split);
    // What the other models of the sweep learn.
    v1::TrainSpec& train = *resolved.mutable_train();
    if (train.loss() == v1::LOSS_CROSS_ENTROPY) train.set_loss(v1::LOSS_MSE);
  }
  void Report(v1::TrainingPhase phase, const std::string& message) {
    v1::TrainingProgress event;
    event.set_phase(phase);
    event.set_message(message);
    learning.progress(event);
  }
  void Record(const std::vector<v1::EpochRecord>& history) {
    outcome.mutable_history()->Add(history.begin(), history.end());
  }
};

Trainer::Trainer(EngineChoice engine, const Clock& clock, MeterPlaces places)
    : engine_(engine), clock_(clock), places_(std::move(places)), datasets_(kCachedDatasets) {}

absl::StatusOr<v1::TrainingOutcome> Trainer::Run(const v1::TrainingTask& task,
                                                 const ProgressCallback& progress) {
  TJ_RETURN_IF_ERROR(CheckTask(task));
  const bool gpu = task.trial().train().device() == v1::DEVICE_CUDA;
  Work work{task, OpenCostMeter(places_, gpu, files_, clock_), task.trial(), {}, nullptr, {}, {},
            {}};
  work.learning.make_engine = MakeEngineFactory(engine_, task.trial().train().device());
  work.learning.clock = &clock_;
  work.learning.progress = [&](const v1::TrainingProgress& event) {
    work.cost.Poll();
    if (progress) progress(event);
  };
  TJ_RETURN_IF_ERROR(Prepare(work));
  switch (task.kind()) {
    case v1::TASK_KIND_BASE:
      TJ_RETURN_IF_ERROR(TrainBase(work));
      break;
    case v1::TASK_KIND_COMPRESS:
      TJ_RETURN_IF_ERROR(Compress(work));
      break;
    default:
      return absl::InvalidArgumentError("task.kind: neither BASE nor COMPRESS");
  }
  work.Report(v1::TRAINING_PHASE_EVALUATING, "evaluating and exporting");
  TJ_RETURN_IF_ERROR(
      WriteOutcome(work.model, work.split, task.output_dir(), work.cost, work.outcome));
  *work.outcome.mutable_cost() = work.cost.cost();
  DescribeEnvironment(work, work.outcome);
  return std::move(work.outcome);
}

absl::Status Trainer::Prepare(Work& work) {
  work.Report(v1::TRAINING_PHASE_LOADING, "loading the data set");
  TJ_ASSIGN_OR_RETURN(work.dataset, datasets_.Get(work.task));
  TJ_ASSIGN_OR_RETURN(work.split, MakeSplit(*work.dataset, work.trial().dataset().split(),
                                            work.trial().fold(), work.trial().seed()));
  TJ_RETURN_IF_ERROR(CheckSplit(work.split));
  if (work.trial().model().type() == v1::MODEL_TYPE_AUTOENCODER) work.Reconstruct();
  return absl::OkStatus();
}

absl::Status Trainer::TrainBase(Work& work) {
  work.cost.Begin();
  switch (work.trial().model().type()) {
    case v1::MODEL_TYPE_TINYCNN:
    case v1::MODEL_TYPE_TINYMLP:
    case v1::MODEL_TYPE_RESNET8:
    case v1::MODEL_TYPE_DS_CNN:
    case v1::MODEL_TYPE_MOBILENET_V1:
    case v1::MODEL_TYPE_AUTOENCODER:
      TJ_RETURN_IF_ERROR(TrainNetwork(work));
      break;
    case v1::MODEL_TYPE_TINYKNN:
      TJ_RETURN_IF_ERROR(BuildKnn(work));
      break;
    case v1::MODEL_TYPE_ONNX:
      TJ_RETURN_IF_ERROR(LoadOnnx(work));
      break;
    default:
      return absl::InvalidArgumentError(
          "models.type: is none of tinycnn, tinymlp, tinyknn, resnet8, ds_cnn, mobilenet_v1, "
          "autoencoder and onnx");
  }
  work.cost.EndTraining();
  work.outcome.set_train_s(work.cost.cost().training_s());
  return WriteCheckpoint(work.model, work.task.output_dir(), work.outcome);
}

absl::Status Trainer::TrainNetwork(Work& work) {
  TJ_ASSIGN_OR_RETURN(LearningOptions options,
                      LearningOptionsOf(work.trial().train(), work.classifies()));
  options.seed = work.trial().seed();
  TJ_ASSIGN_OR_RETURN(Network network,
                      BuildNetwork(work.trial().model(), work.split.sample_shape, work.outputs()));
  SeededRandom random(work.trial().seed());
  InitializeParameters(random, network);
  TJ_ASSIGN_OR_RETURN(const std::vector<v1::EpochRecord> history,
                      Learn(work.rows(), options, work.learning, network));
  work.Record(history);
  work.model = std::move(network);
  return absl::OkStatus();
}

absl::Status Trainer::BuildKnn(Work& work) {
  const v1::ModelSpec& spec = work.trial().model();
  const int64_t neighbours = spec.has_k() ? spec.k() : kDefaultNeighbours;
  const KnnWeighting weights =
      spec.weights() == v1::KNN_WEIGHTS_DISTANCE ? KnnWeighting::kDistance : KnnWeighting::kUniform;
  const int64_t rows = static_cast<int64_t>(work.split.train_count());
  FloatTensor points{{rows, static_cast<int64_t>(work.split.sample_size())},
                     work.split.inputs_train};
  if (!work.classifies()) {
    TJ_ASSIGN_OR_RETURN(work.model, MakeKnnRegressor(neighbours, weights, std::move(points),
                                                     {{rows}, work.split.targets_train}));
    return absl::OkStatus();
  }
  std::vector<int32_t> classes(work.split.targets_train.begin(), work.split.targets_train.end());
  TJ_ASSIGN_OR_RETURN(work.model, MakeKnnClassifier(neighbours, weights, std::move(points),
                                                    std::move(classes), work.outputs()));
  return absl::OkStatus();
}

absl::Status Trainer::LoadOnnx(Work& work) {
  const std::string& name = work.trial().model().path();
  if (name.empty()) return absl::InvalidArgumentError("models.path: missing for type: onnx");
  absl::StatusOr<TrainedModel> read = ReadOnnx(LocalPathOf(work.task, name));
  if (!read.ok()) return Annotate(read.status(), absl::StrCat("models.path: '", name, "'"));
  int64_t size = 1;
  for (int64_t dimension : SampleShape(*read)) size *= dimension;
  if (size != static_cast<int64_t>(work.split.sample_size()) ||
      OutputCount(*read) != work.outputs()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "models.path: '", name, "' maps samples [", absl::StrJoin(SampleShape(*read), ", "),
        "] to ", OutputCount(*read), " outputs, but the data set has [",
        absl::StrJoin(work.split.sample_shape, ", "), "] and ", work.outputs()));
  }
  work.model = *std::move(read);
  return absl::OkStatus();
}

absl::Status Trainer::Compress(Work& work) {
  work.Report(v1::TRAINING_PHASE_COMPRESSING, "loading the checkpoint");
  const v1::ModelSpec& spec = work.trial().model();
  const std::string place = spec.type() == v1::MODEL_TYPE_ONNX
                                ? absl::StrCat("models.path: '", spec.path(), "'")
                                : "the checkpoint of the base training";
  const auto checkpoint = ReadModel(work.task.checkpoint_path());
  if (!checkpoint.ok()) return Annotate(checkpoint.status(), place);
  absl::StatusOr<TrainedModel> model = ImportModel(*checkpoint);
  if (!model.ok()) return Annotate(model.status(), place);
  if (auto* twin = std::get_if<QuantizedNetwork>(&*model)) {
    if (!IsUsersModel(work.task)) return TakeTwin(work, std::move(*twin));
  }

  CompressionInput input;
  input.trial = &work.trial();
  input.rows = work.rows();
  input.data_shape = work.split.sample_shape;
  input.classifies = work.classifies();
  work.cost.Begin();
  Compression compression(input, work.learning, *std::move(model));
  for (const v1::CompressStep& step : work.trial().compress()) {
    TJ_RETURN_IF_ERROR(compression.Apply(step));
  }
  work.cost.EndTraining();
  work.outcome.set_compress_s(work.cost.cost().training_s());
  work.Record(compression.history());
  work.model = compression.model();
  if (const auto* quantized = std::get_if<QuantizedNetwork>(&work.model)) {
    work.outcome.mutable_calibration()->Add(quantized->calibration.begin(),
                                            quantized->calibration.end());
  }
  return absl::OkStatus();
}

// The coordinator knows what calibration and training of the twin took.
absl::Status Trainer::TakeTwin(Work& work, QuantizedNetwork twin) {
  const auto& steps = work.trial().compress();
  const bool int8_ends = !steps.empty() && steps.rbegin()->quantize().io() == v1::QUANTIZED_IO_INT8;
  if (!int8_ends) {
    return absl::FailedPreconditionError(
        "the checkpoint is an int8 model, from which only one with int8 ends can be made");
  }
  work.cost.Begin();
  twin.int8_io = true;
  work.model = std::move(twin);
  work.cost.EndTraining();
  return absl::OkStatus();
}

void Trainer::DescribeEnvironment(const Work& work, v1::TrainingOutcome& outcome) const {
  for (const v1::CompressStep& step : work.trial().compress()) {
    if (step.has_prune()) outcome.mutable_size()->set_sparsity_nominal(step.prune().sparsity());
  }
  auto& environment = *outcome.mutable_environment();
  environment["trainer"] = TINYJOULE_VERSION;
  environment["libtorch"] = TorchVersion();
  environment["compiler"] = __VERSION__;
  environment["device"] = work.trial().train().device() == v1::DEVICE_CUDA ? "cuda" : "cpu";
  environment["engine"] =
      work.learning.engine_description.empty() ? "none" : work.learning.engine_description;
  environment["seed"] = absl::StrCat(work.trial().seed());
}

}  // namespace tinyjoule

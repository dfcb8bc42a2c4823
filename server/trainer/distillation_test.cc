// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Distillation and clustering through the whole trainer: base training, checkpoint, steps, exported
// model and its quality.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/file_system.h"
#include "common/onnx/knn_model.h"
#include "common/onnx/model_file.h"
#include "server/trainer/compress/trained_model.h"
#include "server/trainer/export/network_onnx.h"
#include "server/trainer/recife_dataset.h"
#include "server/trainer/trainer.h"

namespace tinyjoule {
namespace {

v1::ModelSpec Cnn(std::vector<uint32_t> conv, uint32_t kernel, uint32_t dense) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYCNN);
  for (uint32_t channels : conv) spec.add_conv(channels);
  spec.set_kernel(kernel);
  spec.add_dense(dense);
  return spec;
}

v1::ModelSpec Mlp(uint32_t first, uint32_t second) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYMLP);
  spec.add_hidden(first);
  spec.add_hidden(second);
  return spec;
}

v1::ModelSpec Knn(uint32_t prototypes) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYKNN);
  spec.set_k(5);
  spec.set_weights(v1::KNN_WEIGHTS_DISTANCE);
  if (prototypes > 0) spec.set_prototypes(prototypes);
  return spec;
}

v1::CompressStep Distill(v1::DistillKind kind, const v1::ModelSpec& student) {
  v1::CompressStep step;
  step.mutable_distill()->set_kind(kind);
  *step.mutable_distill()->mutable_student() = student;
  return step;
}

v1::CompressStep Int8() {
  v1::CompressStep step;
  step.mutable_quantize()->set_mode(v1::QUANTIZE_MODE_STATIC);
  return step;
}

v1::CompressStep Cluster(uint32_t centroids) {
  v1::CompressStep step;
  step.mutable_cluster()->set_centroids(centroids);
  return step;
}

v1::CompressStep Finetune() {
  v1::CompressStep step;
  step.mutable_finetune()->set_epochs(10);
  return step;
}

v1::CompressStep Prune(v1::PruneCriterion criterion, double sparsity) {
  v1::CompressStep step;
  step.mutable_prune()->set_scope(v1::PRUNE_SCOPE_UNSTRUCTURED);
  step.mutable_prune()->set_criterion(criterion);
  step.mutable_prune()->set_sparsity(sparsity);
  return step;
}

class DistillationTest : public testing::Test {
 protected:
  DistillationTest() {
    folder_ = testing::TempDir() + "tinyjoule_distillation_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    trial_.mutable_dataset()->set_type(v1::DATASET_TYPE_SYNTHETIC_WEATHER);
    trial_.mutable_dataset()->mutable_synthetic_weather()->set_rows(6000);
    trial_.mutable_dataset()->mutable_split()->set_method(v1::SPLIT_METHOD_HOLDOUT);
    trial_.mutable_train()->set_epochs(60);
    trial_.set_seed(42);
  }
  ~DistillationTest() override { std::filesystem::remove_all(folder_); }

  v1::TrainingOutcome Train(const v1::ModelSpec& model) {
    *trial_.mutable_model() = model;
    return Run(v1::TASK_KIND_BASE, "base");
  }

  // Of what Train() left.
  v1::TrainingOutcome Compress(const std::vector<v1::CompressStep>& steps) {
    trial_.clear_compress();
    for (const v1::CompressStep& step : steps) *trial_.add_compress() = step;
    return Run(v1::TASK_KIND_COMPRESS, absl::StrCat("compressed", ++count_));
  }

  std::string ModelPath(const std::string& folder) const {
    return JoinPath(JoinPath(folder_, folder), "model.onnx");
  }
  std::string LastModelPath() const { return ModelPath(absl::StrCat("compressed", count_)); }

  v1::TrainingOutcome Run(v1::TaskKind kind, const std::string& name) {
    v1::TrainingTask task;
    task.set_kind(kind);
    *task.mutable_trial() = trial_;
    task.set_checkpoint_path(ModelPath("base"));
    task.set_output_dir(JoinPath(folder_, name));
    std::filesystem::create_directories(task.output_dir());
    const auto outcome = trainer_.Run(task, nullptr);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.value_or(v1::TrainingOutcome());
  }

  SystemClock clock_;
  Trainer trainer_{EngineChoice::kNative, clock_};
  std::string folder_;
  v1::TrialSpec trial_;
  int count_ = 0;
};

// The reference study's teacher and student: 3,057 and 793 parameters, and students within 1 % of
// the teacher's error on rows that neither has seen.
TEST_F(DistillationTest, StudentsComeNearTheirTeacher) {
  const v1::TrainingOutcome teacher = Train(Cnn({8, 16}, 3, 32));
  EXPECT_EQ(teacher.size().parameter_count(), 3057U);
  for (const v1::DistillKind kind :
       {v1::DISTILL_KIND_RESPONSE, v1::DISTILL_KIND_FEATURE, v1::DISTILL_KIND_RELATIONAL}) {
    const v1::TrainingOutcome student = Compress({Distill(kind, Cnn({4, 8}, 3, 16))});
    EXPECT_EQ(student.size().parameter_count(), 793U);
    EXPECT_LT(student.quality().rmse(), 1.01 * teacher.quality().rmse())
        << v1::DistillKind_Name(kind);
  }
}

TEST_F(DistillationTest, DistilledStudentIsQuantized) {
  const v1::TrainingOutcome teacher = Train(Mlp(64, 32));
  const v1::TrainingOutcome student =
      Compress({Distill(v1::DISTILL_KIND_RESPONSE, Mlp(16, 8)), Int8()});
  EXPECT_LT(student.quality().rmse(), 1.04 * teacher.quality().rmse());
  EXPECT_LT(student.size().model_bytes(), teacher.size().model_bytes());
}

// The checkpoint is the teacher's; the trial's own model is the student.
TEST_F(DistillationTest, LargerTeacherOfAnotherArchitecture) {
  const v1::TrainingOutcome teacher = Train(Mlp(128, 64));
  *trial_.mutable_model() = Cnn({4, 8}, 3, 16);
  v1::CompressStep step = Distill(v1::DISTILL_KIND_FEATURE, Cnn({4, 8}, 3, 16));
  *step.mutable_distill()->mutable_teacher() = Mlp(128, 64);
  const v1::TrainingOutcome student = Compress({step});
  EXPECT_EQ(student.size().parameter_count(), 793U);
  EXPECT_LT(student.quality().rmse(), 1.02 * teacher.quality().rmse());
}

// Windows of seven rows: the teacher flattens them, the student convolves them.
TEST_F(DistillationTest, ConvolutionsLearnWindowsFromAFlatTeacher) {
  trial_.mutable_dataset()->set_context(7);
  trial_.mutable_dataset()->set_horizon(1);
  const v1::TrainingOutcome teacher = Train(Mlp(64, 32));
  v1::ModelSpec student = Cnn({8, 8}, 5, 8);
  student.clear_dense();
  student.set_pooling(v1::POOLING_GLOBAL_AVERAGE);
  for (const v1::DistillKind kind : {v1::DISTILL_KIND_RESPONSE, v1::DISTILL_KIND_RELATIONAL}) {
    const v1::TrainingOutcome outcome = Compress({Distill(kind, student)});
    EXPECT_EQ(outcome.size().parameter_count(), 545U);
    EXPECT_LT(outcome.quality().rmse(), 1.1 * teacher.quality().rmse());
  }
}

TEST_F(DistillationTest, KnnTeachesANetworkAndLearnsPrototypes) {
  const v1::TrainingOutcome teacher = Train(Knn(0));
  EXPECT_LT(Compress({Distill(v1::DISTILL_KIND_RESPONSE, Mlp(64, 32))}).quality().rmse(),
            1.02 * teacher.quality().rmse());
  const v1::TrainingOutcome prototypes =
      Compress({Distill(v1::DISTILL_KIND_RESPONSE, Knn(300)), Int8()});
  EXPECT_EQ(prototypes.size().parameter_count(),
            300U * static_cast<uint64_t>(prototypes.dataset().feature_names_size()));
  EXPECT_LT(prototypes.quality().rmse(), 1.1 * teacher.quality().rmse());
  const v1::TrainingOutcome condensed = Compress({Prune(v1::PRUNE_CRITERION_ERROR, 0.9)});
  const v1::TrainingOutcome at_random = Compress({Prune(v1::PRUNE_CRITERION_RANDOM, 0.9)});
  EXPECT_EQ(condensed.size().parameter_count(), at_random.size().parameter_count());
  EXPECT_LT(condensed.quality().rmse(), at_random.quality().rmse());
  EXPECT_LT(condensed.quality().rmse(), 1.1 * teacher.quality().rmse());
}

TEST_F(DistillationTest, PruneClusterFinetuneQuantize) {
  const v1::TrainingOutcome dense = Train(Mlp(64, 32));
  const v1::TrainingOutcome clustered =
      Compress({Prune(v1::PRUNE_CRITERION_L1, 0.5), Finetune(), Cluster(16), Finetune()});
  EXPECT_LT(clustered.quality().rmse(), 1.04 * dense.quality().rmse());
  EXPECT_LT(clustered.size().model_bytes(), 0.45 * dense.size().model_bytes());
  EXPECT_EQ(clustered.size().parameter_count(), 2497U);
  EXPECT_NEAR(clustered.size().sparsity(), 0.48, 0.02);
  const auto model = ReadModel(LastModelPath());
  ASSERT_TRUE(model.ok()) << model.status();
  const auto network = ImportNetwork(*model);
  ASSERT_TRUE(network.ok()) << network.status();
  for (const Layer& layer : network->layers) {
    if (!layer.HasParameters()) continue;
    EXPECT_LE(std::set<float>(layer.weight.begin(), layer.weight.end()).size(), 16U) << layer.name;
    EXPECT_FALSE(layer.clusters.empty()) << layer.name;
  }
  const v1::TrainingOutcome quantized =
      Compress({Prune(v1::PRUNE_CRITERION_L1, 0.5), Finetune(), Cluster(16), Finetune(), Int8()});
  EXPECT_LT(quantized.quality().rmse(), 1.06 * dense.quality().rmse());
}

TEST_F(DistillationTest, StationStudentsComeNearTheirTeacher) {
  const char* data = std::getenv("TINYJOULE_TEST_DATA_DIR");
  const std::string path = std::string(data == nullptr ? "" : data) +
                           "/weather_reference_layout/bd_inmet_recife_petrolina.csv";
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "TINYJOULE_TEST_DATA_DIR does not name a folder with weather_reference_layout";
  }
  *trial_.mutable_dataset() = RecifeDataset(path);
  trial_.mutable_dataset()->mutable_split()->Clear();
  trial_.mutable_dataset()->mutable_split()->set_method(v1::SPLIT_METHOD_HOLDOUT);
  trial_.mutable_train()->set_epochs(100);
  const v1::TrainingOutcome teacher = Train(Cnn({8, 16}, 3, 32));
  for (const v1::DistillKind kind :
       {v1::DISTILL_KIND_RESPONSE, v1::DISTILL_KIND_FEATURE, v1::DISTILL_KIND_RELATIONAL}) {
    const v1::TrainingOutcome student = Compress({Distill(kind, Cnn({4, 8}, 3, 16))});
    EXPECT_LT(student.quality().rmse(), 1.01 * teacher.quality().rmse())
        << v1::DistillKind_Name(kind);
  }
}

}  // namespace
}  // namespace tinyjoule

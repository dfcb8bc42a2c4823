// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/sweep_expansion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/config/sweep_file.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;

v1::SweepSpec Parse(const char* yaml) {
  ParsedSweep parsed = ParseSweep(yaml, "s.yaml", {});
  EXPECT_EQ(FormatDiagnostics(parsed.diagnostics), "");
  return parsed.spec;
}

constexpr char kSweep[] = R"(version: 1
name: s
seeds: [1, 2]
dataset: {type: synthetic_weather, split: {folds: 5}}
models:
  - {name: cnn, type: tinycnn}
  - {name: mlp, type: tinymlp}
  - {name: knn, type: tinyknn}
variants:
  - float32
  - name: pruned
    compress: [{prune: {sparsity: 0.1}}, {finetune: {epochs: 2}}]
    parameters: {compress.0.prune.sparsity: {values: [0.2, 0.4, 0.6, 0.8]}}
  - {name: int8, compress: [{quantize: {}}]}
parameters: {train.lr: {values: [0.001, 0.01]}}
exclude: [{variant: pruned, model: knn}, {seed: 2, fold: 4}]
)";

TEST(ExpandSweepTest, CrossesEverythingMinusExclusions) {
  const auto trials = ExpandSweep(Parse(kSweep));
  ASSERT_TRUE(trials.ok()) << trials.status();
  // cnn, mlp: (1 + 4 + 1) variants x 2 rates; knn: 2 x 2; (5 x 2 - 1) folds and seeds.
  EXPECT_EQ(trials->size(), (2u * 12 + 4) * 9);
  for (const ExpandedTrial& trial : *trials) {
    EXPECT_FALSE(trial.variant == "pruned" && trial.model == "knn");
    EXPECT_FALSE(trial.seed == 2 && trial.fold == 4);
    EXPECT_EQ(trial.trial.fold(), trial.fold);
    EXPECT_EQ(trial.trial.seed(), trial.seed);
    EXPECT_EQ(trial.parameters.at("train.lr") == "0.01", trial.trial.train().lr() == 0.01);
  }
}

TEST(ExpandSweepTest, AppliesParametersAndRates) {
  const auto trials = ExpandSweep(Parse(kSweep));
  ASSERT_TRUE(trials.ok());
  std::set<std::string> sparsities;
  for (const ExpandedTrial& trial : *trials) {
    if (trial.variant != "pruned") continue;
    sparsities.insert(trial.parameters.at("compress.0.prune.sparsity"));
    EXPECT_EQ(std::stod(trial.parameters.at("compress.0.prune.sparsity")),
              trial.trial.compress(0).prune().sparsity());
    EXPECT_EQ(trial.trial.compress(1).finetune().lr(), trial.trial.train().lr());
  }
  EXPECT_THAT(sparsities, ElementsAre("0.2", "0.4", "0.6", "0.8"));
}

TEST(ExpandSweepTest, SameSpecGivesTheSameList) {
  const auto a = ExpandSweep(Parse(kSweep));
  const auto b = ExpandSweep(Parse(kSweep));
  ASSERT_EQ(a->size(), b->size());
  for (size_t i = 0; i < a->size(); ++i) {
    EXPECT_EQ(TrialContentHash((*a)[i].trial, {}), TrialContentHash((*b)[i].trial, {}));
  }
}

TEST(ExpandSweepTest, HoldoutHasOneFold) {
  const auto trials = ExpandSweep(Parse(R"(version: 1
name: s
dataset: {type: synthetic_weather, split: {method: holdout}}
models: [{type: tinymlp}]
)"));
  ASSERT_EQ(trials->size(), 1u);
  EXPECT_EQ(trials->front().variant, "float32");
  EXPECT_EQ(trials->front().fold, 0u);
}

TEST(ExpandSweepTest, NothingLeftIsAnError) {
  v1::SweepSpec spec = Parse(kSweep);
  spec.add_exclude()->set_seed(1);
  spec.add_exclude()->set_seed(2);
  EXPECT_EQ(ExpandSweep(spec).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ExpandSweepTest, StudentTakesWhatIsNotGivenFromTheTeacher) {
  const auto trials = ExpandSweep(Parse(R"(version: 1
name: s
dataset: {type: synthetic_weather}
models: [{name: cnn, type: tinycnn, conv: [8, 16], kernel: 5, dense: [64]}]
variants: [{name: kd, compress: [{distill: {student: {conv: [4, 8], dense: [16]}}}]}]
)"));
  const v1::ModelSpec& student = trials->front().trial.compress(0).distill().student();
  EXPECT_EQ(student.type(), v1::MODEL_TYPE_TINYCNN);
  EXPECT_THAT(student.conv(), ElementsAre(4, 8));
  EXPECT_THAT(student.dense(), ElementsAre(16));
  EXPECT_EQ(student.kernel(), 5u);
}

v1::InputFile File(const std::string& name, const std::string& sha256) {
  v1::InputFile file;
  file.set_name(name);
  file.set_sha256(sha256);
  return file;
}

class TaskHashTest : public ::testing::Test {
 protected:
  TaskHashTest() {
    trial_.mutable_dataset()->set_type(v1::DATASET_TYPE_CSV);
    trial_.mutable_dataset()->set_path("data/a.csv");
    trial_.mutable_model()->set_name("mlp");
    trial_.mutable_model()->set_type(v1::MODEL_TYPE_TINYMLP);
    trial_.mutable_train()->set_epochs(3);
    trial_.add_compress()->mutable_prune()->set_sparsity(0.5);
  }
  std::string Hash() const {
    return TaskContentHash(v1::TASK_KIND_COMPRESS, trial_, {File("data/a.csv", "aa")});
  }
  v1::TrialSpec trial_;
};

TEST_F(TaskHashTest, NamesAndPathsDoNotCount) {
  const std::string hash = Hash();
  trial_.mutable_model()->set_name("other");
  trial_.mutable_dataset()->set_path("elsewhere/b.csv");
  EXPECT_EQ(TaskContentHash(v1::TASK_KIND_COMPRESS, trial_, {File("elsewhere/b.csv", "aa")}), hash);
}

TEST_F(TaskHashTest, EverythingElseCounts) {
  std::set<std::string> hashes = {Hash()};
  hashes.insert(TaskContentHash(v1::TASK_KIND_COMPRESS, trial_, {File("data/a.csv", "ab")}));
  trial_.set_seed(7);
  hashes.insert(Hash());
  trial_.set_fold(1);
  hashes.insert(Hash());
  trial_.mutable_compress(0)->mutable_prune()->set_sparsity(0.6);
  hashes.insert(Hash());
  trial_.mutable_train()->set_epochs(4);
  hashes.insert(Hash());
  EXPECT_EQ(hashes.size(), 6u);
}

TEST_F(TaskHashTest, VariantsShareTheirBase) {
  v1::TrialSpec other = trial_;
  other.mutable_compress(0)->mutable_prune()->set_sparsity(0.9);
  EXPECT_EQ(TaskContentHash(v1::TASK_KIND_BASE, trial_, {}),
            TaskContentHash(v1::TASK_KIND_BASE, other, {}));
  EXPECT_EQ(TaskContentHash(v1::TASK_KIND_BASE, trial_, {}),
            TrialContentHash(BaseTrial(trial_), {}));
}

TEST_F(TaskHashTest, TrainingDoesNotMatterToAKnn) {
  trial_.mutable_model()->set_type(v1::MODEL_TYPE_TINYKNN);
  const std::string hash = Hash();
  trial_.mutable_train()->set_epochs(99);
  EXPECT_EQ(Hash(), hash);
  // A step that trains reads them.
  trial_.mutable_model()->set_type(v1::MODEL_TYPE_ONNX);
  trial_.add_compress()->mutable_finetune();
  const std::string tuned = Hash();
  trial_.mutable_train()->set_lr(0.5);
  EXPECT_NE(Hash(), tuned);
}

TEST(ReferencedFilesTest, NamesDataAndModels) {
  v1::SweepSpec spec;
  spec.mutable_dataset()->set_type(v1::DATASET_TYPE_MNIST);
  spec.mutable_dataset()->set_path("mnist");
  for (int i = 0; i < 2; ++i) spec.add_models()->set_path("m.onnx");
  const std::vector<ReferencedFile> files = ReferencedFiles(spec);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].name, "mnist");
  EXPECT_EQ(files[0].folder_files.size(), 4u);
  EXPECT_EQ(files[1].name, "m.onnx");
}

TEST(ReferencedFilesTest, NamesWhatEachImageSetReads) {
  v1::SweepSpec spec;
  spec.mutable_dataset()->set_type(v1::DATASET_TYPE_CIFAR10);
  spec.mutable_dataset()->set_path("c");
  EXPECT_THAT(ReferencedFiles(spec)[0].folder_files, ElementsAre("data_batch_*", "test_batch*"));
  spec.mutable_dataset()->set_type(v1::DATASET_TYPE_SVHN);
  EXPECT_THAT(ReferencedFiles(spec)[0].folder_files,
              ElementsAre("train_32x32.mat", "test_32x32.mat"));
  spec.mutable_dataset()->set_path("c/some.mat");
  EXPECT_TRUE(ReferencedFiles(spec)[0].folder_files.empty());
}

TEST(InputsOfTrialTest, TakesFilesAndFolders) {
  v1::TrialSpec trial;
  trial.mutable_dataset()->set_path("mnist");
  const std::vector<v1::InputFile> inputs = InputsOfTrial(
      trial,
      {File("mnist/a", "1"), File("mnistx/a", "2"), File("m.onnx", "3"), File("mnist", "4")});
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_EQ(inputs[0].sha256(), "1");
  EXPECT_EQ(inputs[1].sha256(), "4");
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/config/sweep_file.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::DatasetSpec Csv(const std::string& path) {
  v1::DatasetSpec spec;
  spec.set_type(v1::DATASET_TYPE_CSV);
  spec.set_path(path);
  spec.add_features()->set_name("x");
  spec.set_target("y");
  return spec;
}

InputFiles Inputs(const std::string& name, const std::string& content) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/dataset_test-", getpid(), ".csv");
  std::ofstream(path, std::ios::binary) << content;
  InputFiles inputs;
  v1::InputFile* input = inputs.Add();
  input->set_name(name);
  input->set_local_path(path);
  input->set_sha256(absl::StrCat("hash of ", content));
  return inputs;
}

TEST(LoadDatasetTest, FindsItsFileByTheNameInTheSweep) {
  const InputFiles inputs = Inputs("data/station.csv", "x,y\n1,2\n3,4\n");
  const auto dataset = LoadDataset(Csv("data/station.csv"), inputs, 1);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT((*dataset)->targets, ElementsAre(2, 4));
  EXPECT_EQ((*dataset)->facts.dataset_sha256().size(), 64);
}

TEST(LoadDatasetTest, ErrorsNameTheFileOfTheSweep) {
  const auto absent = LoadDataset(Csv("nowhere.csv"), InputFiles(), 1);
  EXPECT_EQ(absent.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(absent.status().message()), HasSubstr("nowhere.csv"));
  const auto constant = LoadDataset(Csv("a.csv"), Inputs("a.csv", "x,y\n1,2\n3,2\n"), 1);
  EXPECT_THAT(std::string(constant.status().message()), HasSubstr("a.csv: the target \"y\""));
  v1::DatasetSpec svhn;
  svhn.set_type(v1::DATASET_TYPE_SVHN);
  EXPECT_EQ(LoadDataset(svhn, InputFiles(), 1).status().code(), absl::StatusCode::kNotFound);
}

TEST(DatasetHashTest, CountsContentAndPreparationOnly) {
  const InputFiles inputs = Inputs("a.csv", "x,y\n1,2\n");
  const std::string hash = DatasetSha256(Csv("a.csv"), inputs, 1);
  EXPECT_EQ(hash, DatasetSha256(Csv("a.csv"), inputs, 2));
  v1::DatasetSpec spec = Csv("a.csv");
  spec.mutable_split()->set_folds(3);
  EXPECT_EQ(hash, DatasetSha256(spec, inputs, 1));
  // The default written out is the default.
  spec.mutable_missing()->set_limit(3);
  EXPECT_EQ(hash, DatasetSha256(spec, inputs, 1));
  spec.mutable_missing()->set_limit(4);
  EXPECT_NE(hash, DatasetSha256(spec, inputs, 1));
  EXPECT_EQ(hash, DatasetSha256(Csv("moved.csv"), Inputs("moved.csv", "x,y\n1,2\n"), 1));
  EXPECT_NE(hash, DatasetSha256(Csv("a.csv"), Inputs("a.csv", "x,y\n1,3\n"), 1));
}

TEST(DatasetHashTest, SyntheticDataDependOnTheSeed) {
  v1::DatasetSpec spec;
  spec.set_type(v1::DATASET_TYPE_SYNTHETIC_WEATHER);
  EXPECT_NE(DatasetSha256(spec, InputFiles(), 1), DatasetSha256(spec, InputFiles(), 2));
}

TEST(LoadDatasetTest, SyntheticWeatherNeedsNothing) {
  v1::DatasetSpec spec;
  spec.set_type(v1::DATASET_TYPE_SYNTHETIC_WEATHER);
  const auto dataset = LoadDataset(spec, InputFiles(), 42);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT((*dataset)->sample_shape, ElementsAre(1, 5));
  EXPECT_EQ((*dataset)->sample_count(), 20027);
  EXPECT_EQ((*dataset)->facts.feature_names(4), "previous_precipitation");
  const auto split = MakeSplit(**dataset, v1::SplitSpec(), 0, 42);
  ASSERT_TRUE(split.ok());
  EXPECT_EQ(split->persistence_test.size(), split->test_count());
  spec.set_target("rain");
  EXPECT_THAT(std::string(LoadDataset(spec, InputFiles(), 42).status().message()),
              HasSubstr("no column \"rain\""));
}

// What a sweep file leaves out is filled in twice: when it is parsed and here, for callers that
// build a spec themselves. Both must mean the same data.
TEST(LoadDatasetTest, DefaultsOfTheSweepFileAreThoseOfTheLoader) {
  const ParsedSweep parsed = ParseSweep(
      "version: 1\nname: a\ndataset: {type: synthetic_weather}\n"
      "models: [{name: m, type: tinymlp, hidden: [4]}]\nvariants: [{name: float32}]\n",
      "sweep.yaml", {});
  ASSERT_TRUE(parsed.ok());
  v1::DatasetSpec bare;
  bare.set_type(v1::DATASET_TYPE_SYNTHETIC_WEATHER);
  const auto of_sweep = LoadDataset(parsed.spec.dataset(), InputFiles(), 42);
  const auto of_bare = LoadDataset(bare, InputFiles(), 42);
  ASSERT_TRUE(of_sweep.ok() && of_bare.ok());
  EXPECT_EQ((*of_sweep)->targets, (*of_bare)->targets);
  EXPECT_EQ((*of_sweep)->rows, (*of_bare)->rows);
  EXPECT_EQ(parsed.spec.dataset().missing().limit(), 3);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_REAL_DATA_FIXTURE_H_
#define SERVER_TRAINER_DATA_REAL_DATA_FIXTURE_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/substitute.h"
#include "common/base/file_system.h"
#include "server/trainer/data/dataset.h"

namespace tinyjoule {

// Tests on real data sets. Skipped where TINYJOULE_TEST_DATA_DIR does not name a folder with them.
class RealDataTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("TINYJOULE_TEST_DATA_DIR");
    if (folder == nullptr || *folder == '\0') GTEST_SKIP() << "TINYJOULE_TEST_DATA_DIR is not set";
    folder_ = folder;
  }

  bool Has(const std::string& path) { return PosixFileSystem().Exists(JoinPath(folder_, path)); }

  v1::DatasetSpec Spec(const std::string& text) {
    v1::DatasetSpec spec;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &spec));
    if (!spec.path().empty()) spec.set_path(JoinPath(folder_, spec.path()));
    for (std::string& path : *spec.mutable_paths()) path = JoinPath(folder_, path);
    return spec;
  }

  // The reference study's five features of one station.
  v1::DatasetSpec Reference(const std::string& station, const std::string& missing) {
    return Spec(absl::Substitute(
        "type: DATASET_TYPE_CSV path: 'weather_reference_layout/bd_inmet_recife_petrolina.csv' "
        "csv { where { key: 'Nome' value: '$0' } time: 'Data estação' } "
        "features { name: 'Temperatura' } features { name: 'Umidade' } "
        "features { name: 'Velocidade Vento' } features { name: 'Rajada Vento' } "
        "features { lag: 'Precipitação dia' steps: 1 as: 'Precipitação anterior' } "
        "target: 'Precipitação dia' missing { $1 }",
        station, missing));
  }

  std::shared_ptr<const Dataset> Load(const v1::DatasetSpec& spec) {
    auto dataset = LoadDataset(spec, InputFiles(), 42);
    EXPECT_TRUE(dataset.ok()) << dataset.status();
    return dataset.ok() ? *dataset : nullptr;
  }

  std::string folder_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_REAL_DATA_FIXTURE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Figures of real data sets, computed once with numpy and pandas: see docs/datasets.md. Skipped
// where TINYJOULE_TEST_DATA_DIR does not name a folder with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <numeric>
#include <string>

#include "common/metrics/metrics.h"
#include "server/trainer/data/dataset.h"
#include "server/trainer/data/real_data_fixture.h"

namespace tinyjoule {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Figures {
  double mae = 0;
  double rmse = 0;
  double r2 = 0;
};

void ExpectNear(const Figures& figures, double mae, double rmse, double r2) {
  EXPECT_NEAR(figures.mae, mae, 5e-4);
  EXPECT_NEAR(figures.rmse, rmse, 5e-4);
  EXPECT_NEAR(figures.r2, r2, 6e-4);
}

constexpr char kRecife[] = "Estação Recife - INMET A301";
constexpr char kPetrolina[] = "Estação Petrolina - INMET A307";
constexpr char kReferenceFile[] = "weather_reference_layout/bd_inmet_recife_petrolina.csv";

std::vector<float> BaselineOf(const Split& split, const std::string& name) {
  for (const BaselinePrediction& baseline : Baselines(split)) {
    if (baseline.name == name) return baseline.values;
  }
  ADD_FAILURE() << "no baseline " << name;
  return {};
}

// Ordinary least squares with an intercept, by the normal equations: the features are
// standardised, so they are well conditioned.
std::vector<float> LinearRegression(const Split& split) {
  constexpr size_t kTerms = 6;
  std::array<std::array<double, kTerms + 1>, kTerms> equations{};
  const auto term = [](const std::vector<float>& inputs, size_t row, size_t k) {
    return k + 1 == kTerms ? 1.0 : static_cast<double>(inputs[row * (kTerms - 1) + k]);
  };
  for (size_t row = 0; row < split.train_count(); ++row) {
    for (size_t i = 0; i < kTerms; ++i) {
      for (size_t j = 0; j <= kTerms; ++j) {
        const double right =
            j == kTerms ? split.targets_train[row] : term(split.inputs_train, row, j);
        equations[i][j] += term(split.inputs_train, row, i) * right;
      }
    }
  }
  for (size_t i = 0; i < kTerms; ++i) {
    for (size_t k = 0; k < kTerms; ++k) {
      if (k == i) continue;
      const double factor = equations[k][i] / equations[i][i];
      for (size_t j = i; j <= kTerms; ++j) equations[k][j] -= factor * equations[i][j];
    }
  }
  std::vector<float> predictions;
  for (size_t row = 0; row < split.test_count(); ++row) {
    double sum = 0;
    for (size_t i = 0; i < kTerms; ++i) {
      sum += term(split.inputs_test, row, i) * equations[i][kTerms] / equations[i][i];
    }
    predictions.push_back(static_cast<float>(sum));
  }
  return predictions;
}

template <typename Model>
Figures WalkForward(const Dataset& dataset, Model model) {
  v1::SplitSpec spec;
  spec.set_method(v1::SPLIT_METHOD_WALK_FORWARD);
  Figures mean;
  for (uint32_t fold = 0; fold < 5; ++fold) {
    const auto split = MakeSplit(dataset, spec, fold, 42);
    EXPECT_TRUE(split.ok()) << split.status();
    const auto quality = RegressionMetrics(split->targets_test, model(*split));
    EXPECT_TRUE(quality.ok()) << quality.status();
    mean.mae += quality->mae() / 5;
    mean.rmse += quality->rmse() / 5;
    mean.r2 += quality->r2() / 5;
  }
  return mean;
}

std::vector<float> Persistence(const Split& split) { return BaselineOf(split, "persistence"); }

TEST_F(RealDataTest, RecifeWithTheUnlimitedFillOfTheReferenceStudy) {
  if (!Has(kReferenceFile)) GTEST_SKIP() << kReferenceFile << " is absent";
  const auto dataset = Load(Reference(kRecife, "limit: 0"));
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->sample_count(), 26303);
  EXPECT_EQ(dataset->facts.rows_read(), 26304);
  EXPECT_EQ(dataset->facts.values_interpolated(), 29397);
  ExpectNear(WalkForward(*dataset, Persistence), 0.4126, 2.6250, 0.8757);
  ExpectNear(WalkForward(*dataset, LinearRegression), 0.7811, 2.5967, 0.8785);
}

TEST_F(RealDataTest, RecifeByDefaultLeavesTheMonthsWithoutWindOut) {
  if (!Has(kReferenceFile)) GTEST_SKIP() << kReferenceFile << " is absent";
  const auto dataset = Load(Reference(kRecife, ""));
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->sample_count(), 13393);
  EXPECT_EQ(dataset->facts.values_interpolated(), 220);
  EXPECT_EQ(dataset->facts.rows_dropped(), 26304 - 13393);
  // 2019-08-30 16:00 to 2020-11-25 14:00.
  EXPECT_THAT(dataset->facts.notes(), Contains(HasSubstr("\"Velocidade Vento\": 12")));
  ExpectNear(WalkForward(*dataset, Persistence), 0.6094, 3.4569, 0.8672);
  ExpectNear(WalkForward(*dataset, LinearRegression), 1.0315, 3.4038, 0.8676);
}

TEST_F(RealDataTest, PetrolinaPersistence) {
  if (!Has(kReferenceFile)) GTEST_SKIP() << kReferenceFile << " is absent";
  const auto dataset = Load(Reference(kPetrolina, ""));
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->sample_count(), 8783);
  EXPECT_EQ(dataset->facts.values_interpolated(), 0);
  ExpectNear(WalkForward(*dataset, Persistence), 0.0985, 1.0772, 0.8643);
}

TEST_F(RealDataTest, LoadsTheReferenceTableQuickly) {
  if (!Has(kReferenceFile)) GTEST_SKIP() << kReferenceFile << " is absent";
  const v1::DatasetSpec spec = Reference(kRecife, "");
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_NE(Load(spec), nullptr);
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  const auto elapsed_ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  RecordProperty("load_ms", std::to_string(elapsed_ms));
  std::printf("35,088 rows in %lld ms\n", static_cast<long long>(elapsed_ms));
  // 150 ms is the aim of an optimised build on an idle machine; this catches what is quadratic.
  EXPECT_LT(elapsed_ms, 3000);
}

Figures LastFifth(const Dataset& dataset, const std::string& baseline) {
  v1::SplitSpec spec;
  spec.set_method(v1::SPLIT_METHOD_HOLDOUT);
  spec.set_test_fraction(0.2);
  const auto split = MakeSplit(dataset, spec, 0, 42);
  EXPECT_TRUE(split.ok()) << split.status();
  const auto quality = RegressionMetrics(split->targets_test, BaselineOf(*split, baseline));
  EXPECT_TRUE(quality.ok()) << quality.status();
  return {quality->mae(), quality->rmse(), quality->r2()};
}

TEST_F(RealDataTest, SeattleOneDayAhead) {
  constexpr char kFile[] = "weather_seattle/seattle-weather.csv";
  if (!Has(kFile)) GTEST_SKIP() << kFile << " is absent";
  const auto dataset = Load(Spec(absl::Substitute(
      "type: DATASET_TYPE_CSV path: '$0' csv { time: 'date' } features { name: 'precipitation' } "
      "features { name: 'wind' } target: 'precipitation' horizon: 1",
      kFile)));
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->sample_count(), 1460);
  EXPECT_NEAR(LastFifth(*dataset, "predict_mean").mae, 4.432, 5e-4);
  EXPECT_NEAR(LastFifth(*dataset, "predict_mean").rmse, 7.935, 5e-4);
  EXPECT_NEAR(LastFifth(*dataset, "persistence").mae, 3.815, 5e-4);
  EXPECT_NEAR(LastFifth(*dataset, "persistence").rmse, 8.676, 5e-4);
}

// RISK_MM of a day is the rain of the next day, wherever the next day is in the file: a target one
// row ahead that bridged a missing day would differ from it.
TEST_F(RealDataTest, AustralianTargetsOneDayAheadAreRiskMm) {
  constexpr char kFile[] = "weather_aus/weatherAUS_A.csv";
  if (!Has(kFile)) GTEST_SKIP() << kFile << " is absent";
  size_t dropped = 0;
  for (const char* station : {"Albury", "BadgerysCreek", "Melbourne"}) {
    const auto dataset = Load(Spec(
        absl::Substitute("type: DATASET_TYPE_CSV path: '$0' csv { time: 'Date' "
                         "where { key: 'Location' value: '$1' } } features { name: 'Rainfall' } "
                         "features { name: 'RISK_MM' } target: 'Rainfall' horizon: 1 "
                         "missing { method: MISSING_METHOD_DROP }",
                         kFile, station)));
    if (dataset == nullptr) continue;
    EXPECT_GT(dataset->sample_count(), 1000u) << station;
    for (size_t i = 0; i < dataset->sample_count(); ++i) {
      ASSERT_EQ(dataset->rows[2 * dataset->first_row[i] + 1], dataset->targets[i])
          << station << ", row " << i;
    }
    dropped += dataset->rows.size() / 2 - dataset->sample_count();
  }
  // There are holes to fall into.
  EXPECT_GT(dropped, 10u);
}

constexpr char kInmet[] =
    "type: DATASET_TYPE_INMET "
    "paths: 'weather_inmet_recife/INMET_NE_PE_A301_RECIFE_01-01-2021_A_31-12-2021.CSV' "
    "paths: 'weather_inmet_recife/INMET_NE_PE_A301_RECIFE_01-01-2019_A_31-12-2019.CSV' "
    "paths: 'weather_inmet_recife/INMET_NE_PE_A301_RECIFE_01-01-2020_A_31-12-2020.CSV' ";

TEST_F(RealDataTest, RecifeInmetDailyOneDayAhead) {
  if (!Has("weather_inmet_recife")) GTEST_SKIP() << "weather_inmet_recife is absent";
  const auto dataset =
      Load(Spec(std::string(kInmet) +
                "csv { resample: RESAMPLE_DAILY } missing { method: MISSING_METHOD_DROP } "
                "features { lag: 'precipitation' } target: 'precipitation'"));
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->facts.rows_read(), 26304);
  EXPECT_EQ(dataset->sample_count(), 1041);
  EXPECT_NEAR(LastFifth(*dataset, "predict_mean").mae, 7.619, 5e-4);
  EXPECT_NEAR(LastFifth(*dataset, "predict_mean").rmse, 14.857, 5e-4);
  EXPECT_NEAR(LastFifth(*dataset, "persistence").mae, 8.253, 5e-4);
  EXPECT_NEAR(LastFifth(*dataset, "persistence").rmse, 17.401, 1e-3);
}

// Missing values per year as SOURCE.md of the files counts them: rain 5 + 8 + 1268, gust
// 3679 + 7911 + 1209.
TEST_F(RealDataTest, RecifeInmetHourlyHasTheKnownGaps) {
  if (!Has("weather_inmet_recife")) GTEST_SKIP() << "weather_inmet_recife is absent";
  const auto dataset =
      Load(Spec(std::string(kInmet) + "missing { method: MISSING_METHOD_DROP } "
                                      "features { name: 'gust' } target: 'precipitation'"));
  ASSERT_NE(dataset, nullptr);
  EXPECT_THAT(dataset->facts.notes(),
              Contains(HasSubstr("\"precipitation\": 1281 values stay missing, longest gap 1193")));
  EXPECT_THAT(dataset->facts.notes(), Contains(HasSubstr("\"gust\": 12799 values stay missing")));
  const double mean = std::accumulate(dataset->targets.begin(), dataset->targets.end(), 0.0) /
                      static_cast<double>(dataset->sample_count());
  EXPECT_GT(mean, 0.1);
  EXPECT_LT(mean, 0.5);
}

TEST_F(RealDataTest, TheReSavedInmetFileIsTheSameData) {
  if (!Has("weather_inmet_recife")) GTEST_SKIP() << "weather_inmet_recife is absent";
  const auto raw = Load(
      Spec("type: DATASET_TYPE_INMET "
           "path: 'weather_inmet_recife/INMET_NE_PE_A301_RECIFE_01-01-2021_A_31-12-2021.CSV'"));
  const auto saved =
      Load(Spec("type: DATASET_TYPE_INMET path: "
                "'weather_inmet_recife/RECIFE_2021_edited_utf8_no_preamble.csv'"));
  ASSERT_TRUE(raw != nullptr && saved != nullptr);
  EXPECT_EQ(raw->rows, saved->rows);
  EXPECT_EQ(raw->targets, saved->targets);
  EXPECT_NE(raw->facts.dataset_sha256(), saved->facts.dataset_sha256());
}

}  // namespace
}  // namespace tinyjoule

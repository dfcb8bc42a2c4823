// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/config/model_defaults.h"
#include "common/config/sweep_check.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kMaxContextRows = 10'000;
constexpr uint32_t kMaxFolds = 1'000;

bool IsTable(v1::DatasetType type) {
  return type == v1::DATASET_TYPE_CSV || type == v1::DATASET_TYPE_INMET;
}

void CheckPaths(const v1::DatasetSpec& dataset, const std::string& path, CheckReport& report) {
  const bool given = report.IsGiven(path + ".path") || report.IsGiven(path + ".paths");
  const std::string type = WordOf(dataset.type());
  if (dataset.type() == v1::DATASET_TYPE_SYNTHETIC_WEATHER) {
    if (given)
      report.Error(path + ".path", "synthetic_weather makes its own rows and reads no file");
    return;
  }
  if (!given) {
    return report.Error(path, absl::StrCat("a data set of type ", type, " needs \"path\""));
  }
  if (!dataset.path().empty() && !dataset.paths().empty()) {
    report.Error(path + ".paths", "give \"path\" or \"paths\", not both");
  }
  if (IsImageSet(dataset.type()) && !dataset.paths().empty()) {
    report.Error(path + ".paths", absl::StrCat(type, " is one folder: use \"path\""));
  }
  std::set<std::string> seen;
  for (int i = 0; i < dataset.paths_size(); ++i) {
    if (seen.insert(dataset.paths(i)).second) continue;
    report.Error(absl::StrCat(path, ".paths.", i), "the same file stands here twice");
  }
}

void CheckCsv(const v1::DatasetSpec& dataset, const std::string& path, CheckReport& report) {
  const v1::CsvSpec& csv = dataset.csv();
  if (dataset.type() == v1::DATASET_TYPE_INMET) {
    for (const char* const key : {"delimiter", "decimal", "encoding", "time"}) {
      if (!report.IsGiven(absl::StrCat(path, ".", key))) continue;
      report.Error(absl::StrCat(path, ".", key),
                   absl::StrCat("the inmet format fixes \"", key, "\"; leave it out"));
    }
    return;
  }
  if (csv.delimiter().size() != 1 || csv.delimiter() == "\"" || csv.delimiter() == "\n") {
    report.Error(path + ".delimiter",
                 "the delimiter is one ASCII character, such as \",\" or \";\"");
  }
  if (csv.decimal() != "." && csv.decimal() != ",") {
    report.Error(path + ".decimal", "the decimal mark is \".\" or \",\"");
  } else if (csv.decimal() == csv.delimiter()) {
    report.Error(path + ".decimal", "the decimal mark and the delimiter cannot be the same");
  }
  if (csv.encoding() != "utf-8" && csv.encoding() != "latin-1") {
    report.Error(path + ".encoding",
                 absl::StrCat("the encoding is utf-8 or latin-1",
                              DidYouMean(csv.encoding(), {"utf-8", "latin-1"})));
  }
  if (csv.resample() == v1::RESAMPLE_DAILY && csv.time().empty()) {
    report.Error(path + ".resample", "resample: daily needs \"time\", the column of time stamps");
  }
}

void CheckFeature(const v1::FeatureSpec& feature, const std::string& path, CheckReport& report) {
  if (feature.name().empty() == feature.lag().empty()) {
    report.Error(path, "a feature is a column's name, or {lag: COLUMN, steps: 1, as: NAME}");
  }
  if (feature.lag().empty()) {
    if (feature.has_steps()) report.Error(path + ".steps", "\"steps\" belongs to \"lag\"");
  } else if (feature.steps() < 1 || feature.steps() > kMaxContextRows) {
    report.Error(path + ".steps", absl::StrCat("steps is from 1 to ", kMaxContextRows));
  }
}

std::string FeatureName(const v1::FeatureSpec& feature) {
  if (!feature.as().empty()) return feature.as();
  if (!feature.name().empty()) return feature.name();
  return absl::StrCat(feature.lag(), " lag ", feature.steps());
}

void CheckFeatures(const v1::DatasetSpec& dataset, const std::string& path, CheckReport& report) {
  std::set<std::string> names;
  for (int i = 0; i < dataset.features_size(); ++i) {
    const v1::FeatureSpec& feature = dataset.features(i);
    const std::string item = absl::StrCat(path, ".features.", i);
    CheckFeature(feature, item, report);
    if (!names.insert(FeatureName(feature)).second) {
      report.Error(item, absl::StrCat("feature \"", FeatureName(feature), "\" stands here twice"));
    }
    const bool sees_target_row = dataset.horizon() == 0;
    if (sees_target_row && !dataset.target().empty() && feature.name() == dataset.target()) {
      report.Error(item, absl::StrCat("\"", feature.name(),
                                      "\" is the target: as a feature of the"
                                      " same row it gives the answer away; use {lag: \"",
                                      feature.name(), "\", steps: 1}"));
    }
  }
}

void CheckColumns(const v1::DatasetSpec& dataset, const std::string& path, CheckReport& report) {
  if (dataset.type() == v1::DATASET_TYPE_CSV) {
    if (!report.IsGiven(path + ".target")) {
      report.Error(path, "a csv data set needs \"target\", the column to predict");
    }
    if (!report.IsGiven(path + ".features")) {
      report.Error(path, "a csv data set needs \"features\", the columns to predict from");
    }
  }
  CheckFeatures(dataset, path, report);
}

void CheckMissing(const v1::DatasetSpec& dataset, const std::string& path, CheckReport& report) {
  const bool drops = dataset.missing().method() == v1::MISSING_METHOD_DROP;
  if (drops && report.IsGiven(path + ".limit")) {
    report.Error(path + ".limit", "\"limit\" belongs to method: interpolate");
  }
  if (!drops && dataset.missing().limit() == 0 && report.IsGiven(path + ".limit")) {
    report.Warning(path + ".limit",
                   "gaps of any length are interpolated; a limit above 0 is the longest, in rows");
  }
}

void CheckWindow(const v1::DatasetSpec& dataset, const std::string& path, CheckReport& report) {
  if (dataset.context() < 1 || dataset.context() > kMaxContextRows) {
    report.Error(path + ".context",
                 absl::StrCat("context is from 1 to ", kMaxContextRows, " rows"));
  }
  if (dataset.horizon() > kMaxContextRows) {
    report.Error(path + ".horizon", absl::StrCat("horizon is at most ", kMaxContextRows, " rows"));
  }
}

void CheckSplit(const v1::SplitSpec& split, const std::string& path, CheckReport& report) {
  const bool holdout = split.method() == v1::SPLIT_METHOD_HOLDOUT;
  if (holdout && report.IsGiven(path + ".folds")) {
    report.Error(path + ".folds",
                 "holdout has one fold; \"folds\" belongs to walk_forward and kfold");
  }
  if (!holdout && report.IsGiven(path + ".test_fraction")) {
    report.Error(path + ".test_fraction", "\"test_fraction\" belongs to method: holdout");
  }
  const uint32_t least = split.method() == v1::SPLIT_METHOD_KFOLD ? 2 : 1;
  if (!holdout && (split.folds() < least || split.folds() > kMaxFolds)) {
    report.Error(path + ".folds", absl::StrCat("folds is from ", least, " to ", kMaxFolds));
  }
  if (split.has_test_fraction() && !(split.test_fraction() > 0 && split.test_fraction() < 1)) {
    report.Error(path + ".test_fraction", "test_fraction is between 0 and 1");
  }
  if (split.method() == v1::SPLIT_METHOD_WALK_FORWARD && split.shuffle()) {
    report.Error(path + ".shuffle", "walk_forward keeps the order of time; it cannot be shuffled");
  }
}

void CheckSynthetic(const v1::SyntheticWeatherSpec& weather, const std::string& path,
                    CheckReport& report) {
  if (weather.rows() < 100 || weather.rows() > 10'000'000) {
    report.Error(path + ".rows", "rows is from 100 to 10000000");
  }
  const auto check_probability = [&](const char* key, double value) {
    if (value > 0 && value < 1) return;
    report.Error(absl::StrCat(path, ".", key), absl::StrCat(key, " is between 0 and 1"));
  };
  check_probability("wet_after_dry", weather.wet_after_dry());
  check_probability("wet_after_wet", weather.wet_after_wet());
  if (!(weather.gamma_shape() > 0)) report.Error(path + ".gamma_shape", "gamma_shape is above 0");
  if (!(weather.gamma_scale_mm() > 0)) {
    report.Error(path + ".gamma_scale_mm", "gamma_scale_mm is above 0");
  }
}

void CheckImageSet(const v1::DatasetSpec& dataset, const std::string& path, CheckReport& report) {
  const std::string type = WordOf(dataset.type());
  for (const char* const key : {"csv", "features", "target", "missing", "context", "horizon"}) {
    if (!report.IsGiven(absl::StrCat(path, ".", key))) continue;
    report.Error(absl::StrCat(path, ".", key),
                 absl::StrCat("\"", key, "\" belongs to tables; ", type, " is a set of pictures"));
  }
  const v1::SplitSpec& split = dataset.split();
  if (split.method() != v1::SPLIT_METHOD_HOLDOUT || split.has_folds() ||
      split.has_test_fraction()) {
    report.Error(path + ".split",
                 absl::StrCat(type, " has its own test files; leave \"split\" out"));
  }
}

bool CheckType(const v1::DatasetSpec& dataset, const std::string& path, CheckReport& report) {
  if (dataset.type() == v1::DATASET_TYPE_UNSPECIFIED) {
    if (!report.IsGiven(path + ".type")) {
      report.Error(path,
                   "the data set needs \"type\": csv | inmet | synthetic_weather | mnist | "
                   "fashion_mnist | cifar10 | svhn | idx");
    }
    return false;
  }
  return true;
}

void CheckForeignSections(const v1::DatasetSpec& dataset, const std::string& path,
                          CheckReport& report) {
  const bool synthetic = dataset.type() == v1::DATASET_TYPE_SYNTHETIC_WEATHER;
  if (synthetic && report.IsGiven(path + ".csv")) {
    report.Error(path + ".csv", "\"csv\" belongs to data sets that are read from tables");
  }
  if (!synthetic && report.IsGiven(path + ".synthetic_weather")) {
    report.Error(path + ".synthetic_weather",
                 "\"synthetic_weather\" belongs to type: synthetic_weather");
  }
}

}  // namespace

void CheckDataset(const v1::DatasetSpec& dataset, const std::string& path, CheckReport& report) {
  if (!CheckType(dataset, path, report)) return;
  CheckPaths(dataset, path, report);
  CheckForeignSections(dataset, path, report);
  for (const bool train : {true, false}) {
    const bool present = train ? dataset.has_max_train() : dataset.has_max_test();
    const uint32_t rows = train ? dataset.max_train() : dataset.max_test();
    const std::string key = train ? "max_train" : "max_test";
    if (present && rows == 0) report.Error(absl::StrCat(path, ".", key), key + " is at least 1");
  }
  if (IsImageSet(dataset.type())) return CheckImageSet(dataset, path, report);
  if (IsTable(dataset.type())) CheckCsv(dataset, path + ".csv", report);
  CheckColumns(dataset, path, report);
  CheckMissing(dataset, path + ".missing", report);
  CheckWindow(dataset, path, report);
  CheckSplit(dataset.split(), path + ".split", report);
  if (dataset.type() == v1::DATASET_TYPE_SYNTHETIC_WEATHER) {
    CheckSynthetic(dataset.synthetic_weather(), path + ".synthetic_weather", report);
  }
}

}  // namespace tinyjoule

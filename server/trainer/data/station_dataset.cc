// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/station_dataset.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/data/cell_text.h"
#include "server/trainer/data/column_names.h"
#include "server/trainer/data/table.h"

namespace tinyjoule {
namespace {

// More rows of equal time than this share and lags or windows would mix stations.
constexpr double kToleratedDuplicates = 0.01;

void AddFeature(v1::DatasetSpec& spec, const std::string& name) {
  spec.add_features()->set_name(name);
}

std::string FeatureName(const v1::FeatureSpec& feature) {
  if (!feature.as().empty()) return feature.as();
  if (feature.lag().empty()) return feature.name();
  return absl::StrCat(feature.lag(), " lag ", feature.has_steps() ? feature.steps() : 1);
}

size_t LagSteps(const v1::FeatureSpec& feature) {
  return feature.has_steps() ? feature.steps() : 1;
}

std::string Rows(size_t count) { return absl::StrCat(count, count == 1 ? " row" : " rows"); }

class StationDatasetBuilder {
 public:
  StationDatasetBuilder(const v1::DatasetSpec& spec, StationTable station)
      : spec_(spec), table_(std::move(station.table)) {
    dataset_.facts.set_rows_read(station.rows_kept);
  }

  absl::StatusOr<Dataset> Build();

 private:
  absl::Status Resample();
  absl::Status PlaceOnGrid();
  void FillGaps();
  void NoteGaps(const Column& column, const InterpolationReport& report);
  void MakeFeatures();
  absl::Status DropIncompleteRows();
  absl::Status MakeSamples();
  void AddSample(size_t window_end, size_t target_row);
  double Persistence(size_t window_end) const;
  void NameShape();
  absl::Status CheckTarget();
  void Note(std::string text) { dataset_.facts.add_notes(std::move(text)); }
  bool Sequential() const { return !table_.time_s.empty() || lag_feature_ >= 0; }

  const v1::DatasetSpec& spec_;
  Table table_;
  RowGrid grid_;
  std::vector<Cells> features_;
  Cells target_;
  // Whether the reading of the target was filled.
  std::vector<bool> invented_;
  // The feature that is the target's shortest lag; -1: none.
  int lag_feature_ = -1;
  // Rows without a missing cell, and how many consecutive ones end at each.
  std::vector<size_t> kept_;
  std::vector<size_t> run_;
  size_t invented_targets_ = 0;
  Dataset dataset_;
};

absl::StatusOr<Dataset> StationDatasetBuilder::Build() {
  TJ_RETURN_IF_ERROR(Resample());
  TJ_RETURN_IF_ERROR(PlaceOnGrid());
  FillGaps();
  MakeFeatures();
  TJ_RETURN_IF_ERROR(DropIncompleteRows());
  TJ_RETURN_IF_ERROR(MakeSamples());
  TJ_RETURN_IF_ERROR(CheckTarget());
  NameShape();
  return std::move(dataset_);
}

absl::Status StationDatasetBuilder::Resample() {
  if (spec_.csv().resample() != v1::RESAMPLE_DAILY) return absl::OkStatus();
  std::vector<std::string> sums;
  for (const Column& column : table_.columns) {
    const bool rain_of_hour =
        spec_.type() == v1::DATASET_TYPE_INMET &&
        (column.name == "precipitation" || InmetAlias(column.name) == "precipitation");
    const bool named = absl::c_any_of(spec_.csv().sum(), [&column](const std::string& name) {
      return FoldName(name) == FoldName(column.name);
    });
    if (rain_of_hour || named) sums.push_back(column.name);
  }
  const size_t before = table_.row_count;
  TJ_ASSIGN_OR_RETURN(table_, ResampleDaily(table_, sums));
  Note(absl::StrCat("resampled ", Rows(before), " to ", table_.row_count, " days"));
  return absl::OkStatus();
}

absl::Status StationDatasetBuilder::PlaceOnGrid() {
  grid_ = GridOf(table_);
  if (grid_.duplicate_count == 0) return absl::OkStatus();
  const std::string what =
      absl::StrCat(Rows(grid_.duplicate_count), " of ", table_.row_count,
                   " have the time of the row before: several stations? csv.where chooses one");
  const bool needs_order =
      spec_.context() > 1 || spec_.horizon() > 0 ||
      absl::c_any_of(spec_.features(), [](const auto& feature) { return !feature.lag().empty(); });
  const double share =
      static_cast<double>(grid_.duplicate_count) / static_cast<double>(table_.row_count);
  if (needs_order && share > kToleratedDuplicates) return absl::InvalidArgumentError(what);
  Note(what);
  return absl::OkStatus();
}

void StationDatasetBuilder::FillGaps() {
  const bool fill = spec_.missing().method() == v1::MISSING_METHOD_INTERPOLATE;
  invented_.assign(table_.row_count, false);
  for (Column& column : table_.columns) {
    const bool target = column.name == spec_.target();
    const Cells readings = target ? column.cells : Cells();
    const InterpolationReport report =
        fill ? Interpolate(column.cells, grid_.positions, spec_.missing().limit())
             : CountMissing(column.cells, grid_.positions);
    for (size_t i = 0; i < readings.size(); ++i) invented_[i] = !readings[i] && column.cells[i];
    dataset_.facts.set_values_interpolated(dataset_.facts.values_interpolated() + report.filled);
    NoteGaps(column, report);
  }
}

void StationDatasetBuilder::NoteGaps(const Column& column, const InterpolationReport& report) {
  if (report.filled > 0) {
    Note(absl::StrCat("\"", column.name, "\": ", report.filled,
                      " missing values interpolated, longest gap ", Rows(report.longest_filled)));
  }
  if (report.still_missing > 0) {
    Note(absl::StrCat("\"", column.name, "\": ", report.still_missing,
                      " values stay missing, longest gap ", Rows(report.longest_left)));
  }
}

void StationDatasetBuilder::MakeFeatures() {
  target_ = table_.Find(spec_.target())->cells;
  size_t shortest = std::numeric_limits<size_t>::max();
  for (const v1::FeatureSpec& feature : spec_.features()) {
    dataset_.facts.add_feature_names(FeatureName(feature));
    if (feature.lag().empty()) {
      features_.push_back(table_.Find(feature.name())->cells);
      if (feature.name() == spec_.target() && spec_.horizon() == 0) {
        Note("the target is a feature of its own row: the model can read the answer");
      }
      continue;
    }
    const size_t steps = LagSteps(feature);
    features_.push_back(Lagged(table_.Find(feature.lag())->cells, grid_.positions, steps));
    if (feature.lag() == spec_.target() && steps < shortest) {
      shortest = steps;
      lag_feature_ = static_cast<int>(features_.size()) - 1;
    }
  }
}

absl::Status StationDatasetBuilder::DropIncompleteRows() {
  for (size_t i = 0; i < table_.row_count; ++i) {
    const bool complete =
        target_[i] && absl::c_all_of(features_, [i](const Cells& c) { return c[i].has_value(); });
    if (!complete) continue;
    const bool follows = !kept_.empty() && grid_.positions[i] == grid_.positions[kept_.back()] + 1;
    run_.push_back(follows ? run_.back() + 1 : 1);
    kept_.push_back(i);
  }
  dataset_.facts.set_rows_dropped(table_.row_count - kept_.size());
  if (!kept_.empty()) return absl::OkStatus();
  std::string message = absl::StrCat("no row is left: each of the ", table_.row_count,
                                     " rows lacks a feature or the target");
  for (const std::string& note : dataset_.facts.notes()) absl::StrAppend(&message, "; ", note);
  return absl::InvalidArgumentError(message);
}

absl::Status StationDatasetBuilder::MakeSamples() {
  dataset_.feature_count = features_.size();
  dataset_.context = spec_.context();
  dataset_.rows.reserve(kept_.size() * features_.size());
  for (const size_t row : kept_) {
    for (const Cells& cells : features_) dataset_.rows.push_back(*cells[row]);
  }
  const size_t horizon = spec_.horizon();
  for (size_t end = 0; end + horizon < kept_.size(); ++end) {
    if (run_[end + horizon] >= spec_.context() + horizon) AddSample(end, end + horizon);
  }
  if (dataset_.targets.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no window is left: none of the ",
                                                   Rows(kept_.size()), " without a gap begins ",
                                                   spec_.context() + horizon, " consecutive ones"));
  }
  if (!Sequential()) dataset_.persistence.clear();
  if (invented_targets_ > 0) {
    Note(absl::StrCat(invented_targets_, " of ", dataset_.targets.size(),
                      " targets are interpolated, not measured"));
  }
  return absl::OkStatus();
}

void StationDatasetBuilder::AddSample(size_t window_end, size_t target_row) {
  dataset_.first_row.push_back(static_cast<uint32_t>(window_end + 1 - spec_.context()));
  dataset_.targets.push_back(*target_[kept_[target_row]]);
  dataset_.persistence.push_back(Persistence(window_end));
  if (invented_[kept_[target_row]]) ++invented_targets_;
}

double StationDatasetBuilder::Persistence(size_t window_end) const {
  if (spec_.horizon() > 0) return *target_[kept_[window_end]];
  if (lag_feature_ >= 0) return *features_[static_cast<size_t>(lag_feature_)][kept_[window_end]];
  if (window_end == 0) return std::numeric_limits<double>::quiet_NaN();
  return *target_[kept_[window_end - 1]];
}

void StationDatasetBuilder::NameShape() {
  const auto features = static_cast<int64_t>(features_.size());
  const auto context = static_cast<int64_t>(spec_.context());
  dataset_.sample_shape =
      context == 1 ? std::vector<int64_t>{1, features} : std::vector<int64_t>{features, context};
  dataset_.output_kind = v1::OUTPUT_KIND_REGRESSION;
}

absl::Status StationDatasetBuilder::CheckTarget() {
  const auto [least, most] = absl::c_minmax_element(dataset_.targets);
  if (*least < *most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the target \"", spec_.target(),
                                                 "\" has no variance: it is ", *least, " in all ",
                                                 dataset_.targets.size(), " samples"));
}

}  // namespace

v1::DatasetSpec WithStationDefaults(v1::DatasetSpec spec) {
  const bool named_columns =
      spec.type() == v1::DATASET_TYPE_INMET || spec.type() == v1::DATASET_TYPE_SYNTHETIC_WEATHER;
  if (named_columns && spec.target().empty()) spec.set_target("precipitation");
  if (named_columns && spec.features().empty()) {
    for (const char* name : {"temperature", "humidity", "wind_speed", "gust"}) {
      AddFeature(spec, name);
    }
    v1::FeatureSpec* previous = spec.add_features();
    previous->set_lag("precipitation");
    previous->set_steps(1);
    previous->set_as("previous_precipitation");
  }
  v1::MissingSpec& missing = *spec.mutable_missing();
  if (missing.method() == v1::MISSING_METHOD_UNSPECIFIED) {
    missing.set_method(v1::MISSING_METHOD_INTERPOLATE);
  }
  if (!missing.has_limit()) missing.set_limit(kDefaultInterpolationLimit);
  if (spec.context() == 0) spec.set_context(1);
  if (!spec.has_horizon()) spec.set_horizon(spec.context() > 1 ? 1 : 0);
  return spec;
}

absl::StatusOr<std::vector<std::string>> NeededColumns(const v1::DatasetSpec& spec) {
  if (spec.target().empty()) return absl::InvalidArgumentError("dataset.target: missing");
  if (spec.features().empty()) return absl::InvalidArgumentError("dataset.features: missing");
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (!absl::c_linear_search(names, name)) names.push_back(name);
  };
  for (int i = 0; i < spec.features_size(); ++i) {
    const v1::FeatureSpec& feature = spec.features(i);
    if (feature.name().empty() == feature.lag().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "dataset.features[", i, "]: give a column's name, or {lag: COLUMN, steps: 1}"));
    }
    if (!feature.lag().empty() && LagSteps(feature) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("dataset.features[", i, "]: a lag of 0 steps is the row itself"));
    }
    add(feature.lag().empty() ? feature.name() : feature.lag());
  }
  add(spec.target());
  return names;
}

absl::StatusOr<Dataset> BuildStationDataset(const v1::DatasetSpec& spec, StationTable station) {
  return StationDatasetBuilder(spec, std::move(station)).Build();
}

}  // namespace tinyjoule

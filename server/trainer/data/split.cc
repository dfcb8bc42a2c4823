// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/data/dataset.h"
#include "server/trainer/data/split_indices.h"

namespace tinyjoule {
namespace {

constexpr size_t kByteValues = 256;

// What rounding leaves of a constant feature is no spread to divide by.
double StandardDeviation(double variance, double mean) {
  const double std = std::sqrt(std::max(variance, 0.0));
  return std > 1e-12 * std::abs(mean) ? std : 1.0;
}

// Rows that several windows share count once.
std::vector<bool> RowsOf(const Dataset& dataset, const std::vector<size_t>& samples) {
  std::vector<bool> used(dataset.rows.size() / dataset.feature_count, false);
  for (const size_t sample : samples) {
    for (size_t k = 0; k < dataset.context; ++k) used[dataset.first_row[sample] + k] = true;
  }
  return used;
}

Scaler FitTableScaler(const Dataset& dataset, const std::vector<size_t>& train) {
  const size_t features = dataset.feature_count;
  const std::vector<bool> used = RowsOf(dataset, train);
  const auto count = static_cast<double>(absl::c_count(used, true));
  Scaler scaler{std::vector<double>(features, 0.0), std::vector<double>(features, 0.0)};
  for (size_t row = 0; row < used.size(); ++row) {
    for (size_t f = 0; used[row] && f < features; ++f) {
      scaler.mean[f] += dataset.rows[row * features + f] / count;
    }
  }
  for (size_t row = 0; row < used.size(); ++row) {
    for (size_t f = 0; used[row] && f < features; ++f) {
      const double offset = dataset.rows[row * features + f] - scaler.mean[f];
      scaler.std[f] += offset * offset / count;
    }
  }
  for (size_t f = 0; f < features; ++f) {
    scaler.std[f] = StandardDeviation(scaler.std[f], scaler.mean[f]);
  }
  return scaler;
}

size_t SampleSize(const std::vector<int64_t>& shape) {
  return static_cast<size_t>(
      std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()));
}

using Histogram = std::array<uint64_t, kByteValues>;

// Mean and standard deviation of pixels / 255; exact sums, since bytes have only 256 values.
std::pair<double, double> MomentsOf(const Histogram& histogram) {
  double count = 0;
  double sum = 0;
  double squares = 0;
  for (size_t value = 0; value < kByteValues; ++value) {
    const double level = static_cast<double>(value) / 255.0;
    count += static_cast<double>(histogram[value]);
    sum += level * static_cast<double>(histogram[value]);
    squares += level * level * static_cast<double>(histogram[value]);
  }
  const double mean = sum / count;
  return {mean, StandardDeviation(squares / count - mean * mean, mean)};
}

Scaler FitPixelScaler(const Dataset& dataset, const std::vector<size_t>& train) {
  const size_t channels = static_cast<size_t>(dataset.sample_shape[0]);
  const size_t plane = SampleSize(dataset.sample_shape) / channels;
  std::vector<Histogram> histograms(channels, Histogram{});
  for (const size_t sample : train) {
    const uint8_t* pixel = &dataset.pixels[sample * channels * plane];
    for (Histogram& histogram : histograms) {
      for (size_t i = 0; i < plane; ++i) ++histogram[*pixel++];
    }
  }
  Scaler scaler;
  for (const Histogram& histogram : histograms) {
    const auto [mean, std] = MomentsOf(histogram);
    scaler.mean.push_back(mean);
    scaler.std.push_back(std);
  }
  return scaler;
}

// [features, context] of a window (channels x time), [1, features] for context 1: feature by
// feature in both.
std::vector<float> TableInputs(const Dataset& dataset, const Scaler& scaler,
                               const std::vector<size_t>& samples) {
  const size_t features = dataset.feature_count;
  std::vector<float> inputs;
  inputs.reserve(samples.size() * features * dataset.context);
  for (const size_t sample : samples) {
    const double* window = &dataset.rows[dataset.first_row[sample] * features];
    for (size_t f = 0; f < features; ++f) {
      for (size_t k = 0; k < dataset.context; ++k) {
        const double value = window[k * features + f];
        inputs.push_back(static_cast<float>((value - scaler.mean[f]) / scaler.std[f]));
      }
    }
  }
  return inputs;
}

using ByteLevels = std::array<float, kByteValues>;

ByteLevels ScaledLevels(double mean, double std) {
  ByteLevels levels;
  for (size_t value = 0; value < kByteValues; ++value) {
    levels[value] = static_cast<float>((static_cast<double>(value) / 255.0 - mean) / std);
  }
  return levels;
}

std::vector<float> PixelInputs(const Dataset& dataset, const Scaler& scaler,
                               const std::vector<size_t>& samples) {
  const size_t channels = scaler.mean.size();
  const size_t plane = SampleSize(dataset.sample_shape) / channels;
  std::vector<ByteLevels> levels;
  for (size_t c = 0; c < channels; ++c) {
    levels.push_back(ScaledLevels(scaler.mean[c], scaler.std[c]));
  }
  std::vector<float> inputs(samples.size() * channels * plane);
  float* out = inputs.data();
  for (const size_t sample : samples) {
    const uint8_t* pixels = &dataset.pixels[sample * channels * plane];
    for (const ByteLevels& scaled : levels) {
      out = std::transform(pixels, pixels + plane, out, [&scaled](uint8_t p) { return scaled[p]; });
      pixels += plane;
    }
  }
  return inputs;
}

std::vector<float> Gather(const std::vector<double>& values, const std::vector<size_t>& samples) {
  std::vector<float> gathered;
  gathered.reserve(samples.size());
  for (const size_t sample : samples) gathered.push_back(static_cast<float>(values[sample]));
  return gathered;
}

double Mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool IsConstant(const std::vector<float>& values) {
  return absl::c_all_of(values, [&values](float value) { return value == values.front(); });
}

void NoteTargets(Split& split) {
  if (split.output_kind == v1::OUTPUT_KIND_CLASSIFICATION) {
    std::vector<bool> seen(split.class_count, false);
    for (const float target : split.targets_train) seen[static_cast<size_t>(target)] = true;
    const auto absent = absl::c_count(seen, false);
    if (absent > 0) split.facts.add_notes(absl::StrCat(absent, " classes have no training row"));
    return;
  }
  if (IsConstant(split.targets_train)) {
    split.facts.add_notes(absl::StrCat("the target is ", split.targets_train.front(),
                                       " in every training row: there is nothing to learn"));
  }
  if (IsConstant(split.targets_test)) {
    split.facts.add_notes(absl::StrCat("the target is ", split.targets_test.front(),
                                       " in every test row: R2 is undefined"));
  }
}

void NoteShuffledWindows(const Dataset& dataset, const v1::SplitSpec& spec, Split& split) {
  if (!spec.shuffle() || dataset.context < 2) return;
  split.facts.add_notes("windows overlap: with split.shuffle, training windows hold test rows");
}

void FillPersistence(const Dataset& dataset, const std::vector<size_t>& test, Split& split) {
  if (dataset.persistence.empty()) return;
  split.persistence_test = Gather(dataset.persistence, test);
  const auto mean = static_cast<float>(Mean(split.targets_train));
  for (float& value : split.persistence_test) {
    if (std::isnan(value)) value = mean;
  }
}

// Of the training rows.
std::vector<float> MeanSample(const Split& split) {
  std::vector<double> sums(split.sample_size(), 0.0);
  for (size_t i = 0; i < split.inputs_train.size(); ++i) {
    sums[i % sums.size()] += static_cast<double>(split.inputs_train[i]);
  }
  std::vector<float> means;
  for (const double sum : sums) {
    means.push_back(static_cast<float>(sum / static_cast<double>(split.train_count())));
  }
  return means;
}

std::vector<float> Repeated(const std::vector<float>& values, size_t count) {
  std::vector<float> repeated;
  repeated.reserve(values.size() * count);
  for (size_t i = 0; i < count; ++i) {
    repeated.insert(repeated.end(), values.begin(), values.end());
  }
  return repeated;
}

}  // namespace

size_t Split::sample_size() const { return SampleSize(sample_shape); }

absl::StatusOr<Split> MakeSplit(const Dataset& dataset, const v1::SplitSpec& spec, uint32_t fold,
                                uint64_t seed) {
  TJ_ASSIGN_OR_RETURN(SplitIndices indices, IndicesOf(dataset, spec, fold, seed));
  indices.train.resize(std::min(indices.train.size(), dataset.max_train));
  indices.test.resize(std::min(indices.test.size(), dataset.max_test));
  if (indices.train.empty() || indices.test.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        dataset.sample_count(), " samples are too few for the split: fold ", fold,
        " would train on ", indices.train.size(), " and test on ", indices.test.size()));
  }
  const bool images = !dataset.pixels.empty();
  const auto inputs = images ? &PixelInputs : &TableInputs;
  Split split;
  split.sample_shape = dataset.sample_shape;
  split.output_kind = dataset.output_kind;
  split.class_count = dataset.class_count;
  split.facts = dataset.facts;
  split.facts.set_train_rows(indices.train.size());
  split.facts.set_test_rows(indices.test.size());
  split.scaler =
      images ? FitPixelScaler(dataset, indices.train) : FitTableScaler(dataset, indices.train);
  split.inputs_train = inputs(dataset, split.scaler, indices.train);
  split.inputs_test = inputs(dataset, split.scaler, indices.test);
  split.targets_train = Gather(dataset.targets, indices.train);
  split.targets_test = Gather(dataset.targets, indices.test);
  FillPersistence(dataset, indices.test, split);
  NoteTargets(split);
  NoteShuffledWindows(dataset, spec, split);
  return split;
}

void LearnInputs(Split& split) {
  split.reconstructs = true;
  split.output_kind = v1::OUTPUT_KIND_REGRESSION;
  split.class_count = 0;
  split.persistence_test.clear();
}

std::vector<BaselinePrediction> Baselines(const Split& split) {
  const size_t count = split.test_count();
  if (split.reconstructs) return {{"predict_mean", Repeated(MeanSample(split), count)}};
  if (split.output_kind == v1::OUTPUT_KIND_CLASSIFICATION) {
    std::vector<size_t> counts(split.class_count, 0);
    for (const float target : split.targets_train) ++counts[static_cast<size_t>(target)];
    const auto majority = std::distance(counts.begin(), absl::c_max_element(counts));
    return {{"majority_class", std::vector<float>(count, static_cast<float>(majority))}};
  }
  const auto mean = static_cast<float>(Mean(split.targets_train));
  std::vector<BaselinePrediction> baselines = {{"predict_mean", std::vector<float>(count, mean)}};
  if (!split.persistence_test.empty()) {
    baselines.push_back({"persistence", split.persistence_test});
  }
  return baselines;
}

}  // namespace tinyjoule

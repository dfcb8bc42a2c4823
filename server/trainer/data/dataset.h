// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_DATASET_H_
#define SERVER_TRAINER_DATA_DATASET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "tinyjoule/v1/sweep.pb.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

using InputFiles = google::protobuf::RepeatedPtrField<v1::InputFile>;

// A loaded data set before any split: samples in their own order (time order for stations),
// features not standardised. Immutable once loaded, hence free to share between threads and tasks.
//
// A sample is `context` consecutive rows of a table, or an image. Tables keep each row once
// (windows overlap); images keep their bytes.
struct Dataset {
  v1::OutputKind output_kind = v1::OUTPUT_KIND_UNSPECIFIED;
  // Classification only.
  uint32_t class_count = 0;
  // Of one sample: {1, features} for context 1 (one channel), {features, context} (channels x
  // time) for windows, {channels, height, width} for images.
  std::vector<int64_t> sample_shape;
  // Without train_rows, test_rows and the notes of a split.
  v1::DatasetFacts facts;

  // Per sample: the target in its own unit, or the class index.
  std::vector<double> targets;
  // Regression on sequential data: the last target that is known when the sample is predicted.
  // Empty when there is no such thing. The first sample of a table may lack one (NaN).
  std::vector<double> persistence;

  // Tables: [row][feature], and the first row of each sample's window.
  size_t feature_count = 0;
  size_t context = 1;
  std::vector<double> rows;
  std::vector<uint32_t> first_row;

  // Images: [sample][channel][height][width], and how many samples at the front are the official
  // training set.
  std::vector<uint8_t> pixels;
  size_t official_train_count = 0;

  // As the sweep asks; absent: all.
  size_t max_train = SIZE_MAX;
  size_t max_test = SIZE_MAX;

  size_t sample_count() const { return targets.size(); }
};

// x' = (x - mean) / std, per feature (tables) or per channel (images, of pixels / 255). A feature
// without variance has std 1. Population standard deviation (divisor n), as scikit-learn's.
struct Scaler {
  std::vector<double> mean;
  std::vector<double> std;
};

// The training and test rows of one fold, standardised, ready for a model. Row-major.
struct Split {
  std::vector<int64_t> sample_shape;
  v1::OutputKind output_kind = v1::OUTPUT_KIND_UNSPECIFIED;
  uint32_t class_count = 0;

  std::vector<float> inputs_train;   // [n_train, sample_shape...]
  std::vector<float> targets_train;  // [n_train], own unit or class index
  std::vector<float> inputs_test;
  std::vector<float> targets_test;
  // What is learned is the input itself, as an autoencoder does; the targets above are not used.
  bool reconstructs = false;
  // [n_test], or empty: the last target known before each test row.
  std::vector<float> persistence_test;

  // Fitted on the training rows alone, whatever the split.
  Scaler scaler;
  // Complete: train_rows, test_rows and the notes of this split.
  v1::DatasetFacts facts;

  size_t train_count() const { return targets_train.size(); }
  size_t test_count() const { return targets_test.size(); }
  // What is learned and tested: a target for each row, or with reconstructs the row's inputs.
  const std::vector<float>& learned_targets() const {
    return reconstructs ? inputs_train : targets_train;
  }
  const std::vector<float>& tested_targets() const {
    return reconstructs ? inputs_test : targets_test;
  }
  // Values of one sample.
  size_t sample_size() const;
};

// The split for a model that gives its own input back: a regression of every value of a sample.
void LearnInputs(Split& split);

// A baseline's prediction of the test rows, in the form of a model's: values as tested_targets()
// for regression, class indices [n_test] for classification.
struct BaselinePrediction {
  // predict_mean | persistence | majority_class
  std::string name;
  std::vector<float> values;
};

// Hash over the input files' hashes and the DatasetSpec without `split` and without paths; the
// trial's seed counts only where it makes the data (synthetic_weather).
// Equal hashes are equal data: also the key of a cache of loaded data sets.
std::string DatasetSha256(const v1::DatasetSpec& spec, const InputFiles& inputs, uint64_t seed);

// Reads and prepares everything that does not depend on a split. `inputs` maps the names that the
// spec uses (`path`, `paths`, or files below `path` for a folder) to local files; a name that is
// not among them is opened as a path. InvalidArgument: a malformed file (file:line:column), an
// unknown column (with the known ones), no row left (with the step that removed them), a target
// without variance. NotFound: a file that is not there. DataLoss: a truncated file.
absl::StatusOr<std::shared_ptr<const Dataset>> LoadDataset(const v1::DatasetSpec& spec,
                                                           const InputFiles& inputs, uint64_t seed);

// Cuts fold `fold` (from 0; 0 for holdout) and standardises it.
//   walk_forward: size = n / (folds + 1); train on rows [0, size * (fold + 1)), test on the next
//     `size` rows. Default 5 folds.
//   holdout: the last ceil(test_fraction * n) rows are tested (default 0.3), or as many random
//     ones with `shuffle` (the same for the same seed).
//   kfold: fold i of `folds` (default 5) contiguous, or shuffled, parts is tested, the rest trains.
//   unspecified: walk_forward for tables, holdout for images.
// Image sets with test files: holdout without test_fraction is the official split; otherwise the
// official training set alone is cut. Images cannot walk forward.
// InvalidArgument: a fold out of range, fewer rows than the split needs.
absl::StatusOr<Split> MakeSplit(const Dataset& dataset, const v1::SplitSpec& split, uint32_t fold,
                                uint64_t seed);

// What a model must beat: predict_mean and (where there is one) persistence for regression,
// majority_class for classification; of a reconstruction each value's mean.
std::vector<BaselinePrediction> Baselines(const Split& split);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_DATASET_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/cifar_files.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/file_system.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr size_t kImageBytes = 3 * 32 * 32;
constexpr size_t kRecordBytes = 1 + kImageBytes;
constexpr uint32_t kClasses = 10;
constexpr size_t kTrainingFiles = 5;

// The files whose own name begins with `prefix`, in the order of their names.
std::vector<LocalFile> Select(const std::vector<LocalFile>& files, absl::string_view prefix) {
  std::vector<LocalFile> selected;
  for (const LocalFile& file : files) {
    const std::string base = file.name.substr(file.name.rfind('/') + 1);
    if (absl::StartsWith(base, prefix) && absl::EndsWith(base, ".bin")) selected.push_back(file);
  }
  std::sort(selected.begin(), selected.end(),
            [](const LocalFile& a, const LocalFile& b) { return a.name < b.name; });
  return selected;
}

absl::Status Append(const LocalFile& file, Dataset& dataset) {
  TJ_ASSIGN_OR_RETURN(const std::string bytes, PosixFileSystem().ReadFile(file.path));
  if (bytes.empty() || bytes.size() % kRecordBytes != 0) {
    return absl::DataLossError(absl::StrCat(file.name, ": truncated: ", bytes.size(),
                                            " bytes are not whole records of ", kRecordBytes,
                                            " bytes (a label and 3 x 32 x 32 pixels)"));
  }
  for (size_t at = 0; at < bytes.size(); at += kRecordBytes) {
    const uint8_t label = static_cast<uint8_t>(bytes[at]);
    if (label >= kClasses) {
      return absl::InvalidArgumentError(absl::StrCat(file.name, ": image ", at / kRecordBytes,
                                                     " has the label ", label,
                                                     ", CIFAR-10 has classes 0-9"));
    }
    dataset.targets.push_back(label);
    const auto first = bytes.begin() + static_cast<ptrdiff_t>(at + 1);
    dataset.pixels.insert(dataset.pixels.end(), first, first + static_cast<ptrdiff_t>(kImageBytes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Dataset> LoadCifar10(const std::vector<LocalFile>& files) {
  const std::vector<LocalFile> train = Select(files, "data_batch");
  const std::vector<LocalFile> test = Select(files, "test_batch");
  if (train.empty() || test.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no ", train.empty() ? "data_batch_1.bin" : "test_batch.bin",
                     " in the data set: cifar10 reads the binary version of CIFAR-10"));
  }
  Dataset dataset;
  dataset.output_kind = v1::OUTPUT_KIND_CLASSIFICATION;
  dataset.class_count = kClasses;
  dataset.sample_shape = {3, 32, 32};
  for (const LocalFile& file : train) TJ_RETURN_IF_ERROR(Append(file, dataset));
  dataset.official_train_count = dataset.targets.size();
  for (const LocalFile& file : test) TJ_RETURN_IF_ERROR(Append(file, dataset));
  dataset.facts.set_rows_read(dataset.targets.size());
  if (train.size() < kTrainingFiles) {
    dataset.facts.add_notes(absl::StrCat("a part of CIFAR-10: ", train.size(), " of its ",
                                         kTrainingFiles, " training files"));
  }
  return dataset;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/svhn_files.h"

#include <matio.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/data/mat_file_check.h"

namespace tinyjoule {
namespace {

constexpr size_t kEdge = 32;
constexpr size_t kChannels = 3;
constexpr size_t kImageBytes = kEdge * kEdge * kChannels;
constexpr uint32_t kClasses = 10;
// The largest of SVHN's files has 531,131.
constexpr size_t kMostImages = 1'000'000;

struct MatClose {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
struct VariableFree {
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};
using MatFile = std::unique_ptr<mat_t, MatClose>;
using Variable = std::unique_ptr<matvar_t, VariableFree>;

// libmatio tells of damage only here.
thread_local std::string complaint;

void TakeComplaint(int level, char* message) {
  if ((level & (MATIO_LOG_LEVEL_ERROR | MATIO_LOG_LEVEL_CRITICAL | MATIO_LOG_LEVEL_WARNING)) != 0) {
    complaint = message;
  }
}

absl::Status Damaged(const std::string& name, const char* variable) {
  return absl::DataLossError(absl::StrCat(name, ": damaged in the variable ", variable,
                                          complaint.empty() ? "" : ": ", complaint));
}

// Its type and shape.
absl::StatusOr<Variable> FindVariable(mat_t& file, const char* variable, const std::string& name) {
  complaint.clear();
  Variable found(Mat_VarReadInfo(&file, variable));
  if (!complaint.empty()) return Damaged(name, variable);
  if (found != nullptr) return found;
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": no variable ", variable, "; SVHN's files hold X and y"));
}

absl::Status ReadValues(mat_t& file, const std::string& name, matvar_t& variable) {
  complaint.clear();
  const bool read = Mat_VarReadDataAll(&file, &variable) == 0 && variable.data != nullptr;
  return read && complaint.empty() ? absl::OkStatus() : Damaged(name, variable.name);
}

absl::StatusOr<size_t> CountImages(const matvar_t& images, const std::string& name) {
  const bool fits = images.class_type == MAT_C_UINT8 && images.rank == 4 &&
                    images.dims[0] == kEdge && images.dims[1] == kEdge &&
                    images.dims[2] == kChannels && images.dims[3] > 0 &&
                    images.dims[3] <= kMostImages;
  if (fits) return images.dims[3];
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": X is not uint8 of [32, 32, 3, images], as SVHN's cropped digits are"));
}

// Column-major [row, column, channel, image] to row-major [image][channel][row][column].
void AppendPixels(const matvar_t& images, size_t count, std::vector<uint8_t>& pixels) {
  const uint8_t* const plane = static_cast<const uint8_t*>(images.data);
  pixels.reserve(pixels.size() + count * kImageBytes);
  for (size_t p = 0; p < count * kChannels; ++p) {
    for (size_t row = 0; row < kEdge; ++row) {
      for (size_t column = 0; column < kEdge; ++column) {
        pixels.push_back(plane[(p * kEdge + column) * kEdge + row]);
      }
    }
  }
}

absl::StatusOr<double> LabelOf(const matvar_t& labels, size_t index, const std::string& name) {
  double label = 0;
  if (labels.class_type == MAT_C_UINT8) label = static_cast<const uint8_t*>(labels.data)[index];
  if (labels.class_type == MAT_C_DOUBLE) label = static_cast<const double*>(labels.data)[index];
  if (label >= 1 && label <= kClasses && label == static_cast<int>(label)) {
    return label == kClasses ? 0 : label;
  }
  return absl::InvalidArgumentError(absl::StrCat(name, ": image ", index, " has the label ", label,
                                                 ", SVHN has 1 to 10 (10 is the digit 0)"));
}

absl::Status CheckLabels(const matvar_t& labels, size_t count, const std::string& name) {
  const bool numbers = labels.class_type == MAT_C_UINT8 || labels.class_type == MAT_C_DOUBLE;
  const size_t size = labels.rank == 2 ? labels.dims[0] * labels.dims[1] : 0;
  if (numbers && size == count) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": y holds ", size, " labels (uint8 or double) for ", count, " images"));
}

absl::Status Append(const LocalFile& file, Dataset& dataset) {
  TJ_RETURN_IF_ERROR(CheckMatFile(file.path, file.name));
  Mat_LogInitFunc("tinyjoule", &TakeComplaint);
  const MatFile opened(Mat_Open(file.path.c_str(), MAT_ACC_RDONLY));
  if (opened == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(file.name, ": libmatio cannot read it"));
  }
  TJ_ASSIGN_OR_RETURN(const Variable images, FindVariable(*opened, "X", file.name));
  TJ_ASSIGN_OR_RETURN(const size_t count, CountImages(*images, file.name));
  TJ_ASSIGN_OR_RETURN(const Variable labels, FindVariable(*opened, "y", file.name));
  TJ_RETURN_IF_ERROR(CheckLabels(*labels, count, file.name));
  // Nothing is allocated before the shapes are known to be sane.
  TJ_RETURN_IF_ERROR(ReadValues(*opened, file.name, *images));
  TJ_RETURN_IF_ERROR(ReadValues(*opened, file.name, *labels));
  for (size_t i = 0; i < count; ++i) {
    TJ_ASSIGN_OR_RETURN(const double label, LabelOf(*labels, i, file.name));
    dataset.targets.push_back(label);
  }
  AppendPixels(*images, count, dataset.pixels);
  return absl::OkStatus();
}

struct SvhnFiles {
  const LocalFile* train = nullptr;
  const LocalFile* test = nullptr;
};

absl::StatusOr<SvhnFiles> Sort(const std::vector<LocalFile>& files) {
  SvhnFiles sorted;
  const LocalFile* other = nullptr;
  for (const LocalFile& file : files) {
    const std::string base = file.name.substr(file.name.rfind('/') + 1);
    if (!absl::EndsWith(base, ".mat")) continue;
    if (absl::StrContains(base, "train")) {
      sorted.train = &file;
    } else if (absl::StrContains(base, "test")) {
      sorted.test = &file;
    } else {
      other = &file;
    }
  }
  if (sorted.train != nullptr && sorted.test != nullptr) return sorted;
  if (sorted.train == nullptr && sorted.test == nullptr && other != nullptr) {
    return SvhnFiles{other, nullptr};
  }
  return absl::NotFoundError(absl::StrCat("no ", sorted.train == nullptr ? "train" : "test",
                                          "_32x32.mat in the data set"));
}

}  // namespace

absl::StatusOr<Dataset> LoadSvhn(const std::vector<LocalFile>& files) {
  TJ_ASSIGN_OR_RETURN(const SvhnFiles sorted, Sort(files));
  Dataset dataset;
  dataset.output_kind = v1::OUTPUT_KIND_CLASSIFICATION;
  dataset.class_count = kClasses;
  dataset.sample_shape = {kChannels, kEdge, kEdge};
  TJ_RETURN_IF_ERROR(Append(*sorted.train, dataset));
  if (sorted.test != nullptr) {
    dataset.official_train_count = dataset.targets.size();
    TJ_RETURN_IF_ERROR(Append(*sorted.test, dataset));
  }
  dataset.facts.set_rows_read(dataset.targets.size());
  return dataset;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/dataset.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "common/base/file_system.h"
#include "common/base/status.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "server/trainer/data/cifar_files.h"
#include "server/trainer/data/column_names.h"
#include "server/trainer/data/image_files.h"
#include "server/trainer/data/station_dataset.h"
#include "server/trainer/data/station_file.h"
#include "server/trainer/data/svhn_files.h"
#include "server/trainer/data/synthetic_weather.h"

namespace tinyjoule {
namespace {

bool IsImageSet(v1::DatasetType type) {
  return type == v1::DATASET_TYPE_MNIST || type == v1::DATASET_TYPE_FASHION_MNIST ||
         type == v1::DATASET_TYPE_IDX || type == v1::DATASET_TYPE_CIFAR10 ||
         type == v1::DATASET_TYPE_SVHN;
}

std::vector<std::string> NamedPaths(const v1::DatasetSpec& spec) {
  std::vector<std::string> paths(spec.paths().begin(), spec.paths().end());
  if (!spec.path().empty()) paths.insert(paths.begin(), spec.path());
  return paths;
}

bool Names(absl::string_view path, absl::string_view input) {
  while (absl::EndsWith(path, "/")) path.remove_suffix(1);
  return input == path || (absl::StartsWith(input, path) && input[path.size()] == '/');
}

// What the spec names outside of `inputs`: the files of a local folder, or the path itself.
void AddLocalFiles(const v1::DatasetSpec& spec, const std::string& path,
                   std::vector<LocalFile>& files) {
  PosixFileSystem file_system;
  const auto names =
      IsImageSet(spec.type())
          ? file_system.ListFolder(path)
          : absl::StatusOr<std::vector<std::string>>(absl::NotFoundError("not a folder"));
  if (!names.ok()) {
    files.push_back({path, path, ""});
    return;
  }
  for (const std::string& name : *names) {
    files.push_back({JoinPath(path, name), JoinPath(path, name), ""});
  }
}

std::vector<LocalFile> FilesOf(const v1::DatasetSpec& spec, const InputFiles& inputs) {
  std::vector<LocalFile> files;
  for (const std::string& path : NamedPaths(spec)) {
    const size_t before = files.size();
    for (const v1::InputFile& input : inputs) {
      if (!Names(path, input.name())) continue;
      files.push_back({input.name(), input.local_path(), input.sha256()});
    }
    if (files.size() == before) AddLocalFiles(spec, path, files);
  }
  return files;
}

// A map field has no order of its own; this gives it one.
std::string DeterministicBytes(const v1::DatasetSpec& spec) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  spec.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

v1::DatasetSpec WithDefaults(const v1::DatasetSpec& spec) {
  return IsImageSet(spec.type()) ? spec : WithStationDefaults(spec);
}

// Files by content. Image sets add the file's own name, since it says what the file is for.
std::vector<std::string> ContentLines(const v1::DatasetSpec& spec,
                                      const std::vector<LocalFile>& files) {
  std::vector<std::string> lines;
  for (const LocalFile& file : files) {
    std::string hash = file.sha256;
    if (hash.empty()) hash = Sha256HexOfFile(file.path).value_or("missing");
    const bool named = IsImageSet(spec.type());
    lines.push_back(named ? absl::StrCat(hash, " ", file.name.substr(file.name.rfind('/') + 1))
                          : hash);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

absl::StatusOr<std::vector<NamedText>> ReadTexts(const std::vector<LocalFile>& files) {
  if (files.empty()) return absl::InvalidArgumentError("dataset.path: missing");
  PosixFileSystem file_system;
  std::vector<NamedText> texts;
  for (const LocalFile& file : files) {
    TJ_ASSIGN_OR_RETURN(std::string text, file_system.ReadFile(file.path));
    texts.push_back({file.name, std::move(text)});
  }
  return texts;
}

absl::StatusOr<StationTable> ReadStation(const v1::DatasetSpec& spec,
                                         const std::vector<LocalFile>& files, uint64_t seed,
                                         const std::vector<std::string>& wanted) {
  if (spec.type() == v1::DATASET_TYPE_SYNTHETIC_WEATHER) {
    TJ_ASSIGN_OR_RETURN(StationTable station, SyntheticWeather(spec.synthetic_weather(), seed));
    std::vector<std::string> known;
    for (const Column& column : station.table.columns) known.push_back(column.name);
    for (const std::string& name : wanted) {
      if (station.table.Find(name) != nullptr) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("synthetic_weather: no column \"", name, "\"", KnownNames(name, known)));
    }
    return station;
  }
  TJ_ASSIGN_OR_RETURN(const std::vector<NamedText> texts, ReadTexts(files));
  return spec.type() == v1::DATASET_TYPE_INMET ? ReadInmetTable(texts, spec, wanted)
                                               : ReadCsvTable(texts, spec, wanted);
}

absl::StatusOr<Dataset> Load(const v1::DatasetSpec& spec, const std::vector<LocalFile>& files,
                             uint64_t seed) {
  switch (spec.type()) {
    case v1::DATASET_TYPE_MNIST:
    case v1::DATASET_TYPE_FASHION_MNIST:
    case v1::DATASET_TYPE_IDX:
      return LoadImages(spec, files);
    case v1::DATASET_TYPE_CIFAR10:
      return LoadCifar10(files);
    case v1::DATASET_TYPE_SVHN:
      return LoadSvhn(files);
    case v1::DATASET_TYPE_CSV:
    case v1::DATASET_TYPE_INMET:
    case v1::DATASET_TYPE_SYNTHETIC_WEATHER: {
      TJ_ASSIGN_OR_RETURN(const std::vector<std::string> wanted, NeededColumns(spec));
      TJ_ASSIGN_OR_RETURN(StationTable station, ReadStation(spec, files, seed, wanted));
      auto dataset = BuildStationDataset(spec, std::move(station));
      if (dataset.ok() || files.empty()) return dataset;
      return Annotate(dataset.status(), files.front().name);
    }
    default:
      return absl::UnimplementedError(
          absl::StrCat("dataset.type: ", v1::DatasetType_Name(spec.type()), " cannot be read yet"));
  }
}

}  // namespace

std::string DatasetSha256(const v1::DatasetSpec& spec, const InputFiles& inputs, uint64_t seed) {
  v1::DatasetSpec canonical = WithDefaults(spec);
  canonical.clear_split();
  canonical.clear_path();
  canonical.clear_paths();
  Sha256 hash;
  hash.Update(DeterministicBytes(canonical));
  for (const std::string& line : ContentLines(spec, FilesOf(spec, inputs))) {
    hash.Update(absl::StrCat("\n", line));
  }
  if (spec.type() == v1::DATASET_TYPE_SYNTHETIC_WEATHER) hash.Update(absl::StrCat("\nseed ", seed));
  return hash.HexDigest();
}

absl::StatusOr<std::shared_ptr<const Dataset>> LoadDataset(const v1::DatasetSpec& spec,
                                                           const InputFiles& inputs,
                                                           uint64_t seed) {
  TJ_ASSIGN_OR_RETURN(Dataset dataset, Load(WithDefaults(spec), FilesOf(spec, inputs), seed));
  dataset.facts.set_dataset_sha256(DatasetSha256(spec, inputs, seed));
  if (spec.has_max_train()) dataset.max_train = spec.max_train();
  if (spec.has_max_test()) dataset.max_test = spec.max_test();
  return std::make_shared<const Dataset>(std::move(dataset));
}

}  // namespace tinyjoule

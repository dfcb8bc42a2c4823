// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/image_files.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/file_system.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint8_t kTypeUnsignedByte = 8;
constexpr size_t kMostDimensions = 4;
constexpr uint32_t kMnistClasses = 10;
constexpr size_t kPieceBytes = size_t{1} << 20;
// A gzip bomb ends here; the largest public set in this form has about 600 MB.
constexpr size_t kMostBytes = size_t{2} << 30;

bool IsGzip(absl::string_view bytes) { return absl::StartsWith(bytes, "\x1f\x8b"); }

absl::StatusOr<std::string> Inflate(absl::string_view packed, absl::string_view name) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) return absl::ResourceExhaustedError("zlib");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, &inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string bytes;
  int code = Z_OK;
  while (code == Z_OK && bytes.size() < kMostBytes) {
    const size_t before = bytes.size();
    bytes.resize(before + kPieceBytes);
    stream.next_out = reinterpret_cast<Bytef*>(&bytes[before]);
    stream.avail_out = kPieceBytes;
    code = inflate(&stream, Z_NO_FLUSH);
    bytes.resize(before + kPieceBytes - stream.avail_out);
  }
  if (code == Z_STREAM_END) return bytes;
  const absl::string_view reason = stream.msg != nullptr ? stream.msg : "it ends early";
  return absl::DataLossError(absl::StrCat(name, ": damaged gzip file (", reason, ") after ",
                                          bytes.size(), " bytes of content"));
}

uint32_t BigEndian32(absl::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// A pair of files: the images and their labels.
struct FilePair {
  std::optional<LocalFile> images;
  std::optional<LocalFile> labels;
};

// A plain file goes before its .gz beside it: it is read faster.
void Keep(std::optional<LocalFile>& slot, const LocalFile& file) {
  if (!slot || absl::EndsWith(slot->name, ".gz")) slot = file;
}

void Sort(const std::vector<LocalFile>& files, FilePair& train, FilePair& test) {
  for (const LocalFile& file : files) {
    const std::string base = file.name.substr(file.name.rfind('/') + 1);
    const bool tested = absl::StrContains(base, "t10k") || absl::StrContains(base, "test");
    if (!tested && !absl::StrContains(base, "train")) continue;
    FilePair& pair = tested ? test : train;
    if (absl::StrContains(base, "images")) Keep(pair.images, file);
    if (absl::StrContains(base, "labels")) Keep(pair.labels, file);
  }
}

absl::Status CheckPair(const FilePair& pair, absl::string_view part) {
  if (pair.images && pair.labels) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("no ", part,
                                          pair.images ? "-labels-idx1-ubyte" : "-images-idx3-ubyte",
                                          "[.gz] in the data set"));
}

// Appends the pair's images and labels to the data set.
absl::Status Append(const FilePair& pair, Dataset& dataset) {
  TJ_ASSIGN_OR_RETURN(IdxArray images, ReadIdxFile(*pair.images));
  TJ_ASSIGN_OR_RETURN(const IdxArray labels, ReadIdxFile(*pair.labels));
  if (images.shape.size() < 3 || images.shape.size() > kMostDimensions) {
    return absl::InvalidArgumentError(absl::StrCat(
        pair.images->name, ": images need 3 or 4 dimensions, not ", images.shape.size()));
  }
  if (labels.shape.size() != 1 || labels.shape[0] != images.shape[0]) {
    return absl::InvalidArgumentError(absl::StrCat(pair.labels->name, ": labels of shape [",
                                                   absl::StrJoin(labels.shape, ", "), "] for ",
                                                   images.shape[0], " images"));
  }
  std::vector<int64_t> shape(images.shape.begin() + 1, images.shape.end());
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  if (!dataset.sample_shape.empty() && dataset.sample_shape != shape) {
    return absl::InvalidArgumentError(
        absl::StrCat(pair.images->name, ": images of [", absl::StrJoin(shape, ", "),
                     "] where training has [", absl::StrJoin(dataset.sample_shape, ", "), "]"));
  }
  dataset.sample_shape = std::move(shape);
  if (dataset.pixels.empty()) {
    dataset.pixels = std::move(images.values);
  } else {
    dataset.pixels.insert(dataset.pixels.end(), images.values.begin(), images.values.end());
  }
  dataset.targets.insert(dataset.targets.end(), labels.values.begin(), labels.values.end());
  return absl::OkStatus();
}

absl::Status CountClasses(const v1::DatasetSpec& spec, Dataset& dataset) {
  if (dataset.targets.empty() || dataset.pixels.empty()) {
    return absl::InvalidArgumentError("the data set holds no image");
  }
  const auto [least, most] = absl::c_minmax_element(dataset.targets);
  if (*least == *most) {
    return absl::InvalidArgumentError(absl::StrCat("every image has the label ", *least));
  }
  const bool ten = spec.type() != v1::DATASET_TYPE_IDX;
  if (ten && *most >= kMnistClasses) {
    return absl::InvalidArgumentError(
        absl::StrCat("a label is ", *most, ", the set has classes 0-9"));
  }
  dataset.class_count = ten ? kMnistClasses : static_cast<uint32_t>(*most) + 1;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<IdxArray> ParseIdx(std::string bytes, absl::string_view name) {
  const size_t dimensions = bytes.size() < 4 ? 0 : static_cast<uint8_t>(bytes[3]);
  const bool magic = bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 &&
                     static_cast<uint8_t>(bytes[2]) == kTypeUnsignedByte;
  if (!magic || dimensions == 0 || dimensions > kMostDimensions) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": not an IDX file of unsigned bytes (it should begin with 00 00 08)"));
  }
  const size_t header = 4 + 4 * dimensions;
  if (bytes.size() < header) {
    return absl::DataLossError(absl::StrCat(name, ": truncated in the header"));
  }
  IdxArray array;
  uint64_t expected = 1;
  for (size_t d = 0; d < dimensions; ++d) {
    array.shape.push_back(BigEndian32(absl::string_view(bytes).substr(4 + 4 * d)));
    const auto size = static_cast<uint64_t>(array.shape.back());
    // Saturates, so that no product of four sizes can wrap around.
    expected = size != 0 && expected > kMostBytes / size ? kMostBytes + 1 : expected * size;
  }
  const uint64_t present = bytes.size() - header;
  if (present < expected) {
    return absl::DataLossError(absl::StrCat(name, ": truncated: ", present, " of the ", expected,
                                            " bytes that its header announces"));
  }
  if (present > expected) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", present - expected, " bytes more than its header announces"));
  }
  array.values.assign(bytes.begin() + static_cast<ptrdiff_t>(header), bytes.end());
  return array;
}

absl::StatusOr<IdxArray> ReadIdxFile(const LocalFile& file) {
  PosixFileSystem files;
  TJ_ASSIGN_OR_RETURN(std::string bytes, files.ReadFile(file.path));
  if (IsGzip(bytes)) {
    TJ_ASSIGN_OR_RETURN(bytes, Inflate(bytes, file.name));
  }
  return ParseIdx(std::move(bytes), file.name);
}

absl::StatusOr<Dataset> LoadImages(const v1::DatasetSpec& spec,
                                   const std::vector<LocalFile>& files) {
  FilePair train;
  FilePair test;
  Sort(files, train, test);
  TJ_RETURN_IF_ERROR(CheckPair(train, "train"));
  const bool train_only = spec.type() == v1::DATASET_TYPE_IDX && !test.images && !test.labels;
  if (!train_only) TJ_RETURN_IF_ERROR(CheckPair(test, "t10k"));
  Dataset dataset;
  dataset.output_kind = v1::OUTPUT_KIND_CLASSIFICATION;
  TJ_RETURN_IF_ERROR(Append(train, dataset));
  if (!train_only) {
    dataset.official_train_count = dataset.targets.size();
    TJ_RETURN_IF_ERROR(Append(test, dataset));
  }
  TJ_RETURN_IF_ERROR(CountClasses(spec, dataset));
  dataset.facts.set_rows_read(dataset.targets.size());
  return dataset;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_IMAGE_FILES_H_
#define SERVER_TRAINER_DATA_IMAGE_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/trainer/data/dataset.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// A file on this machine and the name that messages give it.
struct LocalFile {
  std::string name;
  std::string path;
  // Empty when nobody told it.
  std::string sha256;
};

// Unsigned bytes in IDX form: 0, 0, type 8, number of dimensions, the sizes as 32-bit big-endian
// numbers, then the data in row-major order (Y. LeCun's MNIST page).
struct IdxArray {
  std::vector<int64_t> shape;
  std::vector<uint8_t> values;
};

// From bytes. InvalidArgument: not an IDX file of bytes, or longer than its header says. DataLoss:
// shorter.
absl::StatusOr<IdxArray> ParseIdx(std::string bytes, absl::string_view name);

// From a file, plain or gzip (told by its content). DataLoss also for a gzip stream that ends
// early or fails its check sum.
absl::StatusOr<IdxArray> ReadIdxFile(const LocalFile& file);

// The images and labels among `files`, told by their names: "train" or "t10k"/"test", and "images"
// or "labels". mnist and fashion_mnist need all four; idx may lack the test pair.
absl::StatusOr<Dataset> LoadImages(const v1::DatasetSpec& spec,
                                   const std::vector<LocalFile>& files);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_IMAGE_FILES_H_

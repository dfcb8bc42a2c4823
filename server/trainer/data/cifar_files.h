// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_CIFAR_FILES_H_
#define SERVER_TRAINER_DATA_CIFAR_FILES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "server/trainer/data/dataset.h"
#include "server/trainer/data/image_files.h"

namespace tinyjoule {

// CIFAR-10 in its binary form (A. Krizhevsky's page): records of a label byte and 3 x 32 x 32 bytes
// (red, green, blue; row-major), without a header. Training images come from the files
// "data_batch*.bin" in the order of their names, test images from "test_batch*.bin".
//
// NotFound: one of the two kinds is missing. DataLoss: a file that ends inside a record.
// InvalidArgument: a label above 9.
absl::StatusOr<Dataset> LoadCifar10(const std::vector<LocalFile>& files);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_CIFAR_FILES_H_

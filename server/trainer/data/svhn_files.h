// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_SVHN_FILES_H_
#define SERVER_TRAINER_DATA_SVHN_FILES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "server/trainer/data/dataset.h"
#include "server/trainer/data/image_files.h"

namespace tinyjoule {

// SVHN's cropped digits (Netzer et al. 2011): MATLAB 5 files with X, uint8 [32, 32, 3, images] in
// column-major order, and y [images], the digit, in which 10 stands for 0. Read by libmatio.
// Training images come from the file with "train" in its name, test images from the one with
// "test"; a single file of another name has no official test images.
//
// NotFound: a file is missing. DataLoss: a file that ends early or whose compressed parts are
// damaged. InvalidArgument: no MATLAB 5 file, other variables, a label that is none of 1 to 10.
absl::StatusOr<Dataset> LoadSvhn(const std::vector<LocalFile>& files);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_SVHN_FILES_H_

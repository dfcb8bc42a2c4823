// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_DATA_MAT_FILE_CHECK_H_
#define SERVER_TRAINER_DATA_MAT_FILE_CHECK_H_

#include <string>

#include "absl/status/status.h"

namespace tinyjoule {

// Whether `path` is a complete MATLAB 5 file: a header of 128 bytes, then data elements, each with
// its size in front, that fill the file ("MAT-File Format", The MathWorks). libmatio reads past a
// file's end without saying so. `name` is what messages call it. InvalidArgument: another format.
// DataLoss: it ends inside an element.
[[nodiscard]] absl::Status CheckMatFile(const std::string& path, const std::string& name);

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_DATA_MAT_FILE_CHECK_H_

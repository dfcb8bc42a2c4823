// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_SWEEP_INPUT_H_
#define CLIENT_SWEEP_INPUT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/session.h"
#include "common/config/sweep_file.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// A sweep file as the user named it.
struct SweepInput {
  // "-" is standard input.
  std::string file_name;
  std::string yaml;
  ParsedSweep parsed;
};

// Reads and checks a sweep file, and prints what is wrong with it on standard error. An error only
// when it cannot be read; otherwise ask parsed.ok().
absl::StatusOr<SweepInput> ReadSweep(Session& session, const std::string& file_name,
                                     const std::vector<std::string>& overrides);

// Finds and hashes the files that the sweep names, relative to the sweep file's folder (the
// current one for "-"), with local_path set; a folder of pictures gives its four files, each plain
// or as .gz. InvalidArgument names every file that is missing.
absl::StatusOr<std::vector<v1::InputFile>> CollectFiles(const SweepInput& input);

}  // namespace tinyjoule

#endif  // CLIENT_SWEEP_INPUT_H_

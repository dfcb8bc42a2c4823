// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORE_FILE_ARTIFACT_STORE_H_
#define SERVER_STORE_FILE_ARTIFACT_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/file_system.h"
#include "server/core/artifact_store.h"

namespace tinyjoule {

// Artifacts as files "FOLDER/ab/cd/abcd...": the first two bytes of the hash name two levels of
// folders. New files grow in "FOLDER/tmp", which is emptied here, and are renamed. `files` outlives
// the store.
absl::StatusOr<std::unique_ptr<ArtifactStore>> OpenFileArtifactStore(FileSystem& files,
                                                                     const std::string& folder);

}  // namespace tinyjoule

#endif  // SERVER_STORE_FILE_ARTIFACT_STORE_H_

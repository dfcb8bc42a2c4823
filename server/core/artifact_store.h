// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_ARTIFACT_STORE_H_
#define SERVER_CORE_ARTIFACT_STORE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// Files named by the SHA-256 of their bytes (64 lower-case hexadecimal digits). Written once, on
// stable storage before a call returns, never changed. Thread-safe.
class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;
  // Stores the bytes and returns their hash. OK when they were there.
  virtual absl::StatusOr<std::string> Put(absl::string_view bytes) = 0;
  // Takes over the file at `path`, by rename where the file system allows it, else by copy; the
  // file is gone from `path` afterwards. Returns its hash. When `expected_sha256` is not empty and
  // does not fit: DataLoss, and the file stays where it is.
  virtual absl::StatusOr<std::string> Ingest(const std::string& path,
                                             absl::string_view expected_sha256) = 0;
  // A path for a new temporary file from which Ingest can rename (an upload in progress).
  virtual std::string TemporaryPath() = 0;
  virtual bool Has(absl::string_view sha256) = 0;
  // Where the artifact lies, whether it is there or not. `sha256` must be well formed.
  virtual std::string PathOf(absl::string_view sha256) = 0;
  // NotFound.
  virtual absl::StatusOr<uint64_t> Size(absl::string_view sha256) = 0;
  // All bytes, checked. NotFound; DataLoss, naming the file, when the bytes do not have the hash.
  virtual absl::StatusOr<std::string> Read(absl::string_view sha256) = 0;
  // Checks the bytes without keeping them: NotFound or DataLoss as Read.
  [[nodiscard]] virtual absl::Status Verify(absl::string_view sha256) = 0;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_ARTIFACT_STORE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_MEMORY_ARTIFACT_STORE_H_
#define TESTS_SUPPORT_MEMORY_ARTIFACT_STORE_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/digest.h"
#include "common/base/file_system.h"
#include "common/base/status.h"
#include "server/core/artifact_store.h"

namespace tinyjoule {

// Artifacts in memory, taken over from `files`. Thread-safe as far as `files` is.
class MemoryArtifactStore final : public ArtifactStore {
 public:
  explicit MemoryArtifactStore(FileSystem& files) : files_(files) {}

  absl::StatusOr<std::string> Put(absl::string_view bytes) override {
    absl::MutexLock lock(&mutex_);
    const std::string sha256 = Sha256Hex(bytes);
    artifacts_[sha256] = std::string(bytes);
    return sha256;
  }
  absl::StatusOr<std::string> Ingest(const std::string& path,
                                     absl::string_view expected_sha256) override {
    TJ_ASSIGN_OR_RETURN(const std::string bytes, files_.ReadFile(path));
    if (!expected_sha256.empty() && expected_sha256 != Sha256Hex(bytes)) {
      return absl::DataLossError(absl::StrCat(path, " does not have the hash ", expected_sha256));
    }
    TJ_RETURN_IF_ERROR(files_.RemoveFile(path));
    return Put(bytes);
  }
  std::string TemporaryPath() override {
    absl::MutexLock lock(&mutex_);
    return absl::StrCat("/artifacts/tmp/", ++temporary_count_);
  }
  bool Has(absl::string_view sha256) override {
    absl::MutexLock lock(&mutex_);
    return artifacts_.count(std::string(sha256)) != 0;
  }
  std::string PathOf(absl::string_view sha256) override {
    return absl::StrCat("/artifacts/", sha256);
  }
  absl::StatusOr<uint64_t> Size(absl::string_view sha256) override {
    TJ_ASSIGN_OR_RETURN(const std::string bytes, Read(sha256));
    return bytes.size();
  }
  absl::StatusOr<std::string> Read(absl::string_view sha256) override {
    absl::MutexLock lock(&mutex_);
    const auto found = artifacts_.find(std::string(sha256));
    if (found == artifacts_.end()) {
      return absl::NotFoundError(absl::StrCat("no artifact ", sha256));
    }
    return found->second;
  }
  absl::Status Verify(absl::string_view sha256) override { return Read(sha256).status(); }

 private:
  FileSystem& files_;
  absl::Mutex mutex_;
  std::map<std::string, std::string> artifacts_ ABSL_GUARDED_BY(mutex_);
  int temporary_count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_MEMORY_ARTIFACT_STORE_H_

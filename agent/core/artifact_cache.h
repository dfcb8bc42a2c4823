// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_ARTIFACT_CACHE_H_
#define AGENT_CORE_ARTIFACT_CACHE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/file_system.h"

namespace tinyjoule {

// Gives the bytes of artifacts: the coordinator. Called on the measurement's thread.
class ArtifactSource {
 public:
  using Taker = std::function<absl::Status(absl::string_view bytes)>;
  virtual ~ArtifactSource() = default;
  // Calls `take` with the bytes from `offset` on, in order; an error of its ends the fetch and is
  // returned. Unavailable: try again later, from where it broke off; NotFound: there is none.
  [[nodiscard]] virtual absl::Status Fetch(const std::string& sha256, uint64_t offset,
                                           const Taker& take) = 0;
};

// Artifacts by hash in a folder. Each is checked against its hash every time before it is used; a
// broken download goes on where it ended, or begins anew when what was there is damaged; the least
// recently used ones make room. One thread.
class ArtifactCache {
 public:
  struct Options {
    std::string folder;
    uint64_t limit_bytes = uint64_t{512} << 20;
  };
  // What is in the folder already is used. Everything outlives the cache.
  static absl::StatusOr<std::unique_ptr<ArtifactCache>> Open(FileSystem& file_system,
                                                             const Options& options);

  // The path of the verified file, fetched when it is not there. `keep_going` is asked between the
  // pieces; its error ends the fetch. DataLoss: what came has another hash (and is thrown away).
  absl::StatusOr<std::string> Ensure(const std::string& sha256, ArtifactSource& source,
                                     const std::function<absl::Status()>& keep_going);

 private:
  ArtifactCache(FileSystem& file_system, Options options)
      : file_system_(file_system), options_(std::move(options)) {}
  [[nodiscard]] absl::Status Load();
  std::string PathOf(const std::string& sha256) const;
  std::string PartialPathOf(const std::string& sha256) const;
  // OK when the file has the hash; removes it when it has not.
  [[nodiscard]] absl::Status Verify(const std::string& path, const std::string& sha256);
  [[nodiscard]] absl::Status Download(const std::string& sha256, ArtifactSource& source,
                                      const std::function<absl::Status()>& keep_going);
  void MarkUsed(const std::string& sha256);
  void MakeRoom();

  FileSystem& file_system_;
  const Options options_;
  // Least recently used first.
  std::vector<std::string> order_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_ARTIFACT_CACHE_H_

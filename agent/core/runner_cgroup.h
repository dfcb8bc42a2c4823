// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_RUNNER_CGROUP_H_
#define AGENT_CORE_RUNNER_CGROUP_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/file_system.h"

namespace tinyjoule {

// A cgroup (version 2) of the runner's own, below the agent's, where that was delegated to the
// agent (a systemd unit with Delegate=yes).
//   1. Create() once, at the agent's start: moves the agent itself into the leaf "agent", since a
//      group with processes cannot hand controllers to its subtree, and makes the leaf "runner".
//   2. Place() each runner right after its start.
// Thread-safe.
class RunnerCgroup {
 public:
  // The file system outlives the group. root: "" is the machine itself.
  // FailedPrecondition, PermissionDenied and the like: why there can be none.
  static absl::StatusOr<std::unique_ptr<RunnerCgroup>> Create(FileSystem& file_system,
                                                              const std::string& root);

  // cpus: as the kernel writes them; empty: all. Without a cpuset controller they are left to the
  // process's affinity.
  [[nodiscard]] absl::Status Place(int pid, absl::string_view cpus);
  // Below /sys/fs/cgroup.
  const std::string& path() const { return path_; }

 private:
  RunnerCgroup(FileSystem& file_system, const std::string& root, const std::string& parent,
               bool has_cpuset);

  FileSystem& file_system_;
  const std::string path_;
  const std::string folder_;
  const bool has_cpuset_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_RUNNER_CGROUP_H_

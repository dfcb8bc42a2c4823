// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/runner_cgroup.h"

#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kMaxFileBytes = 64 << 10;
constexpr char kCgroupFolder[] = "/sys/fs/cgroup";
constexpr char kAdvice[] = "; run the agent as a systemd unit with Delegate=yes";

std::vector<std::string> Words(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
}

// The kernel's files take what is written to them; nothing is stored.
absl::Status Tell(FileSystem& file_system, const std::string& path, absl::string_view text) {
  const auto file = file_system.OpenForAppend(path);
  if (!file.ok()) return file.status();
  return Annotate((*file)->Append(text), path);
}

// The agent's own group, as "/system.slice/tinyjoule-agent.service"; "" is the root.
absl::StatusOr<std::string> OwnGroup(FileSystem& file_system, const std::string& root) {
  if (!file_system.Exists(absl::StrCat(root, kCgroupFolder, "/cgroup.controllers"))) {
    return absl::FailedPreconditionError("there is no cgroup version 2 at /sys/fs/cgroup");
  }
  TJ_ASSIGN_OR_RETURN(const std::string groups,
                      file_system.ReadRange(root + "/proc/self/cgroup", 0, kMaxFileBytes));
  for (absl::string_view line : absl::StrSplit(groups, '\n')) {
    if (absl::ConsumePrefix(&line, "0::")) {
      return std::string(absl::StripSuffix(absl::StripAsciiWhitespace(line), "/"));
    }
  }
  return absl::FailedPreconditionError("the agent is in no cgroup of version 2");
}

// Who may move itself: a group that other processes share was not delegated to the agent.
absl::Status CheckAlone(FileSystem& file_system, const std::string& group,
                        const std::string& folder) {
  TJ_ASSIGN_OR_RETURN(const std::string text,
                      file_system.ReadRange(folder + "/cgroup.procs", 0, kMaxFileBytes));
  const size_t processes = Words(text).size();
  if (processes == 1) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the agent shares its cgroup ", group,
                                                    "/ with ", processes - 1, " other processes",
                                                    kAdvice));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunnerCgroup>> RunnerCgroup::Create(FileSystem& file_system,
                                                                   const std::string& root) {
  TJ_ASSIGN_OR_RETURN(const std::string group, OwnGroup(file_system, root));
  const std::string folder = absl::StrCat(root, kCgroupFolder, group);
  TJ_RETURN_IF_ERROR(CheckAlone(file_system, group, folder));
  for (const char* leaf : {"/agent", "/runner"}) {
    const absl::Status made = file_system.CreateFolder(folder + leaf);
    if (!made.ok()) return absl::Status(made.code(), absl::StrCat(made.message(), kAdvice));
  }
  // "0" is the process that writes.
  TJ_RETURN_IF_ERROR(Tell(file_system, folder + "/agent/cgroup.procs", "0"));
  const std::vector<std::string> controllers =
      Words(file_system.ReadRange(folder + "/cgroup.controllers", 0, kMaxFileBytes).value_or(""));
  const bool has_cpuset = absl::c_linear_search(controllers, "cpuset") &&
                          Tell(file_system, folder + "/cgroup.subtree_control", "+cpuset").ok();
  return std::unique_ptr<RunnerCgroup>(new RunnerCgroup(file_system, root, group, has_cpuset));
}

RunnerCgroup::RunnerCgroup(FileSystem& file_system, const std::string& root,
                           const std::string& parent, bool has_cpuset)
    : file_system_(file_system),
      path_(parent + "/runner"),
      folder_(absl::StrCat(root, kCgroupFolder, path_)),
      has_cpuset_(has_cpuset) {}

absl::Status RunnerCgroup::Place(int pid, absl::string_view cpus) {
  if (has_cpuset_) {
    // An empty line takes the restriction of the run before away.
    TJ_RETURN_IF_ERROR(Tell(file_system_, folder_ + "/cpuset.cpus", absl::StrCat(cpus, "\n")));
  }
  return Tell(file_system_, folder_ + "/cgroup.procs", absl::StrCat(pid, "\n"));
}

}  // namespace tinyjoule

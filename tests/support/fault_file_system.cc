// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fault_file_system.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

absl::Status NotFound(const std::string& path) {
  return absl::NotFoundError(absl::StrCat("cannot open ", path, ": No such file or directory"));
}

}  // namespace

class FaultAppendFile final : public AppendFile {
 public:
  FaultAppendFile(FaultFileSystem& system, std::string path)
      : system_(system), path_(std::move(path)) {}
  absl::Status Append(absl::string_view bytes) override {
    if (absl::Status status = system_.CountWrite(path_, bytes.size()); !status.ok()) return status;
    system_.files_[path_].bytes.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  absl::Status Sync() override {
    if (absl::Status status = system_.CountWrite(path_, 0); !status.ok()) return status;
    auto& file = system_.files_[path_];
    file.synced = file.bytes.size();
    return absl::OkStatus();
  }

 private:
  FaultFileSystem& system_;
  const std::string path_;
};

void FaultFileSystem::LosePower(uint64_t kept) {
  for (auto& [path, file] : files_) {
    file.bytes.resize(std::min<uint64_t>(file.bytes.size(), file.synced + kept));
    file.synced = file.bytes.size();
  }
}

absl::Status FaultFileSystem::CountWrite(const std::string& path, uint64_t added_bytes) {
  ++writes_;
  if (armed_ && writes_until_fault_-- == 0) {
    writes_until_fault_ = 0;
    ++faults_fired_;
    return absl::Status(fault_.code(), absl::StrCat(path, ": ", fault_.message()));
  }
  if (UsedBytes() + added_bytes > capacity_) {
    ++faults_fired_;
    return absl::ResourceExhaustedError(absl::StrCat(path, ": No space left on device"));
  }
  return absl::OkStatus();
}

uint64_t FaultFileSystem::UsedBytes() const {
  uint64_t used = 0;
  for (const auto& [path, file] : files_) used += file.bytes.size();
  return used;
}

absl::StatusOr<std::string> FaultFileSystem::ReadFile(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return NotFound(path);
  return found->second.bytes;
}

absl::StatusOr<std::string> FaultFileSystem::ReadRange(const std::string& path, uint64_t offset,
                                                       uint64_t length) {
  const auto found = files_.find(path);
  if (found == files_.end()) return NotFound(path);
  if (offset >= found->second.bytes.size()) return std::string();
  return found->second.bytes.substr(offset, length);
}

absl::Status FaultFileSystem::WriteFileAtomically(const std::string& path,
                                                  absl::string_view bytes) {
  if (absl::Status status = CountWrite(path, bytes.size()); !status.ok()) return status;
  files_[path] = {std::string(bytes), bytes.size()};
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<AppendFile>> FaultFileSystem::OpenForAppend(
    const std::string& path) {
  files_[path];
  return std::make_unique<FaultAppendFile>(*this, path);
}

absl::Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  const auto found = files_.find(from);
  if (found == files_.end()) return NotFound(from);
  File file = std::move(found->second);
  files_.erase(found);
  files_[to] = std::move(file);
  return absl::OkStatus();
}

absl::Status FaultFileSystem::RemoveFile(const std::string& path) {
  files_.erase(path);
  return absl::OkStatus();
}

absl::Status FaultFileSystem::RemoveTree(const std::string& path) {
  if (!remove_tree_error_.ok()) return remove_tree_error_;
  const auto inside = [&path](const std::string& name) {
    return name == path || absl::StartsWith(name, path + "/");
  };
  for (auto file = files_.begin(); file != files_.end();) {
    file = inside(file->first) ? files_.erase(file) : std::next(file);
  }
  for (auto folder = folders_.begin(); folder != folders_.end();) {
    folder = inside(folder->first) ? folders_.erase(folder) : std::next(folder);
  }
  return absl::OkStatus();
}

absl::Status FaultFileSystem::CreateFolder(const std::string& path) {
  folders_[path] = true;
  return absl::OkStatus();
}

absl::Status FaultFileSystem::SyncFolder(const std::string&) { return absl::OkStatus(); }

absl::StatusOr<std::vector<std::string>> FaultFileSystem::ListFolder(const std::string& path) {
  std::set<std::string> names;
  const std::string prefix = path + "/";
  const auto add = [&](const std::string& name) {
    if (absl::StartsWith(name, prefix)) {
      names.insert(name.substr(prefix.size(), name.find('/', prefix.size()) - prefix.size()));
    }
  };
  for (const auto& [name, file] : files_) add(name);
  for (const auto& [name, exists] : folders_) add(name);
  if (names.empty() && folders_.count(path) == 0) return NotFound(path);
  return std::vector<std::string>(names.begin(), names.end());
}

bool FaultFileSystem::Exists(const std::string& path) {
  return files_.count(path) > 0 || folders_.count(path) > 0;
}

absl::StatusOr<uint64_t> FaultFileSystem::FileSize(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return NotFound(path);
  return found->second.bytes.size();
}

absl::Status FaultFileSystem::Truncate(const std::string& path, uint64_t size) {
  const auto found = files_.find(path);
  if (found == files_.end()) return NotFound(path);
  found->second.bytes.resize(size);
  found->second.synced = std::min(found->second.synced, size);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> FaultFileSystem::FreeSpace(const std::string&) {
  const uint64_t used = UsedBytes();
  return used > capacity_ ? 0 : capacity_ - used;
}

}  // namespace tinyjoule

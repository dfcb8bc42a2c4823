// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/base/framing.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

absl::Status PathError(absl::string_view attempt, absl::string_view path) {
  return ErrnoStatus(errno, absl::StrCat("cannot ", attempt, " ", path));
}

// Closes on every way out.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

class PosixAppendFile final : public AppendFile {
 public:
  explicit PosixAppendFile(const std::string& path)
      : path_(path), file_(path, O_WRONLY | O_CREAT | O_APPEND) {}
  bool ok() const { return file_.ok(); }

  absl::Status Append(absl::string_view bytes) override {
    return Annotate(WriteAll(file_.get(), bytes), path_);
  }
  absl::Status Sync() override {
    return fdatasync(file_.get()) == 0 ? absl::OkStatus() : PathError("sync", path_);
  }

 private:
  const std::string path_;
  const Descriptor file_;
};

}  // namespace

absl::StatusOr<std::string> PosixFileSystem::ReadFile(const std::string& path) {
  TJ_ASSIGN_OR_RETURN(const uint64_t size, FileSize(path));
  return ReadRange(path, 0, size);
}

absl::StatusOr<std::string> PosixFileSystem::ReadRange(const std::string& path, uint64_t offset,
                                                       uint64_t length) {
  const Descriptor file(path, O_RDONLY);
  if (!file.ok()) return PathError("open", path);
  std::string bytes(length, '\0');
  size_t done = 0;
  while (done < length) {
    const ssize_t count =
        pread(file.get(), bytes.data() + done, length - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return PathError("read", path);
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

absl::Status PosixFileSystem::WriteFileAtomically(const std::string& path,
                                                  absl::string_view bytes) {
  const std::string temporary = absl::StrCat(path, ".tmp.", getpid());
  const auto write = [&]() -> absl::Status {
    const Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.ok()) return PathError("create", temporary);
    TJ_RETURN_IF_ERROR(Annotate(WriteAll(file.get(), bytes), temporary));
    if (fsync(file.get()) != 0) return PathError("sync", temporary);
    return absl::OkStatus();
  };
  absl::Status status = write();
  if (status.ok()) status = Rename(temporary, path);
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncFolder(FolderOf(path));
}

absl::StatusOr<std::unique_ptr<AppendFile>> PosixFileSystem::OpenForAppend(
    const std::string& path) {
  auto file = std::make_unique<PosixAppendFile>(path);
  if (!file->ok()) return PathError("open", path);
  return file;
}

absl::Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return PathError("rename", absl::StrCat(from, " to ", to));
}

absl::Status PosixFileSystem::RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return PathError("remove", path);
}

absl::Status PosixFileSystem::RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  return error ? ErrnoStatus(error.value(), absl::StrCat("cannot remove ", path))
               : absl::OkStatus();
}

absl::Status PosixFileSystem::CreateFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? ErrnoStatus(error.value(), absl::StrCat("cannot create folder ", path))
               : absl::OkStatus();
}

absl::Status PosixFileSystem::SyncFolder(const std::string& path) {
  const Descriptor folder(path, O_RDONLY | O_DIRECTORY);
  if (!folder.ok()) return PathError("open folder", path);
  return fsync(folder.get()) == 0 ? absl::OkStatus() : PathError("sync folder", path);
}

absl::StatusOr<std::vector<std::string>> PosixFileSystem::ListFolder(const std::string& path) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return ErrnoStatus(error.value(), absl::StrCat("cannot list ", path));
  std::sort(names.begin(), names.end());
  return names;
}

bool PosixFileSystem::Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

absl::StatusOr<uint64_t> PosixFileSystem::FileSize(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return PathError("open", path);
  if (S_ISDIR(facts.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read ", path, ": it is a folder"));
  }
  return static_cast<uint64_t>(facts.st_size);
}

absl::Status PosixFileSystem::Truncate(const std::string& path, uint64_t size) {
  if (truncate(path.c_str(), static_cast<off_t>(size)) == 0) return absl::OkStatus();
  return PathError("truncate", path);
}

absl::StatusOr<uint64_t> PosixFileSystem::FreeSpace(const std::string& path) {
  struct statvfs facts {};
  if (statvfs(path.c_str(), &facts) != 0) return PathError("ask for the free space of", path);
  return uint64_t{facts.f_bavail} * facts.f_frsize;
}

std::string JoinPath(absl::string_view folder, absl::string_view name) {
  if (folder.empty() || (!name.empty() && name.front() == '/')) return std::string(name);
  return absl::StrCat(folder, folder.back() == '/' ? "" : "/", name);
}

std::string FolderOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

}  // namespace tinyjoule

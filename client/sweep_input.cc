// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/sweep_input.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/digest.h"
#include "common/base/file_system.h"
#include "common/base/status.h"
#include "common/config/sweep_expansion.h"

namespace tinyjoule {
namespace {

// Gathers what is there and what is not.
class FileCollector {
 public:
  explicit FileCollector(std::string folder) : folder_(std::move(folder)) {}

  absl::Status Add(const ReferencedFile& referenced) {
    const std::string path = JoinPath(folder_, referenced.name);
    if (referenced.folder_files.empty()) return AddFirst(referenced.name, path, {""});
    for (const std::string& file : referenced.folder_files) {
      TJ_RETURN_IF_ERROR(absl::EndsWith(file, "*") ? AddAll(referenced.name, path, file)
                                                   : AddFirst(JoinPath(referenced.name, file),
                                                              JoinPath(path, file), {"", ".gz"}));
    }
    return absl::OkStatus();
  }

  const std::string& missing() const { return missing_; }
  std::vector<v1::InputFile> TakeFiles() { return std::move(files_); }

 private:
  // Every file of the folder that begins as the pattern does.
  absl::Status AddAll(const std::string& name, const std::string& path,
                      const std::string& pattern) {
    const absl::string_view prefix = absl::StripSuffix(pattern, "*");
    std::vector<std::string> files = system_.ListFolder(path).value_or(std::vector<std::string>());
    std::sort(files.begin(), files.end());
    bool found = false;
    for (const std::string& file : files) {
      if (!absl::StartsWith(file, prefix)) continue;
      TJ_RETURN_IF_ERROR(AddFile(JoinPath(name, file), JoinPath(path, file)));
      found = true;
    }
    if (!found) absl::StrAppend(&missing_, "\n  ", JoinPath(path, pattern));
    return absl::OkStatus();
  }

  // The first of the suffixes that gives a file.
  absl::Status AddFirst(const std::string& name, const std::string& path,
                        const std::vector<std::string>& suffixes) {
    for (const std::string& suffix : suffixes) {
      if (system_.Exists(path + suffix)) return AddFile(name + suffix, path + suffix);
    }
    absl::StrAppend(&missing_, "\n  ", path, suffixes.size() > 1 ? " (or .gz)" : "");
    return absl::OkStatus();
  }

  absl::Status AddFile(const std::string& name, const std::string& path) {
    v1::InputFile file;
    file.set_name(name);
    file.set_local_path(path);
    TJ_ASSIGN_OR_RETURN(std::string sha256, Sha256HexOfFile(path));
    TJ_ASSIGN_OR_RETURN(const uint64_t size_bytes, system_.FileSize(path));
    file.set_sha256(std::move(sha256));
    file.set_size_bytes(size_bytes);
    files_.push_back(std::move(file));
    return absl::OkStatus();
  }

  PosixFileSystem system_;
  const std::string folder_;
  std::vector<v1::InputFile> files_;
  std::string missing_;
};

absl::StatusOr<std::string> ReadText(Session& session, const std::string& file_name) {
  if (file_name == "-") return std::string(std::istreambuf_iterator<char>(session.console.in), {});
  return PosixFileSystem().ReadFile(file_name);
}

}  // namespace

absl::StatusOr<SweepInput> ReadSweep(Session& session, const std::string& file_name,
                                     const std::vector<std::string>& overrides) {
  SweepInput input;
  input.file_name = file_name;
  TJ_ASSIGN_OR_RETURN(input.yaml, ReadText(session, file_name));
  input.parsed = ParseSweep(input.yaml, file_name == "-" ? "<stdin>" : file_name, overrides);
  session.console.err << FormatDiagnostics(input.parsed.diagnostics);
  return input;
}

absl::StatusOr<std::vector<v1::InputFile>> CollectFiles(const SweepInput& input) {
  FileCollector collector(FolderOf(input.file_name));
  for (const ReferencedFile& referenced : ReferencedFiles(input.parsed.spec)) {
    TJ_RETURN_IF_ERROR(collector.Add(referenced));
  }
  if (!collector.missing().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        input.file_name, ": files that the sweep names are missing:", collector.missing()));
  }
  return collector.TakeFiles();
}

}  // namespace tinyjoule

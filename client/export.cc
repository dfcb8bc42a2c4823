// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "common/base/file_system.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

struct ExportOptions {
  std::string sweep;
  std::vector<std::string> tables;
  std::string format = "csv";
  std::string folder = ".";
};

v1::ExportSweepRequest MakeRequest(const ExportOptions& options) {
  static const std::map<std::string, v1::ExportTable> kTables = {
      {"runs", v1::EXPORT_TABLE_RUNS},
      {"windows", v1::EXPORT_TABLE_WINDOWS},
      {"samples", v1::EXPORT_TABLE_SAMPLES},
      {"trials", v1::EXPORT_TABLE_TRIALS}};
  static const std::map<std::string, v1::ExportFormat> kFormats = {
      {"csv", v1::EXPORT_FORMAT_CSV},
      {"json", v1::EXPORT_FORMAT_JSON},
      {"reference", v1::EXPORT_FORMAT_REFERENCE},
      {"html", v1::EXPORT_FORMAT_HTML}};
  v1::ExportSweepRequest request;
  request.set_sweep_id(options.sweep);
  request.set_format(kFormats.at(options.format));
  for (const std::string& table : options.tables) request.add_tables(kTables.at(table));
  return request;
}

// Writes each file beside its final name and renames it at the end, so that what has the name is
// whole. A name with a '/' is refused: the coordinator does not choose folders here.
class FileWriter {
 public:
  explicit FileWriter(std::string folder) : folder_(std::move(folder)) {}

  absl::Status Write(const v1::ExportSweepResponse& piece) {
    if (!piece.file_name().empty() && piece.file_name() != name_) {
      TJ_RETURN_IF_ERROR(Finish());
      TJ_RETURN_IF_ERROR(Open(piece.file_name()));
    }
    file_.write(piece.data().data(), static_cast<std::streamsize>(piece.data().size()));
    return file_ ? absl::OkStatus() : ErrnoStatus(errno, absl::StrCat("cannot write ", Part()));
  }

  absl::Status Finish() {
    if (name_.empty()) return absl::OkStatus();
    file_.close();
    if (!file_) return ErrnoStatus(errno, absl::StrCat("cannot write ", Part()));
    TJ_RETURN_IF_ERROR(files_.Rename(Part(), JoinPath(folder_, name_)));
    written_.push_back(JoinPath(folder_, name_));
    name_.clear();
    return absl::OkStatus();
  }

  void Abandon() {
    file_.close();
    if (!name_.empty()) files_.RemoveFile(Part()).IgnoreError();
  }

  const std::vector<std::string>& written() const { return written_; }

 private:
  absl::Status Open(const std::string& name) {
    if (absl::StrContains(name, '/') || name[0] == '.') {
      return absl::InvalidArgumentError(absl::StrCat("the coordinator sent a file name ", name));
    }
    TJ_RETURN_IF_ERROR(files_.CreateFolder(folder_));
    name_ = name;
    file_.open(Part(), std::ios::binary | std::ios::trunc);
    return file_ ? absl::OkStatus() : ErrnoStatus(errno, absl::StrCat("cannot create ", Part()));
  }
  std::string Part() const { return absl::StrCat(JoinPath(folder_, name_), ".part"); }

  const std::string folder_;
  PosixFileSystem files_;
  std::string name_;
  std::ofstream file_;
  std::vector<std::string> written_;
};

absl::Status Receive(Session& session, const v1::ExportSweepRequest& request,
                     const std::function<absl::Status(const v1::ExportSweepResponse&)>& write) {
  absl::Status written;
  const absl::Status status =
      session.connection
          .Stream<v1::RunService::Stub, v1::ExportSweepRequest, v1::ExportSweepResponse>(
              &v1::RunService::Stub::ExportSweep, request,
              [&](const v1::ExportSweepResponse& piece) {
                written = write(piece);
                return written.ok();
              });
  return written.ok() ? status : written;
}

int ExportToFolder(Session& session, const v1::ExportSweepRequest& request,
                   const std::string& folder) {
  FileWriter writer(folder);
  absl::Status status = Receive(
      session, request, [&](const v1::ExportSweepResponse& piece) { return writer.Write(piece); });
  if (status.ok()) status = writer.Finish();
  if (!status.ok()) {
    writer.Abandon();
    return Fail(session, status);
  }
  for (const std::string& path : writer.written()) session.console.out << path << "\n";
  return kExitOk;
}

int Export(Session& session, const ExportOptions& options) {
  if (options.format == "reference" &&
      (options.tables.size() > 1 || (options.tables.size() == 1 && options.tables[0] != "runs"))) {
    return Fail(session, kExitUsage, "--format reference has one table: runs");
  }
  const v1::ExportSweepRequest request = MakeRequest(options);
  if (options.folder != "-") return ExportToFolder(session, request, options.folder);
  if (options.tables.size() != 1) {
    return Fail(session, kExitUsage,
                "-O - writes one table to standard output: say which, --table");
  }
  const std::string metadata = "datapackage.json";
  std::string name;
  const absl::Status status = Receive(session, request, [&](const v1::ExportSweepResponse& piece) {
    if (!piece.file_name().empty()) name = piece.file_name();
    if (name != metadata) session.console.out << piece.data();
    return absl::OkStatus();
  });
  session.console.out << std::flush;
  return status.ok() ? kExitOk : Fail(session, status);
}

struct ReportOptions {
  std::string sweep;
  std::string path = "report.html";
};

int Report(Session& session, const ReportOptions& options) {
  std::string page;
  v1::ExportSweepRequest request;
  request.set_sweep_id(options.sweep);
  request.set_format(v1::EXPORT_FORMAT_HTML);
  absl::Status status = Receive(session, request, [&](const v1::ExportSweepResponse& piece) {
    page += piece.data();
    return absl::OkStatus();
  });
  if (!status.ok()) return Fail(session, status);
  if (options.path == "-") {
    session.console.out << page;
    return kExitOk;
  }
  PosixFileSystem files;
  status = files.CreateFolder(FolderOf(options.path));
  if (status.ok()) status = files.WriteFileAtomically(options.path, page);
  if (!status.ok()) return Fail(session, status);
  session.console.out << options.path << "\n";
  return kExitOk;
}

}  // namespace

void AddExport(CLI::App& root, Command& chosen) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* verb = root.add_subcommand(
      "export", "The sweep's tables as files: runs, windows and trials with datapackage.json");
  verb->add_option("SWEEP", options->sweep, "An id, a prefix of one, or a name")->required();
  verb->add_option("--table", options->tables, "runs | windows | samples | trials; repeatable")
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"runs", "windows", "samples", "trials"}));
  verb->add_option("--format", options->format, "csv | json | reference")
      ->check(CLI::IsMember({"csv", "json", "reference"}))
      ->capture_default_str();
  verb->add_option("-O,--output", options->folder, "The folder; - is standard output")
      ->capture_default_str();
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return Export(session, *options); };
  });
}

void AddReport(CLI::App& root, Command& chosen) {
  const auto options = std::make_shared<ReportOptions>();
  CLI::App* verb = root.add_subcommand("report", "One self-contained page: table, picture, flags");
  verb->add_option("SWEEP", options->sweep, "An id, a prefix of one, or a name")->required();
  verb->add_option("-O,--output", options->path, "The file; - is standard output")
      ->capture_default_str();
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return Report(session, *options); };
  });
}

}  // namespace tinyjoule

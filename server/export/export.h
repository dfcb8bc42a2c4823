// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_EXPORT_EXPORT_H_
#define SERVER_EXPORT_EXPORT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/energy/sample_block.h"
#include "tinyjoule/v1/run.pb.h"
#include "tinyjoule/v1/run_service.pb.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// Where the bytes of one exported file go, in pieces of at most kExportPieceBytes.
class ExportSink {
 public:
  virtual ~ExportSink() = default;
  // An error ends the export and is handed to its caller.
  [[nodiscard]] virtual absl::Status Write(absl::string_view bytes) = 0;
};
inline constexpr size_t kExportPieceBytes = 64 * 1024;

// "runs.csv", "windows.json", "runs.reference.csv".
std::string ExportFileName(v1::ExportTable table, v1::ExportFormat format);

// Swept parameters become the columns param.<path>: the union over the rows, sorted.
using ParameterPaths = std::set<std::string>;
void CollectParameterPaths(const v1::Run& run, ParameterPaths& paths);
void CollectParameterPaths(const v1::TrialSummary& trial, ParameterPaths& paths);

class TableWriter;

// One table on its way to a sink, row after row: nothing but the current piece is held. A pure
// function of what is added: the same calls give the same bytes, everywhere.
// 1. Create. 2. Add in the order that the file shall have. 3. Finish. One sequence.
class RunsExport {
 public:
  // CSV, JSON or REFERENCE; InvalidArgument for anything else.
  static absl::StatusOr<RunsExport> Create(v1::ExportFormat format, const ParameterPaths& paths,
                                           ExportSink& sink);
  RunsExport(RunsExport&&) noexcept;
  ~RunsExport();
  [[nodiscard]] absl::Status Add(const v1::Run& run);
  [[nodiscard]] absl::Status Finish();

 private:
  RunsExport(std::unique_ptr<TableWriter> writer, bool reference);
  std::unique_ptr<TableWriter> writer_;
  bool reference_;
};

// windows.csv: a row per inference window of each run.
class WindowsExport {
 public:
  static absl::StatusOr<WindowsExport> Create(v1::ExportFormat format, ExportSink& sink);
  WindowsExport(WindowsExport&&) noexcept;
  ~WindowsExport();
  [[nodiscard]] absl::Status Add(const v1::Run& run);
  [[nodiscard]] absl::Status Finish();

 private:
  explicit WindowsExport(std::unique_ptr<TableWriter> writer);
  std::unique_ptr<TableWriter> writer_;
};

// samples.csv: a row per sensor conversion. Add may be called once per chunk.
class SamplesExport {
 public:
  static absl::StatusOr<SamplesExport> Create(v1::ExportFormat format, ExportSink& sink);
  SamplesExport(SamplesExport&&) noexcept;
  ~SamplesExport();
  [[nodiscard]] absl::Status Add(absl::string_view run_id, const v1::SensorDescription& sensor,
                                 absl::Span<const RawCounts> samples);
  [[nodiscard]] absl::Status Finish();

 private:
  explicit SamplesExport(std::unique_ptr<TableWriter> writer);
  std::unique_ptr<TableWriter> writer_;
};

// What a row of trials.csv tells of its sweep.
struct SweepFacts {
  std::string name;
  std::optional<double> grid_gco2e_per_kwh;
};

// trials.csv: a row per trial; each data set and fold's baselines (predict_mean, persistence, ...)
// follow the first trial that has them, as rows with model "baseline" and the name as variant.
class TrialsExport {
 public:
  static absl::StatusOr<TrialsExport> Create(v1::ExportFormat format, const ParameterPaths& paths,
                                             ExportSink& sink);
  TrialsExport(TrialsExport&&) noexcept;
  ~TrialsExport();
  [[nodiscard]] absl::Status Add(const SweepFacts& sweep, const v1::TrialSummary& trial);
  [[nodiscard]] absl::Status Finish();

 private:
  explicit TrialsExport(std::unique_ptr<TableWriter> writer);
  std::unique_ptr<TableWriter> writer_;
  // "dataset fold baseline" of the baseline rows that are written.
  std::set<std::string> written_baselines_;
};

// datapackage.json (Frictionless Data Package, profile tabular): every column of the named tables
// with type, unit and meaning. `format` CSV, JSON or REFERENCE.
std::string DataPackageJson(absl::string_view sweep_name, absl::Span<const v1::ExportTable> tables,
                            v1::ExportFormat format, const ParameterPaths& paths);
// docs/columns.md, from the same table of columns.
std::string ColumnsMarkdown();

}  // namespace tinyjoule

#endif  // SERVER_EXPORT_EXPORT_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/export/export.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status.h"
#include "server/export/columns.h"
#include "server/export/table_writer.h"

namespace tinyjoule {
namespace {

using Parameters = google::protobuf::Map<std::string, std::string>;

const Parameters& NoParameters() {
  static const auto* const none = new Parameters();
  return *none;
}

absl::StatusOr<TableWriter::Syntax> SyntaxOf(v1::ExportFormat format) {
  if (format == v1::EXPORT_FORMAT_CSV) return TableWriter::Syntax::kCsv;
  if (format == v1::EXPORT_FORMAT_JSON) return TableWriter::Syntax::kJson;
  return absl::InvalidArgumentError(
      absl::StrCat("this table cannot be exported as ", v1::ExportFormat_Name(format)));
}

absl::StatusOr<std::unique_ptr<TableWriter>> MakeWriter(v1::ExportFormat format,
                                                        std::vector<ColumnInfo> columns,
                                                        const ParameterPaths& paths,
                                                        ExportSink& sink) {
  TJ_ASSIGN_OR_RETURN(const TableWriter::Syntax syntax, SyntaxOf(format));
  return std::make_unique<TableWriter>(syntax, std::move(columns), paths, sink);
}

void AddPaths(const Parameters& parameters, ParameterPaths& paths) {
  for (const auto& [path, value] : parameters) paths.insert(path);
}

}  // namespace

std::string ExportFileName(v1::ExportTable table, v1::ExportFormat format) {
  const std::string name = WordOf(table);
  if (format == v1::EXPORT_FORMAT_JSON) return name + ".json";
  return name + (format == v1::EXPORT_FORMAT_REFERENCE ? ".reference.csv" : ".csv");
}

void CollectParameterPaths(const v1::Run& run, ParameterPaths& paths) {
  AddPaths(run.parameters(), paths);
}

void CollectParameterPaths(const v1::TrialSummary& trial, ParameterPaths& paths) {
  AddPaths(trial.parameters(), paths);
}

RunsExport::RunsExport(std::unique_ptr<TableWriter> writer, bool reference)
    : writer_(std::move(writer)), reference_(reference) {}
RunsExport::RunsExport(RunsExport&&) noexcept = default;
RunsExport::~RunsExport() = default;

absl::StatusOr<RunsExport> RunsExport::Create(v1::ExportFormat format, const ParameterPaths& paths,
                                              ExportSink& sink) {
  if (format == v1::EXPORT_FORMAT_REFERENCE) {
    return RunsExport(
        std::make_unique<TableWriter>(TableWriter::Syntax::kCsv, InfosOf(ReferenceColumns()),
                                      ParameterPaths(), sink),
        true);
  }
  TJ_ASSIGN_OR_RETURN(auto writer, MakeWriter(format, InfosOf(RunColumns()), paths, sink));
  return RunsExport(std::move(writer), false);
}

absl::Status RunsExport::Add(const v1::Run& run) {
  const auto& columns = reference_ ? ReferenceColumns() : RunColumns();
  return writer_->WriteRow(CellsOf(columns, run), run.parameters());
}

absl::Status RunsExport::Finish() { return writer_->Finish(); }

WindowsExport::WindowsExport(std::unique_ptr<TableWriter> writer) : writer_(std::move(writer)) {}
WindowsExport::WindowsExport(WindowsExport&&) noexcept = default;
WindowsExport::~WindowsExport() = default;

absl::StatusOr<WindowsExport> WindowsExport::Create(v1::ExportFormat format, ExportSink& sink) {
  TJ_ASSIGN_OR_RETURN(auto writer, MakeWriter(format, InfosOf(WindowColumns()), {}, sink));
  return WindowsExport(std::move(writer));
}

absl::Status WindowsExport::Add(const v1::Run& run) {
  for (const v1::WindowEnergy& window : run.assembly().windows()) {
    TJ_RETURN_IF_ERROR(
        writer_->WriteRow(CellsOf(WindowColumns(), WindowRow{run, window}), NoParameters()));
  }
  return absl::OkStatus();
}

absl::Status WindowsExport::Finish() { return writer_->Finish(); }

SamplesExport::SamplesExport(std::unique_ptr<TableWriter> writer) : writer_(std::move(writer)) {}
SamplesExport::SamplesExport(SamplesExport&&) noexcept = default;
SamplesExport::~SamplesExport() = default;

absl::StatusOr<SamplesExport> SamplesExport::Create(v1::ExportFormat format, ExportSink& sink) {
  TJ_ASSIGN_OR_RETURN(auto writer, MakeWriter(format, InfosOf(SampleColumns()), {}, sink));
  return SamplesExport(std::move(writer));
}

absl::Status SamplesExport::Add(absl::string_view run_id, const v1::SensorDescription& sensor,
                                absl::Span<const RawCounts> samples) {
  const CountConverter converter(sensor);
  for (const RawCounts& counts : samples) {
    const PowerSample sample = converter.Convert(counts);
    TJ_RETURN_IF_ERROR(writer_->WriteRow(
        CellsOf(SampleColumns(),
                SampleRow{run_id, sensor.simulated(), MeasuresVoltage(sensor), sample}),
        NoParameters()));
  }
  return absl::OkStatus();
}

absl::Status SamplesExport::Finish() { return writer_->Finish(); }

TrialsExport::TrialsExport(std::unique_ptr<TableWriter> writer) : writer_(std::move(writer)) {}
TrialsExport::TrialsExport(TrialsExport&&) noexcept = default;
TrialsExport::~TrialsExport() = default;

absl::StatusOr<TrialsExport> TrialsExport::Create(v1::ExportFormat format,
                                                  const ParameterPaths& paths, ExportSink& sink) {
  TJ_ASSIGN_OR_RETURN(auto writer, MakeWriter(format, InfosOf(TrialColumns()), paths, sink));
  return TrialsExport(std::move(writer));
}

absl::Status TrialsExport::Add(const SweepFacts& sweep, const v1::TrialSummary& trial) {
  TJ_RETURN_IF_ERROR(writer_->WriteRow(CellsOf(TrialColumns(), TrialRow{sweep, trial, nullptr}),
                                       trial.parameters()));
  for (const v1::BaselineQuality& baseline : trial.outcome().baselines()) {
    const std::string key = absl::StrCat(trial.outcome().dataset().dataset_sha256(), " ",
                                         trial.fold(), " ", baseline.name());
    if (!written_baselines_.insert(key).second) continue;
    TJ_RETURN_IF_ERROR(writer_->WriteRow(CellsOf(TrialColumns(), TrialRow{sweep, trial, &baseline}),
                                         NoParameters()));
  }
  return absl::OkStatus();
}

absl::Status TrialsExport::Finish() { return writer_->Finish(); }

}  // namespace tinyjoule

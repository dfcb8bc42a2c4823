// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/sweep_export.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/energy/sample_block.h"
#include "server/core/drift.h"
#include "server/export/export.h"
#include "server/export/report.h"

namespace tinyjoule {
namespace {

// Gives every piece the name of its file.
class NamedSink final : public ExportSink {
 public:
  NamedSink(std::string file_name, const ExportWriter& write)
      : file_name_(std::move(file_name)), write_(write) {}
  absl::Status Write(absl::string_view bytes) override { return write_(file_name_, bytes); }

 private:
  const std::string file_name_;
  const ExportWriter& write_;
};

class SweepExport {
 public:
  SweepExport(const SweepRecord& sweep, v1::ExportFormat format, RunReader& reader,
              const ExportWriter& write)
      : sweep_(sweep), format_(format), reader_(reader), write_(write) {}

  // First, for the columns that depend on the rows.
  absl::Status CollectParameters() {
    return VisitTrials(reader_, sweep_.sweep_id, [this](const v1::TrialSummary& trial) {
      CollectParameterPaths(trial, paths_);
      return absl::OkStatus();
    });
  }

  absl::Status WriteTable(v1::ExportTable table) {
    NamedSink sink(ExportFileName(table, format_), write_);
    switch (table) {
      case v1::EXPORT_TABLE_RUNS:
        return WriteRuns(sink);
      case v1::EXPORT_TABLE_WINDOWS:
        return WriteWindows(sink);
      case v1::EXPORT_TABLE_SAMPLES:
        return WriteSamples(sink);
      case v1::EXPORT_TABLE_TRIALS:
        return WriteTrials(sink);
      default:
        return absl::InvalidArgumentError(absl::StrCat("no table ", static_cast<int>(table)));
    }
  }

  absl::Status WriteDataPackage(const std::vector<v1::ExportTable>& tables) {
    return write_("datapackage.json", DataPackageJson(sweep_.name, tables, format_, paths_));
  }

 private:
  absl::Status WriteRuns(ExportSink& sink) {
    TJ_ASSIGN_OR_RETURN(RunsExport table, RunsExport::Create(format_, paths_, sink));
    DriftFinder drift(reader_);
    const absl::Status visited = VisitRuns(reader_, sweep_.sweep_id, [&](v1::Run run) {
      TJ_RETURN_IF_ERROR(drift.AddTo(run));
      return table.Add(run);
    });
    return visited.ok() ? table.Finish() : visited;
  }

  absl::Status WriteWindows(ExportSink& sink) {
    TJ_ASSIGN_OR_RETURN(WindowsExport table, WindowsExport::Create(format_, sink));
    TJ_RETURN_IF_ERROR(
        VisitRuns(reader_, sweep_.sweep_id, [&](const v1::Run& run) { return table.Add(run); }));
    return table.Finish();
  }

  absl::Status WriteSamples(ExportSink& sink) {
    TJ_ASSIGN_OR_RETURN(SamplesExport table, SamplesExport::Create(format_, sink));
    TJ_RETURN_IF_ERROR(VisitRuns(reader_, sweep_.sweep_id, [&](const v1::Run& run) {
      return reader_.ReadChunks(
          {run.run_id(), run.attempt()}, v1::CHUNK_STREAM_SAMPLES,
          [&](const v1::Chunk& chunk) { return AddChunk(run, chunk, table); });
    }));
    return table.Finish();
  }

  static absl::Status AddChunk(const v1::Run& run, const v1::Chunk& chunk, SamplesExport& table) {
    v1::SampleBlock block;
    if (!block.ParseFromString(chunk.payload())) {
      return absl::DataLossError(
          absl::StrCat("samples ", chunk.sequence(), " of run ", run.run_id(), " cannot be read"));
    }
    TJ_ASSIGN_OR_RETURN(const std::vector<RawCounts> samples, DecodeSampleBlock(block));
    return table.Add(run.run_id(), run.result().sensor(), samples);
  }

  absl::Status WriteTrials(ExportSink& sink) {
    TJ_ASSIGN_OR_RETURN(TrialsExport table, TrialsExport::Create(format_, paths_, sink));
    SweepFacts sweep{sweep_.name, std::nullopt};
    const v1::EmissionsSpec& emissions = sweep_.spec.emissions();
    if (emissions.has_grid_gco2e_per_kwh()) {
      sweep.grid_gco2e_per_kwh = emissions.grid_gco2e_per_kwh();
    }
    TJ_RETURN_IF_ERROR(VisitTrials(reader_, sweep_.sweep_id, [&](const v1::TrialSummary& trial) {
      return table.Add(sweep, trial);
    }));
    return table.Finish();
  }

  const SweepRecord& sweep_;
  const v1::ExportFormat format_;
  RunReader& reader_;
  const ExportWriter& write_;
  ParameterPaths paths_;
};

absl::Status WriteReport(const SweepRecord& record, RunReader& reader, const ExportWriter& write) {
  std::vector<v1::Run> runs;
  DriftFinder drift(reader);
  const absl::Status visited = VisitRuns(reader, record.sweep_id, [&](const v1::Run& run) {
    runs.push_back(run);
    // The bulk of a run, which the page does not show.
    runs.back().mutable_outcome()->clear_history();
    runs.back().mutable_assembly()->clear_windows();
    return drift.AddTo(runs.back());
  });
  if (!visited.ok()) return visited;
  v1::Sweep sweep;
  sweep.set_sweep_id(record.sweep_id);
  sweep.set_name(record.name);
  const std::string page = RenderReport(sweep, runs);
  for (size_t at = 0; at < page.size(); at += kExportPieceBytes) {
    TJ_RETURN_IF_ERROR(write("report.html", absl::string_view(page).substr(at, kExportPieceBytes)));
  }
  return absl::OkStatus();
}

// The reference study has one table.
std::vector<v1::ExportTable> TablesOf(const v1::ExportSweepRequest& request,
                                      v1::ExportFormat format) {
  std::vector<v1::ExportTable> tables;
  for (const int table : request.tables()) tables.push_back(static_cast<v1::ExportTable>(table));
  if (!tables.empty()) return tables;
  if (format == v1::EXPORT_FORMAT_REFERENCE) return {v1::EXPORT_TABLE_RUNS};
  return {v1::EXPORT_TABLE_RUNS, v1::EXPORT_TABLE_WINDOWS, v1::EXPORT_TABLE_TRIALS};
}

}  // namespace

absl::Status ExportSweepTables(const v1::ExportSweepRequest& request, const std::string& sweep_id,
                               RunReader& reader, const ExportWriter& write) {
  const v1::ExportFormat format =
      request.format() == v1::EXPORT_FORMAT_UNSPECIFIED ? v1::EXPORT_FORMAT_CSV : request.format();
  const std::vector<v1::ExportTable> tables = TablesOf(request, format);
  TJ_ASSIGN_OR_RETURN(const SweepRecord sweep, reader.GetSweep(sweep_id));
  if (format == v1::EXPORT_FORMAT_HTML) return WriteReport(sweep, reader, write);
  SweepExport sweep_export(sweep, format, reader, write);
  TJ_RETURN_IF_ERROR(sweep_export.CollectParameters());
  for (const v1::ExportTable table : tables) {
    TJ_RETURN_IF_ERROR(sweep_export.WriteTable(table));
  }
  return sweep_export.WriteDataPackage(tables);
}

}  // namespace tinyjoule

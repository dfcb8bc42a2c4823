// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/export/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/export/cell.h"
#include "server/export/columns.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StringSink final : public ExportSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    EXPECT_LE(bytes.size(), kExportPieceBytes);
    if (bytes_left_ < bytes.size()) return absl::ResourceExhaustedError("disk full");
    bytes_left_ -= bytes.size();
    text_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  const std::string& text() const { return text_; }
  void FailAfter(size_t bytes) { bytes_left_ = bytes; }

 private:
  std::string text_;
  size_t bytes_left_ = std::numeric_limits<size_t>::max();
};

std::string ExportRuns(const std::vector<v1::Run>& runs, v1::ExportFormat format) {
  ParameterPaths paths;
  for (const v1::Run& run : runs) CollectParameterPaths(run, paths);
  StringSink sink;
  auto table = RunsExport::Create(format, paths, sink);
  EXPECT_TRUE(table.ok());
  for (const v1::Run& run : runs) EXPECT_TRUE(table->Add(run).ok());
  EXPECT_TRUE(table->Finish().ok());
  return sink.text();
}

std::string HeaderOf(const std::string& csv) { return csv.substr(0, csv.find("\r\n")); }

std::string CsvOf(const Cell& cell) {
  std::string text;
  CsvWriter row(text);
  AddCsv(cell, row);
  return text;
}
std::string JsonOf(const Cell& cell) {
  std::string text;
  AppendJson(cell, text);
  return text;
}

// The contract: names and order of the published tables.
TEST(Columns, OfRunsAreTheContract) {
  EXPECT_EQ(
      HeaderOf(ExportRuns({}, v1::EXPORT_FORMAT_CSV)),
      "schema_version,sweep,run_id,trial_id,model,variant,fold,seed,repeat,block,agent,board,soc,"
      "os,kernel,agent_version,engine,engine_version,threads,governor,started_at,finished_at,state,"
      "valid,flags,mae,rmse,r2,accuracy,precision_macro,recall_macro,f1_macro,sparsity_nominal,"
      "sparsity,parameter_count,nonzero_count,mac_count,model_bytes,model_bytes_zstd,"
      "model_bytes_sparse,peak_activation_bytes,window_count,inference_count,inference_total_s,"
      "latency_mean_us,latency_p50_us,latency_p95_us,latency_p99_us,power_source,energy_j,"
      "energy_net_j,energy_per_inference_uj,energy_per_inference_ci95_low_uj,"
      "energy_per_inference_ci95_high_uj,energy_net_per_inference_uj,idle_power_w,power_mean_w,"
      "power_peak_w,current_mean_a,current_peak_a,voltage_mean_v,sample_count,sample_rate_hz,"
      "coverage,gap_max_ms,memory_before_bytes,memory_after_bytes,memory_peak_bytes,temp_start_c,"
      "temp_max_c,freq_min_hz,freq_max_hz,throttled,train_s,compress_s,train_energy_wh,"
      "train_emissions_g,grid_gco2e_per_kwh,artifact_sha256,dataset_sha256,"
      "prediction_max_abs_diff,energy_net_per_inference_ci95_low_uj,"
      "energy_net_per_inference_ci95_high_uj,energy_net_per_inference_upper_uj,"
      "energy_per_inference_uncertainty_uj,energy_net_per_inference_uncertainty_uj,"
      "uncertainty_within_uj,uncertainty_edges_uj,uncertainty_between_uj,uncertainty_between_net_"
      "uj,"
      "uncertainty_baseline_uj,uncertainty_systematic_uj,uncertainty_systematic_net_uj,reference,"
      "calibration_version,model_bytes_dense,model_bytes_clustered,evaluation_s,evaluation_energy_"
      "wh,evaluation_emissions_g,"
      "train_energy_source,train_energy_reason,sampling_power_w,sampling_power_uncertainty_w,"
      "sampling_cpu_share");
}

TEST(Columns, OfTheReferenceStudyAreTheContract) {
  EXPECT_EQ(HeaderOf(ExportRuns({}, v1::EXPORT_FORMAT_REFERENCE)),
            "run,timestamp,sparsity,mae,rmse,r2,total_inference_s,time_per_sample_ms,duration_s,"
            "energy_J,energy_uJ_per_inf,avg_power_W,peak_power_W,avg_current_mA,peak_current_mA,"
            "avg_voltage_V,n_samples,mem_mb_before_energy_infer,mem_mb_after_energy_infer");
}

TEST(Columns, OfWindowsAndSamplesAreTheContract) {
  StringSink windows;
  ASSERT_TRUE(WindowsExport::Create(v1::EXPORT_FORMAT_CSV, windows)->Finish().ok());
  // power_source was added behind: no table shows energy without its source.
  EXPECT_EQ(windows.text(),
            "run_id,window,start_ns,end_ns,inference_count,energy_j,energy_net_j,power_mean_w,"
            "power_peak_w,idle_power_w,coverage,valid,power_source\r\n");
  StringSink samples;
  ASSERT_TRUE(SamplesExport::Create(v1::EXPORT_FORMAT_CSV, samples)->Finish().ok());
  EXPECT_EQ(samples.text(),
            "run_id,t_ns,bus_voltage_v,shunt_voltage_v,current_a,power_w,marker,flags\r\n");
}

TEST(Columns, EveryOneIsDescribed) {
  const auto check = [](const std::vector<ColumnInfo>& infos) {
    std::set<std::string> names;
    for (const ColumnInfo& info : infos) {
      EXPECT_TRUE(names.insert(info.name).second) << info.name;
      EXPECT_THAT(info.type,
                  ::testing::AnyOf("string", "integer", "number", "boolean", "datetime"));
      EXPECT_EQ(info.meaning.back(), '.') << info.name;
    }
  };
  check(InfosOf(RunColumns()));
  check(InfosOf(ReferenceColumns()));
  check(InfosOf(WindowColumns()));
  check(InfosOf(SampleColumns()));
  check(InfosOf(TrialColumns()));
}

// The unit at the end of a name is the unit of the column.
TEST(Columns, NamesSayTheirUnits) {
  const std::pair<const char*, const char*> units[] = {
      {"_uj", "uJ"}, {"_j", "J"},    {"_w", "W"},   {"_a", "A"},     {"_v", "V"},
      {"_us", "us"}, {"_ms", "ms"},  {"_hz", "Hz"}, {"_bytes", "B"}, {"_wh", "Wh"},
      {"_g", "g"},   {"_c", "degC"}, {"_ns", "ns"}, {"_s", "s"}};
  for (const auto& infos : {InfosOf(RunColumns()), InfosOf(WindowColumns()),
                            InfosOf(SampleColumns()), InfosOf(TrialColumns())}) {
    for (const ColumnInfo& info : infos) {
      for (const auto& [suffix, unit] : units) {
        const std::string end = suffix;
        const bool ends = info.name.size() > end.size() &&
                          info.name.compare(info.name.size() - end.size(), end.size(), end) == 0;
        if (!ends) continue;
        EXPECT_EQ(info.unit, unit) << info.name;
        break;
      }
    }
  }
}

TEST(Cells, FormulasAreMadeSafeAndNumbersAreLeft) {
  EXPECT_EQ(CsvOf(TextCell("=1+2")), "'=1+2");
  EXPECT_EQ(CsvOf(TextCell("@SUM(A1)")), "'@SUM(A1)");
  EXPECT_EQ(CsvOf(TextCell("+cmd|' /C calc'!A0")), "'+cmd|' /C calc'!A0");
  EXPECT_EQ(CsvOf(TextCell("-2+3,\"x\"")), "\"'-2+3,\"\"x\"\"\"");
  EXPECT_EQ(CsvOf(TextCell("\t=1")), "'\t=1");
  EXPECT_EQ(CsvOf(ParameterCell("-0.5")), "-0.5");
  EXPECT_EQ(CsvOf(ParameterCell("-x")), "'-x");
  EXPECT_EQ(CsvOf(ParameterCell("0x10")), "0x10");
  EXPECT_EQ(JsonOf(ParameterCell("0.5")), "0.5");
  EXPECT_EQ(JsonOf(ParameterCell("nan")), "\"nan\"");
  EXPECT_EQ(CsvOf(Cell(-0.5)), "-0.5");
  EXPECT_EQ(JsonOf(TextCell("=1+2")), "\"=1+2\"");
}

TEST(Cells, QuotesAsRfc4180AndJsonWant) {
  EXPECT_EQ(CsvOf(TextCell("a,b")), "\"a,b\"");
  EXPECT_EQ(CsvOf(TextCell("a \"b\"\n")), "\"a \"\"b\"\"\n\"");
  EXPECT_EQ(CsvOf(TextCell("Estação")), "Estação");
  EXPECT_EQ(JsonOf(TextCell("a\"\\\n\x01")), "\"a\\\"\\\\\\n\\u0001\"");
}

TEST(Cells, MissingIsNeverZeroAndNeverNan) {
  EXPECT_EQ(CsvOf(Cell()), "");
  EXPECT_EQ(JsonOf(Cell()), "null");
  EXPECT_EQ(CsvOf(TextCell("")), "");
  EXPECT_EQ(CsvOf(NumberCell(std::nan(""))), "");
  EXPECT_EQ(CsvOf(NumberCell(std::numeric_limits<double>::infinity())), "");
  EXPECT_EQ(CsvOf(Cell(uint64_t{0})), "0");
  EXPECT_EQ(CsvOf(Cell(false)), "false");
}

TEST(TimeCell, IsIso8601InUtc) {
  google::protobuf::Timestamp time;
  time.set_seconds(1'700'000'000);
  EXPECT_EQ(CsvOf(TimeCell(time)), "2023-11-14T22:13:20Z");
  time.set_nanos(5'000'000);
  EXPECT_EQ(CsvOf(TimeCell(time)), "2023-11-14T22:13:20.005Z");
  time.set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(CsvOf(TimeCell(time)), "");
}

TEST(RunsExport, ARunWithoutResultsHasEmptyCells) {
  v1::Run run;
  run.set_run_id("r");
  run.set_state(v1::RUN_STATE_WAITING);
  const std::string csv = ExportRuns({run}, v1::EXPORT_FORMAT_CSV);
  const std::vector<std::string> lines = absl::StrSplit(csv, "\r\n");
  EXPECT_EQ(lines[1],
            "1,,r,,,,0,0,0,0,,,,,,,,,0,,,,waiting" + std::string(71, ',') + "false,,,,,,,,,,,");
}

TEST(RunsExport, ParametersFollowSortedAndAbsentOnesAreEmpty) {
  v1::Run a;
  (*a.mutable_parameters())["train.lr"] = "0.001";
  v1::Run b;
  (*b.mutable_parameters())["compress.0.prune.sparsity"] = "0.4";
  const std::string csv = ExportRuns({a, b}, v1::EXPORT_FORMAT_CSV);
  EXPECT_THAT(HeaderOf(csv),
              ::testing::EndsWith(",param.compress.0.prune.sparsity,param.train.lr"));
  const std::vector<std::string> lines = absl::StrSplit(csv, "\r\n");
  EXPECT_THAT(lines[1], ::testing::EndsWith(",,0.001"));
  EXPECT_THAT(lines[2], ::testing::EndsWith(",0.4,"));
}

TEST(RunsExport, JsonIsAnArrayOfObjectsWithTheSameNames) {
  v1::Run run;
  run.set_run_id("r\"1");
  const std::string json = ExportRuns({run, run}, v1::EXPORT_FORMAT_JSON);
  EXPECT_THAT(json, ::testing::StartsWith(
                        "[\n{\"schema_version\":1,\"sweep\":null,\"run_id\":\"r\\\"1\","));
  EXPECT_THAT(json, ::testing::EndsWith("\"sampling_cpu_share\":null}\n]\n"));
  EXPECT_EQ(ExportRuns({}, v1::EXPORT_FORMAT_JSON), "[]\n");
}

std::vector<std::string> EndOfFirstRow(const std::string& csv, size_t cells) {
  const std::vector<std::string> lines = absl::StrSplit(csv, "\r\n");
  std::vector<std::string> row = absl::StrSplit(lines[1], ',');
  row.erase(row.begin(), row.end() - static_cast<ptrdiff_t>(cells));
  return row;
}

TEST(RunsExport, EmissionsAreEnergyByTheGridsFactor) {
  v1::Run run;
  v1::TrainingCost& cost = *run.mutable_outcome()->mutable_cost();
  cost.set_evaluation_s(0.5);
  cost.set_evaluation_energy_wh(250);
  cost.set_energy_source("rapl:package-0");
  EXPECT_THAT(EndOfFirstRow(ExportRuns({run}, v1::EXPORT_FORMAT_CSV), 8),
              ::testing::ElementsAre("0.5", "250", "", "rapl:package-0", "", "", "", ""));
  run.set_grid_gco2e_per_kwh(98);
  EXPECT_THAT(EndOfFirstRow(ExportRuns({run}, v1::EXPORT_FORMAT_CSV), 8),
              ::testing::ElementsAre("0.5", "250", "24.5", "rapl:package-0", "", "", "", ""));
  cost.clear_evaluation_energy_wh();
  cost.set_why_no_energy("evaluation: too short");
  EXPECT_THAT(
      EndOfFirstRow(ExportRuns({run}, v1::EXPORT_FORMAT_CSV), 8),
      ::testing::ElementsAre("0.5", "", "", "rapl:package-0", "evaluation: too short", "", "", ""));
}

TEST(RunsExport, ReferenceFormatLabelsSimulatedEnergy) {
  v1::Run run;
  run.set_run_id("r");
  run.mutable_assembly()->set_inference_count(4000);
  run.mutable_assembly()->set_inference_total_s(10);
  run.mutable_assembly()->mutable_energy()->set_current_mean_a(0.25);
  run.mutable_result()->mutable_memory()->set_before_bytes(3 * 1024 * 1024 / 2);
  run.mutable_result()->mutable_sensor()->set_simulated(true);
  const std::vector<std::string> lines =
      absl::StrSplit(ExportRuns({run}, v1::EXPORT_FORMAT_REFERENCE), "\r\n");
  EXPECT_EQ(lines[1], "r (simulated),,,,,,10,2.5,10,,,,,250,,,,1.5,0");
}

TEST(RunsExport, ASinkThatFailsEndsTheExport) {
  StringSink sink;
  sink.FailAfter(kExportPieceBytes);
  auto table = RunsExport::Create(v1::EXPORT_FORMAT_CSV, {}, sink);
  ASSERT_TRUE(table.ok());
  absl::Status status;
  for (int i = 0; i < 10000 && status.ok(); ++i) status = table->Add(v1::Run());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
}

TEST(SamplesExport, ConvertsCountsAndNamesFlags) {
  v1::SensorDescription sensor;
  sensor.set_simulated(true);
  sensor.set_shunt_lsb_v(10e-6);
  sensor.set_bus_lsb_v(4e-3);
  sensor.set_shunt_uohm(100'000);
  sensor.set_gain(1);
  StringSink sink;
  auto table = SamplesExport::Create(v1::EXPORT_FORMAT_CSV, sink);
  ASSERT_TRUE(table.ok());
  ASSERT_TRUE(table->Add("r", sensor, {{5000, 1250, 5000, 0, 1}, {9000, 1250, 0, 0, 6}}).ok());
  ASSERT_TRUE(table->Finish().ok());
  const std::vector<std::string> lines = absl::StrSplit(sink.text(), "\r\n");
  EXPECT_EQ(lines[1], "r,5000,5,0.05,0.5,2.5,true,SIMULATED");
  EXPECT_EQ(lines[2], "r,9000,5,0,0,0,false,SIMULATED;GAP_BEFORE;CLIPPED");
}

TEST(SamplesExport, PowerAloneLeavesTheOtherCellsEmpty) {
  v1::SensorDescription sensor;
  sensor.set_shunt_uohm(1'000'000);
  sensor.set_gain(1);
  sensor.set_has_power_channel(true);
  sensor.set_power_lsb_w(1e-6);
  StringSink sink;
  auto table = SamplesExport::Create(v1::EXPORT_FORMAT_CSV, sink);
  ASSERT_TRUE(table.ok());
  ASSERT_TRUE(table->Add("r", sensor, {{5000, 0, 0, 2'500'000, 0}}).ok());
  ASSERT_TRUE(table->Finish().ok());
  const std::vector<std::string> lines = absl::StrSplit(sink.text(), "\r\n");
  EXPECT_EQ(lines[1], "r,5000,,,,2.5,false,");
}

TEST(TrialsExport, EachBaselineIsOneRow) {
  v1::TrialSummary trial;
  trial.set_trial_id("t");
  trial.set_model("tinymlp");
  trial.set_variant("int8");
  trial.set_state(v1::TRIAL_STATE_READY);
  trial.mutable_outcome()->mutable_quality()->set_mae(0.5);
  v1::BaselineQuality& baseline = *trial.mutable_outcome()->add_baselines();
  baseline.set_name("persistence");
  baseline.mutable_quality()->set_mae(0.75);
  StringSink sink;
  auto table = TrialsExport::Create(v1::EXPORT_FORMAT_CSV, {}, sink);
  ASSERT_TRUE(table.ok());
  ASSERT_TRUE(table->Add({"s", std::nullopt}, trial).ok());
  trial.set_trial_id("u");
  ASSERT_TRUE(table->Add({"s", std::nullopt}, trial).ok());
  ASSERT_TRUE(table->Finish().ok());
  const std::vector<std::string> lines = absl::StrSplit(sink.text(), "\r\n");
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_THAT(lines[1], HasSubstr("1,s,t,tinymlp,int8,0,0,ready,,0.5,"));
  EXPECT_THAT(lines[2], HasSubstr("1,s,,baseline,persistence,0,,,,0.75,"));
  EXPECT_THAT(lines[3], HasSubstr("1,s,u,tinymlp,int8,0,0,ready,,0.5,"));
}

TEST(TrialsExport, EmissionsAreEnergyByTheGridsFactor) {
  v1::TrialSummary trial;
  v1::TrainingCost& cost = *trial.mutable_outcome()->mutable_cost();
  cost.set_training_energy_wh(500);
  cost.set_why_no_energy("evaluation: too short");
  trial.mutable_outcome()->add_baselines()->set_name("persistence");
  StringSink sink;
  auto table = TrialsExport::Create(v1::EXPORT_FORMAT_CSV, {}, sink);
  ASSERT_TRUE(table.ok());
  ASSERT_TRUE(table->Add({"s", 98}, trial).ok());
  ASSERT_TRUE(table->Finish().ok());
  EXPECT_THAT(EndOfFirstRow(sink.text(), 8),
              ::testing::ElementsAre("500", "49", "98", "0", "", "", "", "evaluation: too short"));
  const std::vector<std::string> lines = absl::StrSplit(sink.text(), "\r\n");
  EXPECT_THAT(lines[2], ::testing::EndsWith(",,,,,,,")) << "a baseline trains nothing";
}

TEST(Exports, RefuseFormatsThatTheyDoNotHave) {
  StringSink sink;
  EXPECT_FALSE(WindowsExport::Create(v1::EXPORT_FORMAT_REFERENCE, sink).ok());
  EXPECT_FALSE(RunsExport::Create(v1::EXPORT_FORMAT_UNSPECIFIED, {}, sink).ok());
}

TEST(ExportFileName, SaysTableAndFormat) {
  EXPECT_EQ(ExportFileName(v1::EXPORT_TABLE_RUNS, v1::EXPORT_FORMAT_CSV), "runs.csv");
  EXPECT_EQ(ExportFileName(v1::EXPORT_TABLE_WINDOWS, v1::EXPORT_FORMAT_JSON), "windows.json");
  EXPECT_EQ(ExportFileName(v1::EXPORT_TABLE_RUNS, v1::EXPORT_FORMAT_REFERENCE),
            "runs.reference.csv");
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Exported files, byte for byte.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "server/export/export.h"
#include "tests/golden/golden_file.h"

namespace tinyjoule {
namespace {

class StringSink final : public ExportSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    text_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void AddCost(v1::TrainingOutcome& outcome) {
  v1::TrainingCost& cost = *outcome.mutable_cost();
  cost.set_training_s(203.125);
  cost.set_evaluation_s(0.25);
  cost.set_training_energy_wh(4.5);
  cost.set_energy_source("rapl:package-0");
  cost.set_why_no_energy("evaluation: other processes used 100 % of one processor");
}

// A message of tests/golden/wire: every field that its first version had is set.
template <typename M>
M WireExample(const std::string& name) {
  M message;
  const auto text = ReadSourceFile("tests/golden/wire/" + name + ".txtpb");
  EXPECT_TRUE(text && google::protobuf::TextFormat::ParseFromString(*text, &message)) << name;
  return message;
}

v1::Run FullRun() {
  auto run = WireExample<v1::Run>("run");
  run.set_state(v1::RUN_STATE_INVALID);
  run.mutable_parameters()->clear();
  (*run.mutable_parameters())["compress.0.prune.sparsity"] = "0.4";
  run.mutable_started_at()->set_seconds(1'767'225'600);
  run.mutable_started_at()->set_nanos(0);
  run.mutable_finished_at()->set_seconds(1'767'225'712);
  run.mutable_finished_at()->set_nanos(250'000'000);
  AddCost(*run.mutable_outcome());
  return run;
}

// A quickstart's run: simulated power, short windows, no board facts.
v1::Run SimulatedRun() {
  v1::Run run;
  run.set_run_id("0123456789abcdef");
  run.set_sweep_name("quickstart");
  run.set_trial_id("t-1");
  run.set_model("tinymlp");
  run.set_variant("float32");
  run.set_engine(v1::ENGINE_XNNPACK);
  run.set_threads(1);
  run.set_state(v1::RUN_STATE_SUCCEEDED);
  run.mutable_agent()->set_name("local");
  run.mutable_agent()->set_board("=cmd|' /C calc'!A0");
  run.mutable_agent()->set_os("Debian GNU/Linux 12, \"bookworm\"");
  (*run.mutable_parameters())["train.lr"] = "0.001";
  run.mutable_result()->mutable_sensor()->set_simulated(true);
  run.mutable_result()->mutable_latency()->set_mean_us(0.21);
  v1::RunAssembly& assembly = *run.mutable_assembly();
  assembly.set_valid(true);
  assembly.add_flags()->set_name("SIMULATED");
  assembly.add_flags()->set_name("SHORT");
  assembly.set_inference_count(9'523'809);
  assembly.set_inference_total_s(2.0000007);
  assembly.mutable_quality()->set_mae(0.1);
  assembly.mutable_quality()->set_rmse(1.0 / 3);
  assembly.mutable_energy()->set_power_source("simulated");
  assembly.mutable_energy()->set_energy_j(8.25);
  assembly.mutable_energy()->set_energy_net_j(-0.125);
  v1::WindowEnergy& window = *assembly.add_windows();
  window.set_start_ns(123'456'789'000);
  window.set_end_ns(125'456'789'700);
  window.set_inference_count(9'523'809);
  window.set_energy_j(8.25);
  window.set_valid(true);
  return run;
}

v1::Run WaitingRun() {
  v1::Run run;
  run.set_run_id("waiting");
  run.set_sweep_name("quickstart");
  run.set_state(v1::RUN_STATE_WAITING);
  return run;
}

std::vector<v1::Run> Runs() { return {FullRun(), SimulatedRun(), WaitingRun()}; }

ParameterPaths PathsOf(const std::vector<v1::Run>& runs) {
  ParameterPaths paths;
  for (const v1::Run& run : runs) CollectParameterPaths(run, paths);
  return paths;
}

std::string ExportRuns(v1::ExportFormat format) {
  StringSink sink;
  auto table = RunsExport::Create(format, PathsOf(Runs()), sink);
  EXPECT_TRUE(table.ok());
  for (const v1::Run& run : Runs()) EXPECT_TRUE(table->Add(run).ok());
  EXPECT_TRUE(table->Finish().ok());
  return sink.text();
}

std::string ExportWindows(v1::ExportFormat format) {
  StringSink sink;
  auto table = WindowsExport::Create(format, sink);
  EXPECT_TRUE(table.ok());
  for (const v1::Run& run : Runs()) EXPECT_TRUE(table->Add(run).ok());
  EXPECT_TRUE(table->Finish().ok());
  return sink.text();
}

std::string ExportTrials(v1::ExportFormat format) {
  v1::TrialSummary trial;
  trial.set_trial_id("t-1");
  trial.set_model("tinycnn");
  trial.set_variant("l1-structured");
  trial.set_fold(3);
  trial.set_seed(18'446'744'073'709'551'615U);
  trial.set_state(v1::TRIAL_STATE_READY);
  *trial.mutable_outcome() = WireExample<v1::TrainingOutcome>("training_outcome");
  AddCost(*trial.mutable_outcome());
  (*trial.mutable_parameters())["train.lr"] = "-0.001";
  ParameterPaths paths;
  CollectParameterPaths(trial, paths);
  StringSink sink;
  auto table = TrialsExport::Create(format, paths, sink);
  EXPECT_TRUE(table.ok());
  EXPECT_TRUE(table->Add({"quickstart", 98.5}, trial).ok());
  EXPECT_TRUE(table->Finish().ok());
  return sink.text();
}

std::string ExportSamples(v1::ExportFormat format) {
  v1::SensorDescription sensor;
  sensor.set_shunt_lsb_v(10e-6);
  sensor.set_bus_lsb_v(4e-3);
  sensor.set_shunt_uohm(100'000);
  sensor.set_gain(1.01);
  StringSink sink;
  auto table = SamplesExport::Create(format, sink);
  EXPECT_TRUE(table.ok());
  EXPECT_TRUE(
      table->Add("run-1", sensor, {{5'000, 1270, 7601, 0, 1}, {4'795'000, 1269, -3, 0, 58}}).ok());
  EXPECT_TRUE(table->Finish().ok());
  return sink.text();
}

TEST(ExportGolden, Runs) {
  ExpectGolden("tests/golden/data/runs.csv", ExportRuns(v1::EXPORT_FORMAT_CSV));
  ExpectGolden("tests/golden/data/runs.json", ExportRuns(v1::EXPORT_FORMAT_JSON));
  ExpectGolden("tests/golden/data/runs.reference.csv", ExportRuns(v1::EXPORT_FORMAT_REFERENCE));
}

TEST(ExportGolden, Windows) {
  ExpectGolden("tests/golden/data/windows.csv", ExportWindows(v1::EXPORT_FORMAT_CSV));
  ExpectGolden("tests/golden/data/windows.json", ExportWindows(v1::EXPORT_FORMAT_JSON));
}

TEST(ExportGolden, Trials) {
  ExpectGolden("tests/golden/data/trials.csv", ExportTrials(v1::EXPORT_FORMAT_CSV));
  ExpectGolden("tests/golden/data/trials.json", ExportTrials(v1::EXPORT_FORMAT_JSON));
}

TEST(ExportGolden, Samples) {
  ExpectGolden("tests/golden/data/samples.csv", ExportSamples(v1::EXPORT_FORMAT_CSV));
  ExpectGolden("tests/golden/data/samples.json", ExportSamples(v1::EXPORT_FORMAT_JSON));
}

TEST(ExportGolden, DataPackage) {
  const std::vector<v1::ExportTable> tables = {v1::EXPORT_TABLE_RUNS, v1::EXPORT_TABLE_WINDOWS,
                                               v1::EXPORT_TABLE_TRIALS};
  ExpectGolden("tests/golden/data/datapackage.json",
               DataPackageJson("quickstart", tables, v1::EXPORT_FORMAT_CSV, PathsOf(Runs())));
}

TEST(ExportGolden, ColumnsPageIsGeneratedFromTheTableOfColumns) {
  ExpectGolden("docs/columns.md", ColumnsMarkdown());
}

// Maps have no order of their own: every round builds the messages anew.
TEST(ExportGolden, AHundredExportsAreByteIdentical) {
  const std::string csv = ExportRuns(v1::EXPORT_FORMAT_CSV);
  const std::string json = ExportTrials(v1::EXPORT_FORMAT_JSON);
  for (int round = 0; round < 100; ++round) {
    ASSERT_EQ(ExportRuns(v1::EXPORT_FORMAT_CSV), csv);
    ASSERT_EQ(ExportTrials(v1::EXPORT_FORMAT_JSON), json);
  }
}

}  // namespace
}  // namespace tinyjoule

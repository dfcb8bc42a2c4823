// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Every field that carries a measurement, from the message over the wire into the tables. Driven
// by the messages' own descriptors: a new field that is nowhere shown, nor named below as left
// out, fails.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/energy/chunk.h"
#include "common/energy/sample_block.h"
#include "server/export/columns.h"
#include "tests/golden/fill_message.h"
#include "tinyjoule/v1/agent_link_service.pb.h"
#include "tinyjoule/v1/runner.pb.h"

namespace tinyjoule {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

std::string TextOf(const Cell& cell) {
  std::string text;
  CsvWriter row(text);
  AddCsv(cell, row);
  return text;
}

template <typename M>
void ExpectRoundTrip() {
  SCOPED_TRACE(M::descriptor()->full_name());
  M whole;
  int next = 1;
  FillDistinct(whole, next);
  M received;
  ASSERT_TRUE(received.ParseFromString(whole.SerializeAsString()));
  EXPECT_TRUE(MessageDifferencer::Equals(whole, received));
  // Each leaf alone: it arrives, and nothing else does.
  for (const std::string& path : LeafPaths(*M::descriptor())) {
    M sent;
    const FieldPlace place = FindPlace(sent, path);
    if (place.field->is_repeated() || place.field->message_type() != nullptr) continue;
    FillField(*place.owner, *place.field, 77);
    M single;
    ASSERT_TRUE(single.ParseFromString(sent.SerializeAsString())) << path;
    EXPECT_FALSE(MessageDifferencer::Equals(single, M())) << path;
    EXPECT_TRUE(MessageDifferencer::Equals(single, sent)) << path;
  }
}

TEST(RoundTrip, EveryFieldOfEveryMeasurementMessage) {
  ExpectRoundTrip<v1::SampleBlock>();
  ExpectRoundTrip<v1::PredictionBlock>();
  ExpectRoundTrip<v1::Chunk>();
  ExpectRoundTrip<v1::SensorDescription>();
  ExpectRoundTrip<v1::MarkedWindow>();
  ExpectRoundTrip<v1::LatencySummary>();
  ExpectRoundTrip<v1::MemorySummary>();
  ExpectRoundTrip<v1::BoardState>();
  ExpectRoundTrip<v1::Flag>();
  ExpectRoundTrip<v1::RunResult>();
  ExpectRoundTrip<v1::WindowEnergy>();
  ExpectRoundTrip<v1::EnergySummary>();
  ExpectRoundTrip<v1::RunAssembly>();
  ExpectRoundTrip<v1::QualityMetrics>();
  ExpectRoundTrip<v1::ModelSize>();
  ExpectRoundTrip<v1::Run>();
  ExpectRoundTrip<v1::PowerPoint>();
  ExpectRoundTrip<v1::LivePower>();
  ExpectRoundTrip<v1::JobSpec>();
  ExpectRoundTrip<v1::WindowDone>();
  ExpectRoundTrip<v1::RunnerFinished>();
}

// Fields of a run that runs.csv does not show, and where they are instead.
const std::map<std::string, std::string>& LeftOutOfRuns() {
  static const auto* const left_out = new std::map<std::string, std::string>{
      {"sweep_id", "column sweep"},
      {"sweep_name", "column sweep"},
      {"parameters", "columns param.<path>"},
      {"attempt", "coord show"},
      {"reason", "coord show"},
      {"placed_on", "the plan, not a result"},
      {"delivery.*", "flag CHUNK_CONFLICT, coord show"},
      {"result.state", "column state"},
      {"result.reason", "coord show"},
      {"result.started_at", "column started_at"},
      {"result.finished_at", "column finished_at"},
      {"result.sensor.*", "samples are exported in volts, amperes and watts"},
      {"result.windows", "windows.csv"},
      {"result.latency.batch", "coord show"},
      {"result.memory.loaded_bytes", "coord show"},
      {"result.memory.load_peak_bytes", "coord show"},
      {"result.memory.warm_bytes", "coord show"},
      {"result.sampler.*", "coord show, and the flags that it raises"},
      {"result.isolation.*", "coord show, and flag INTERFERENCE"},
      {"result.flags", "column flags"},
      {"result.sample_chunks", "transport"},
      {"result.prediction_chunks", "transport"},
      {"result.sample_count", "the whole attempt's; sample_count is the windows'"},
      {"result.samples_dropped", "flags SAMPLES_DROPPED and GAP, coord show"},
      {"result.peak_activation_bytes", "column peak_activation_bytes"},
      {"result.runner_log", "coord logs"},
      {"result.energy_absent_reason", "coord show"},
      {"assembly.windows", "windows.csv"},
      {"assembly.flags", "column flags"},
      {"assembly.valid", "column valid"},
      {"assembly.raw_sha256", "coord show, coord verify"},
      {"outcome.output_kind", "which metrics are there"},
      {"outcome.model.file_name", "column artifact_sha256"},
      {"outcome.model.size_bytes", "column model_bytes"},
      {"outcome.test_inputs.*", "coord show"},
      {"outcome.test_targets.*", "coord show"},
      {"outcome.predictions.*", "coord show"},
      {"outcome.quality.*", "trials.csv; runs.csv shows the device's"},
      {"outcome.baselines", "trials.csv"},
      {"outcome.size.peak_activation_bytes", "column peak_activation_bytes"},
      {"outcome.dataset.*", "coord show"},
      {"outcome.history", "coord show"},
      {"outcome.prediction_tolerance", "flag PREDICTION_MISMATCH"},
      {"outcome.environment", "coord show"},
      {"outcome.calibration", "coord show"},
      {"outcome.cost.training_s", "columns train_s and compress_s"},
      {"outcome.checkpoint.*", "what compression starts from"},
  };
  return *left_out;
}

bool IsLeftOut(const std::string& path) {
  for (const auto& [name, where] : LeftOutOfRuns()) {
    if (path == name) return true;
    const bool folder = absl::EndsWith(name, ".*");
    if (folder && absl::StartsWith(path, name.substr(0, name.size() - 1))) return true;
  }
  return false;
}

std::set<std::string> ShownPaths() {
  std::set<std::string> paths;
  for (const Column<v1::Run>& column : RunColumns()) paths.insert(column.path);
  return paths;
}

TEST(RunsTable, ShowsOrNamesEveryFieldOfARun) {
  const std::set<std::string> shown = ShownPaths();
  for (const std::string& path : LeafPaths(*v1::Run::descriptor())) {
    EXPECT_TRUE(shown.count(path) == 1 || IsLeftOut(path))
        << path << " is neither a column of runs.csv nor named as left out";
  }
}

TEST(WindowsTable, ShowsEveryFieldOfAWindow) {
  std::set<std::string> shown;
  for (const Column<WindowRow>& column : WindowColumns()) shown.insert(column.path);
  for (const std::string& path : LeafPaths(*v1::WindowEnergy::descriptor())) {
    EXPECT_EQ(shown.count(path), 1U) << path;
  }
}

// What FillField writes, as a cell shows it.
std::string ExpectedText(const FieldPlace& place, int number) {
  using google::protobuf::FieldDescriptor;
  const FieldDescriptor& field = *place.field;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) return absl::StrCat(number, ".125");
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) return absl::StrCat("text-", number);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return "true";
  return absl::StrCat(number);
}

// Sets one field at a time; only the columns that claim it may show it, and exactly its value.
template <typename M>
void ExpectOnlyItsColumn(const std::function<std::map<std::string, std::string>(const M&)>& row_of,
                         const std::map<std::string, std::string>& path_of_column) {
  const std::map<std::string, std::string> empty = row_of(M());
  for (const auto& [name, path] : path_of_column) {
    if (path.empty()) continue;
    M message;
    const FieldPlace place = FindPlace(message, path);
    const bool is_word = place.field->enum_type() != nullptr;
    if (is_word || place.field->message_type() != nullptr) continue;
    FillField(*place.owner, *place.field, 4242);
    const std::map<std::string, std::string> row = row_of(message);
    EXPECT_EQ(row.at(name), ExpectedText(place, 4242)) << name;
    for (const auto& [other, text] : row) {
      if (path_of_column.at(other) == path) continue;
      EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("4242"))) << name << " in " << other;
    }
  }
}

TEST(RunsTable, EachFieldAppearsInItsColumnAndNowhereElse) {
  std::map<std::string, std::string> paths;
  for (const auto& column : RunColumns()) paths[column.info.name] = column.path;
  ExpectOnlyItsColumn<v1::Run>(
      [](const v1::Run& run) {
        std::map<std::string, std::string> row;
        for (const auto& column : RunColumns()) row[column.info.name] = TextOf(column.value(run));
        return row;
      },
      paths);
}

TEST(WindowsTable, EachFieldAppearsInItsColumnAndNowhereElse) {
  std::map<std::string, std::string> paths;
  for (const auto& column : WindowColumns()) paths[column.info.name] = column.path;
  const v1::Run run;
  ExpectOnlyItsColumn<v1::WindowEnergy>(
      [&run](const v1::WindowEnergy& window) {
        std::map<std::string, std::string> row;
        for (const auto& column : WindowColumns()) {
          row[column.info.name] = TextOf(column.value({run, window}));
        }
        return row;
      },
      paths);
}

// A column is named as its field, with a prefix where the field's message tells what it is about:
// mean current under the name of current would not pass.
TEST(RunsTable, ColumnsBearTheNamesOfTheirFields) {
  const std::map<std::string, std::string> renamed = {
      {"agent", "agent.name"},
      {"artifact_sha256", "outcome.model.sha256"},
      {"train_energy_wh", "outcome.cost.training_energy_wh"},
      {"train_energy_source", "outcome.cost.energy_source"},
      {"train_energy_reason", "outcome.cost.why_no_energy"},
      {"energy_per_inference_uncertainty_uj", "assembly.energy.uncertainty.combined_uj"},
      {"energy_net_per_inference_uncertainty_uj", "assembly.energy.uncertainty.combined_net_uj"},
      {"sampling_power_w", "result.sensor.observer_cost.power_difference_w"},
      {"sampling_power_uncertainty_w",
       "result.sensor.observer_cost.power_difference_uncertainty_w"},
      {"sampling_cpu_share", "result.sensor.observer_cost.cpu_share"},
  };
  for (const Column<v1::Run>& column : RunColumns()) {
    if (column.path.empty()) continue;
    const auto known = renamed.find(column.info.name);
    if (known != renamed.end()) {
      EXPECT_EQ(column.path, known->second);
      continue;
    }
    const std::vector<std::string> parts = absl::StrSplit(column.path, '.');
    const std::string prefixed =
        parts.size() > 1 ? absl::StrCat(parts[parts.size() - 2], "_", parts.back()) : "";
    EXPECT_TRUE(column.info.name == parts.back() || column.info.name == prefixed)
        << column.info.name << " shows " << column.path;
  }
}

// From the sampler's counts over chunk and wire into the samples table.
TEST(SamplesTable, CountsArriveInTheirColumns) {
  v1::SensorDescription sensor;
  sensor.set_shunt_lsb_v(0.5);
  sensor.set_shunt_offset_counts(1);
  sensor.set_bus_lsb_v(0.25);
  sensor.set_shunt_uohm(2'000'000);
  sensor.set_gain(4);
  sensor.set_has_power_channel(true);
  sensor.set_power_lsb_w(0.125);
  const std::vector<RawCounts> taken = {{7'000, 11, 13, 17, v1::SAMPLE_FLAG_MARKER}};
  const auto block = EncodeSampleBlock(taken, true, 0);
  const auto chunk = MakeChunk("run-1", 1, v1::CHUNK_STREAM_SAMPLES, 0, block->SerializeAsString());
  ASSERT_TRUE(chunk.ok());
  v1::Chunk received;
  ASSERT_TRUE(received.ParseFromString(chunk->SerializeAsString()));
  ASSERT_TRUE(CheckChunk(received).ok());
  v1::SampleBlock packed;
  ASSERT_TRUE(packed.ParseFromString(received.payload()));
  const auto samples = DecodeSampleBlock(packed);
  ASSERT_TRUE(samples.ok());
  const PowerSample sample = CountConverter(sensor).Convert((*samples)[0]);
  std::vector<std::string> cells;
  for (const auto& column : SampleColumns()) {
    cells.push_back(TextOf(column.value({"run-1", false, true, sample})));
  }
  // 11 x 0.25 V; (13 - 1) x 0.5 V; 4 x 6 V / 2 ohm; 17 x 0.125 W.
  EXPECT_THAT(cells,
              ::testing::ElementsAre("run-1", "7000", "2.75", "6", "12", "2.125", "true", ""));
}

}  // namespace
}  // namespace tinyjoule

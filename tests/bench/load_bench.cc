// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load_bench.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "tinyjoule/v1/run_service.grpc.pb.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {
namespace {

constexpr char kSweep[] = R"(version: 1
name: load
seed: 1
dataset:
  type: synthetic_weather
  synthetic_weather: {rows: 300}
  split: {method: holdout, test_fraction: 0.25}
models: [{name: tinyknn, type: tinyknn, k: 3}]
variants: [{name: float32}]
agents: {placement: each}
measure: {cooldown: {min: 0s}, repeat: )";

}  // namespace

LoadBench::LoadBench() : sequence_("agents") {}

LoadBench::~LoadBench() { Stop(); }

void LoadBench::Start(int agents, int seconds) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  for (int i = 0; i < agents; ++i) {
    FakeAgent::Options options;
    options.name = absl::StrCat("fake-", i);
    options.address = lab_.address();
    options.seconds = seconds;
    agents_.push_back(std::make_unique<FakeAgent>(options, sequence_, clock_, figures_));
    RunAndWait(sequence_, [this] { agents_.back()->Connect(); });
  }
  for (int i = 0; i < agents; ++i) {
    ASSERT_TRUE(lab_.Eventually([&] { return lab_.AgentConnected(absl::StrCat("fake-", i)); }));
  }
}

std::string LoadBench::Submit(int repeat) {
  grpc::ClientContext context;
  v1::CreateSweepRequest request;
  v1::CreateSweepResponse response;
  request.set_sweep_yaml(absl::StrCat(kSweep, repeat, "}\n"));
  request.set_file_name("load.yaml");
  const auto channel = grpc::CreateChannel(lab_.address(), grpc::InsecureChannelCredentials());
  const grpc::Status status =
      v1::SweepService::NewStub(channel)->CreateSweep(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.sweep().sweep_id();
}

uint64_t LoadBench::CountStoredSamples(const std::string& sweep_id) {
  grpc::ClientContext context;
  v1::ExportSweepRequest request;
  request.set_sweep_id(sweep_id);
  request.add_tables(v1::EXPORT_TABLE_SAMPLES);
  const auto channel = grpc::CreateChannel(lab_.address(), grpc::InsecureChannelCredentials());
  const auto reader = v1::RunService::NewStub(channel)->ExportSweep(&context, request);
  v1::ExportSweepResponse piece;
  uint64_t lines = 0;
  while (reader->Read(&piece)) {
    if (piece.file_name() != "samples.csv") continue;
    lines += static_cast<uint64_t>(std::count(piece.data().begin(), piece.data().end(), '\n'));
  }
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return lines - 1;  // The header.
}

LinkFigures LoadBench::Stop() {
  RunAndWait(sequence_, [this] {
    for (auto& agent : agents_) agent->Disconnect();
  });
  for (auto& agent : agents_) agent->WaitUntilDisconnected();
  LinkFigures figures;
  // The last reactions are behind this on the sequence.
  RunAndWait(sequence_, [&] { figures = figures_; });
  stopped_.insert(stopped_.end(), std::make_move_iterator(agents_.begin()),
                  std::make_move_iterator(agents_.end()));
  agents_.clear();
  return figures;
}

int64_t Percentile(std::vector<int64_t> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto index = static_cast<size_t>(share * static_cast<double>(values.size() - 1));
  return values[index];
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// A sweep from submission to runs.csv, with the real programs.
#include <cmath>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/lab.h"
#include "tests/e2e/table.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

// docs: the columns of runs.csv, whose order only grows.
constexpr char kRunColumns[] =
    "schema_version,sweep,run_id,trial_id,model,variant,fold,seed,repeat,block,agent,board,soc,os,"
    "kernel,agent_version,engine,engine_version,threads,governor,started_at,finished_at,state,"
    "valid,flags,mae,rmse,r2,accuracy,precision_macro,recall_macro,f1_macro,sparsity_nominal,"
    "sparsity,parameter_count,nonzero_count,mac_count,model_bytes,model_bytes_zstd,"
    "model_bytes_sparse,peak_activation_bytes,window_count,inference_count,inference_total_s,"
    "latency_mean_us,latency_p50_us,latency_p95_us,latency_p99_us,power_source,energy_j,"
    "energy_net_j,energy_per_inference_uj,energy_per_inference_ci95_low_uj,"
    "energy_per_inference_ci95_high_uj,energy_net_per_inference_uj,idle_power_w,power_mean_w,"
    "power_peak_w,current_mean_a,current_peak_a,voltage_mean_v,sample_count,sample_rate_hz,"
    "coverage,gap_max_ms,memory_before_bytes,memory_after_bytes,memory_peak_bytes,temp_start_c,"
    "temp_max_c,freq_min_hz,freq_max_hz,throttled,train_s,compress_s,train_energy_wh,"
    "train_emissions_g,grid_gco2e_per_kwh,artifact_sha256,dataset_sha256,prediction_max_abs_diff";

class SweepTest : public ::testing::Test {
 protected:
  // Exports and reads one table of the sweep.
  Table Export(const std::string& sweep_id, const std::string& table) {
    const Ended ended =
        lab_.Coord({"export", sweep_id, "--table", table, "-O", lab_.Path("results")});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return ReadTable(lab_.Path("results/" + table + ".csv"));
  }

  Lab lab_;
};

TEST_F(SweepTest, RunsToItsEndAndIsExported) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  TinySweep sweep;
  sweep.repeat = 2;
  sweep.models =
      "[{name: tinymlp, type: tinymlp, hidden: [8]}, {name: tinyknn, type: tinyknn, k: 3}]";
  const std::string id = lab_.Submit(lab_.WriteFile("sweep.yaml", sweep.Yaml()));
  ASSERT_EQ(lab_.WaitForEnd(id).state(), v1::SWEEP_STATE_SUCCEEDED) << lab_.Logs();

  const Table runs = Export(id, "runs");
  const std::vector<std::string> promised = absl::StrSplit(kRunColumns, ',');
  ASSERT_GE(runs.columns.size(), promised.size());
  EXPECT_EQ(std::vector<std::string>(runs.columns.begin(),
                                     runs.columns.begin() + static_cast<long>(promised.size())),
            promised);
  ASSERT_EQ(runs.rows.size(), 4u);
  std::set<std::string> run_ids;
  for (const auto& row : runs.rows) {
    run_ids.insert(row.at("run_id"));
    EXPECT_EQ(row.at("state"), "succeeded");
    EXPECT_EQ(row.at("agent"), "pi-1");
    EXPECT_THAT(row.at("power_source"), HasSubstr("simulated"));
    EXPECT_THAT(row.at("flags"), HasSubstr("SIMULATED"));
    EXPECT_TRUE(std::isfinite(Number(row, "r2")));
    EXPECT_GT(Number(row, "mae"), 0);
    EXPECT_GE(Number(row, "rmse"), Number(row, "mae"));
    EXPECT_EQ(Number(row, "window_count"), 2);
    EXPECT_GE(Number(row, "inference_count"), 20);
    EXPECT_GT(Number(row, "energy_j"), 0);
    EXPECT_GT(Number(row, "latency_mean_us"), 0);
    EXPECT_NEAR(Number(row, "energy_per_inference_uj"),
                Number(row, "energy_j") / Number(row, "inference_count") * 1e6,
                0.2 * Number(row, "energy_per_inference_uj"));
    EXPECT_GT(Number(row, "sample_count"), 0);
    EXPECT_LT(Number(row, "prediction_max_abs_diff"), 0.1);
    EXPECT_EQ(row.at("artifact_sha256").size(), 64u);
  }
  EXPECT_EQ(run_ids.size(), 4u);
  EXPECT_EQ(Export(id, "windows").rows.size(), 8u);
  EXPECT_EQ(Export(id, "samples").columns.front(), "run_id");
  EXPECT_GE(Export(id, "trials").rows.size(), 2u);
}

TEST_F(SweepTest, TheSameFileIsTheSameSweepAndTheSameBytes) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  const std::string file = lab_.WriteFile("sweep.yaml", TinySweep().Yaml());
  const std::string id = lab_.Submit(file);
  ASSERT_EQ(lab_.WaitForEnd(id).state(), v1::SWEEP_STATE_SUCCEEDED) << lab_.Logs();
  EXPECT_EQ(lab_.Submit(file), id);
  EXPECT_EQ(lab_.Runs(id).size(), 1u);
  EXPECT_EQ(lab_.Coord({"wait", id}).exit_code, 0);

  for (const char* folder : {"first", "second"}) {
    EXPECT_EQ(lab_.Coord({"export", id, "-O", lab_.Path(folder)}).exit_code, 0);
  }
  for (const char* name : {"runs.csv", "windows.csv", "trials.csv", "datapackage.json"}) {
    const std::string bytes = lab_.ReadFile(lab_.Path(std::string("first/") + name));
    EXPECT_FALSE(bytes.empty()) << name;
    EXPECT_EQ(bytes, lab_.ReadFile(lab_.Path(std::string("second/") + name))) << name;
  }
  const Ended verified = lab_.Coord({"verify", id});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

TEST_F(SweepTest, EqualWorkIsTrainedOnceAcrossSweeps) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  TinySweep sweep;
  const std::string first = lab_.Submit(lab_.WriteFile("first.yaml", sweep.Yaml()));
  ASSERT_EQ(lab_.WaitForEnd(first).state(), v1::SWEEP_STATE_SUCCEEDED) << lab_.Logs();
  sweep.name = "second";
  sweep.windows = 1;
  const std::string second = lab_.Submit(lab_.WriteFile("second.yaml", sweep.Yaml()));
  EXPECT_NE(second, first);
  ASSERT_EQ(lab_.WaitForEnd(second).state(), v1::SWEEP_STATE_SUCCEEDED) << lab_.Logs();
  // Training measures its own duration: equal to the last bit only when it happened once.
  EXPECT_EQ(lab_.Trials(first)[0].outcome().train_s(), lab_.Trials(second)[0].outcome().train_s());
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What a sweep gave: list, show, export, verify, compare, live power; and the fleet.
#include <filesystem>
#include <fstream>
#include <string>

#include "client/coord_app_fixture.h"
#include "common/energy/flag_catalog.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(CoordAppTest, ListReadsAllPagesInEveryFormat) {
  EXPECT_EQ(Run({"list", "sweeps", "-o", "csv"}), 0);
  const std::string text = out_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 4);
  EXPECT_EQ(Run({"list", "sweeps"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("small"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("\x1b")));
  EXPECT_EQ(Run({"-o", "json", "list", "sweeps"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"sweep_id\": \"0123456789abcdef\""));
  EXPECT_EQ(Run({"-o", "yaml", "list", "sweeps"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("sweeps:\n  - name: \"small\"\n    state: "));
  EXPECT_EQ(Run({"list", "runs"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("needs a sweep's id or name"));
}

TEST_F(CoordAppTest, ShowExplainsEveryFlag) {
  v1::Run& run = *fake_.runs.add_runs();
  run.set_run_id("r-1");
  v1::Flag& flag = *run.mutable_assembly()->add_flags();
  flag.set_name("SHORT");
  flag.set_fatal(true);
  flag.set_detail("window 0 lasted 1 s");
  EXPECT_EQ(Run({"show", "r-1"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("run_id: \"r-1\""));
  EXPECT_THAT(err_.str(), HasSubstr("SHORT (fatal): window 0 lasted 1 s"));
  v1::TrialSummary& trial = *fake_.trials.add_trials();
  trial.set_trial_id("trial-1");
  trial.set_reason("the trainer was killed");
  EXPECT_EQ(Run({"show", "trial"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("the trainer was killed"));
  EXPECT_EQ(Run({"show", "r-2"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("no sweep, run, agent or trial is called r-2"));
}

TEST_F(CoordAppTest, ShowTellsEverySizeOfAModel) {
  v1::TrialSummary& trial = *fake_.trials.add_trials();
  trial.set_trial_id("trial-1");
  v1::ModelSize& size = *trial.mutable_outcome()->mutable_size();
  size.set_sparsity_nominal(0.6);
  size.set_sparsity(0.5986);
  size.set_parameter_count(2497);
  size.set_nonzero_count(1002);
  size.set_mac_count(2400);
  size.set_model_bytes(10'700);
  size.set_model_bytes_zstd(6'100);
  size.set_model_bytes_dense(10'701);
  size.set_model_bytes_sparse(5'900);
  size.set_model_bytes_clustered(9'800);
  size.set_peak_activation_bytes(384);
  EXPECT_EQ(Run({"show", "trial-1"}), 0);
  EXPECT_THAT(err_.str(),
              HasSubstr("size: 2497 parameters, 1002 of them not 0; sparsity 0.5986 (asked for: "
                        "0.6); 2400 MACs, at most 384 B of activations\n"
                        "file:\n"
                        "         10700 B  as stored (ONNX)\n"
                        "          6100 B  compressed (zstd)\n"
                        "         10701 B  every parameter in full\n"
                        "          5900 B  sparse, with its index\n"
                        "          9800 B  clustered, with its codebook\n"));
}

TEST_F(CoordAppTest, ShowTellsWhatQuantisationMadeOfEachLayer) {
  v1::TrialSummary& trial = *fake_.trials.add_trials();
  trial.set_trial_id("trial-1");
  trial.mutable_outcome()->set_output_kind(v1::OUTPUT_KIND_REGRESSION);
  v1::LayerCalibration& layer = *trial.mutable_outcome()->add_calibration();
  layer.set_layer("conv1");
  layer.set_observed_low(-1.5);
  layer.set_observed_high(3);
  layer.set_range_low(-1.25);
  layer.set_range_high(2.5);
  layer.set_clipped(0.0125);
  layer.set_output_sqnr_db(38.04);
  layer.set_test_clipped(0.002);
  EXPECT_EQ(Run({"show", "trial-1"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("trial_id: \"trial-1\""));
  EXPECT_THAT(out_.str(), HasSubstr("observed low"));
  EXPECT_THAT(out_.str(), ContainsRegex("conv1 +-1.5 +3 +-1.25 +2.5 +1.25 +0.2 +38.0"));
  EXPECT_THAT(err_.str(), HasSubstr("0.2 % of the outputs for the test rows are beyond what the "
                                    "training rows gave: static int8 ends at -1.25 and 2.5,"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("observed_low:")));
  EXPECT_EQ(Run({"-o", "json", "show", "trial-1"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"observed_low\": -1.5"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("observed low")));
}

TEST_F(CoordAppTest, ControlCharactersOfOthersDoNotReachTheTerminal) {
  fake_.sweep.set_name("evil\x1b[2J");
  EXPECT_EQ(Run({"list", "sweeps"}), 0);
  EXPECT_THAT(out_.str(), Not(HasSubstr("\x1b")));
}

v1::ExportSweepResponse Piece(const std::string& name, const std::string& data) {
  v1::ExportSweepResponse piece;
  piece.set_file_name(name);
  piece.set_data(data);
  return piece;
}

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST_F(CoordAppTest, ExportWritesWholeFiles) {
  fake_.pieces = {Piece("runs.csv", "a,"), Piece("runs.csv", "b\n"), Piece("", "1,2\n"),
                  Piece("datapackage.json", "{}")};
  EXPECT_EQ(Run({"export", "small", "-O", folder_ / "out"}), 0) << err_.str();
  EXPECT_EQ(ReadAll(folder_ / "out/runs.csv"), "a,b\n1,2\n");
  EXPECT_EQ(ReadAll(folder_ / "out/datapackage.json"), "{}");
  EXPECT_EQ(out_.str(), absl::StrCat((folder_ / "out/runs.csv").string(), "\n",
                                     (folder_ / "out/datapackage.json").string(), "\n"));
  EXPECT_EQ(Run({"export", "small", "--table", "runs", "-O", "-"}), 0);
  EXPECT_EQ(out_.str(), "a,b\n1,2\n");
}

TEST_F(CoordAppTest, ExportLetsTheCoordinatorChooseNoFolder) {
  fake_.pieces = {Piece("../escape.csv", "x")};
  EXPECT_NE(Run({"export", "small", "-O", folder_ / "out"}), 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "escape.csv"));
}

TEST_F(CoordAppTest, VerifySaysWhatDiffers) {
  v1::VerifySweepResponse good;
  good.set_run_id("good");
  good.set_verified(1);
  good.set_total(2);
  fake_.verifications = {good};
  EXPECT_EQ(Run({"verify", "small"}), 0);
  EXPECT_EQ(out_.str(), "1 runs recomputed from raw data, 0 differ\n");
  v1::VerifySweepResponse bad;
  bad.set_run_id("bad");
  bad.set_verified(2);
  bad.add_differences("energy_j: stored 1, recomputed 2");
  fake_.verifications = {good, bad};
  EXPECT_EQ(Run({"verify", "small"}), 5);
  EXPECT_THAT(out_.str(), HasSubstr("bad: energy_j: stored 1, recomputed 2"));
}

TEST_F(CoordAppTest, EveryFlagIsShownWithWhatItMeansAndWhatToDo) {
  v1::Run& run = *fake_.runs.add_runs();
  run.set_run_id("r-1");
  for (const FlagDescription& flag : FlagCatalog()) {
    *run.mutable_assembly()->add_flags() = MakeFlag(flag.name, absl::StrCat("why ", flag.name));
  }
  EXPECT_EQ(Run({"show", "r-1"}), 0);
  for (const FlagDescription& flag : FlagCatalog()) {
    EXPECT_THAT(err_.str(), HasSubstr(absl::StrCat(": why ", flag.name, "\n    ", flag.meaning, " ",
                                                   flag.advice, "\n")));
  }
}

TEST_F(CoordAppTest, ShowTellsTheCostOfTrainingOrWhyNot) {
  v1::Run& run = *fake_.runs.add_runs();
  run.set_run_id("r-1");
  v1::TrainingCost& cost = *run.mutable_outcome()->mutable_cost();
  cost.set_training_s(12);
  cost.set_training_energy_wh(0.5);
  cost.set_evaluation_s(0.25);
  cost.set_energy_source("rapl:package-0");
  cost.set_why_no_energy("evaluation: other processes used 100 % of one processor");
  EXPECT_EQ(Run({"show", "r-1"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("training: 12 s, 0.5 Wh of rapl:package-0\n"));
  EXPECT_THAT(err_.str(), HasSubstr("evaluation: 0.25 s, energy not measured\n"
                                    "    evaluation: other processes used 100 %"));
  run.set_grid_gco2e_per_kwh(98);
  EXPECT_EQ(Run({"show", "r-1"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("0.5 Wh of rapl:package-0, 0.049 g of CO2 at 98 g/kWh\n"));
}

TEST_F(CoordAppTest, ShowTellsWhatReadingTheSensorCosts) {
  v1::Run& run = *fake_.runs.add_runs();
  run.set_run_id("r-1");
  v1::ObserverCost& cost = *run.mutable_result()->mutable_sensor()->mutable_observer_cost();
  cost.set_resolution("x8/12bit");
  cost.set_slowest_resolution("x128/12bit");
  cost.set_cpu_share(0.0571);
  cost.mutable_made_at()->set_seconds(1'767'225'600);
  EXPECT_EQ(Run({"show", "r-1"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("reading the sensor at x8/12bit: 5.7 % of a processor, on the "
                                    "idle board on 2026-01-01\n"));
  cost.set_power_difference_w(0.01234);
  cost.set_power_difference_uncertainty_w(0.0017);
  EXPECT_EQ(Run({"show", "r-1"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("5.7 % of a processor, 0.0123 W (standard uncertainty 0.0017 "
                                    "W) more than at x128/12bit, on the idle board on"));
}

TEST_F(CoordAppTest, NetEnergyBelowTheNoiseIsAnUpperBoundInWords) {
  v1::Run& run = *fake_.runs.add_runs();
  run.set_run_id("r-1");
  v1::EnergySummary& energy = *run.mutable_assembly()->mutable_energy();
  energy.set_energy_per_inference_uj(480);
  energy.set_energy_net_per_inference_uj(-3);
  energy.set_energy_net_per_inference_upper_uj(12.5);
  energy.mutable_uncertainty()->set_combined_uj(6);
  energy.mutable_uncertainty()->set_systematic_uj(5.9);
  EXPECT_EQ(Run({"show", "r-1"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("energy per inference: 480 uJ, standard uncertainty 6 uJ (5.9 "
                                    "uJ of it systematic)\n"));
  EXPECT_THAT(err_.str(), HasSubstr("above idle: < 12.5 uJ (below the noise)"));
  EXPECT_EQ(Run({"list", "runs", "small"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("< 12.5 (below the noise)"));
}

// Ratios of 1/2, 1/4 and 1/8: the geometric mean is 1/4 (common/energy/comparison_test.cc has the
// interval in closed form).
TEST_F(CoordAppTest, CompareSaysRatioIntervalPairsAndWhatWasLeftOut) {
  for (uint32_t block = 0; block < 4; ++block) {
    for (const char* variant : {"float32", "int8"}) {
      v1::Run& run = *fake_.runs.add_runs();
      run.set_model("tinymlp");
      run.set_variant(variant);
      run.set_block(block);
      run.mutable_result()->mutable_sensor()->set_simulated(true);
      run.set_state(block == 3 ? v1::RUN_STATE_INVALID : v1::RUN_STATE_SUCCEEDED);
      run.mutable_assembly()->set_valid(block != 3);
      run.mutable_assembly()->mutable_energy()->set_energy_per_inference_uj(
          *variant == 'f' ? 64 : 64 >> (block + 1));
    }
  }
  EXPECT_EQ(Run({"compare", "small", "float32", "int8", "-o", "csv"}), 0);
  EXPECT_EQ(out_.str(),
            "model,metric,a,b,pairs,ratio,ratio_ci95_low,ratio_ci95_high,verdict,left_out,power\n"
            "tinymlp,energy_per_inference,float32,int8,3,0.25,0.04468,1.399,"
            "no difference shown: the interval contains 1,2 invalid,SIMULATED\n");
  EXPECT_THAT(err_.str(), HasSubstr("SIMULATED"));
  EXPECT_EQ(Run({"compare", "small", "float32", "int8", "-o", "json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"pairs\": 3"));
  EXPECT_THAT(out_.str(), HasSubstr("\"left_out_invalid\": 2"));
  EXPECT_EQ(Run({"compare", "small", "float32", "int4"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("there are: float32, int8"));
  EXPECT_EQ(Run({"compare", "small", "float32", "int8", "--metric", "latency"}), 5);
  EXPECT_THAT(out_.str(), HasSubstr("nothing to say: no pair of valid runs"));
}

TEST_F(CoordAppTest, PowerIsCsvLinesAndASparklineOnATerminal) {
  v1::WatchPowerResponse points;
  points.set_simulated(true);
  for (const double watts : {1.0, 8.0}) {
    v1::PowerPoint& point = *points.add_points();
    point.set_mono_ns(5);
    point.set_bus_voltage_v(5);
    point.set_current_a(watts / 5);
    point.set_power_w(watts);
  }
  fake_.power = {points};
  EXPECT_EQ(Run({"power", "pi-1", "-o", "csv"}), 0);
  EXPECT_EQ(out_.str(),
            "mono_ns,bus_voltage_v,current_a,power_w,power_min_w,power_max_w,dropped,simulated\n"
            "5,5,0.2,1,0,0,0,true\n"
            "5,5,1.6,8,0,0,0,true\n");
  terminal_ = true;
  EXPECT_EQ(Run({"power", "pi-1"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("▁█  8.000 W"));
  EXPECT_THAT(out_.str(), HasSubstr("SIMULATED"));
}

TEST_F(CoordAppTest, FleetAndControlVerbsSendWhatWasAsked) {
  EXPECT_EQ(Run({"agents", "label", "pi-1", "board=rpi4", "old-"}), 0);
  EXPECT_EQ(fake_.labelled.set().at("board"), "rpi4");
  EXPECT_THAT(fake_.labelled.remove(), ElementsAre("old"));
  EXPECT_EQ(Run({"agents", "label", "pi-1", "=x"}), 2);
  EXPECT_EQ(Run({"cancel", "small", "--now"}), 0);
  EXPECT_EQ(out_.str(), "cancelled\n");
  EXPECT_TRUE(fake_.cancelled.now());
}

}  // namespace
}  // namespace tinyjoule

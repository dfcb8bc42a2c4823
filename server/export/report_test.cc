// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/export/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tinyjoule {
namespace {

using testing::HasSubstr;
using testing::Not;

v1::Run MakeRun(const std::string& model, const std::string& variant, double rmse,
                double energy_uj) {
  v1::Run run;
  run.set_model(model);
  run.set_variant(variant);
  run.set_state(v1::RUN_STATE_SUCCEEDED);
  run.set_engine(v1::ENGINE_XNNPACK);
  run.mutable_agent()->set_board("rpi4");
  v1::RunAssembly& assembly = *run.mutable_assembly();
  assembly.set_valid(true);
  assembly.mutable_quality()->set_rmse(rmse);
  assembly.mutable_energy()->set_energy_j(1);
  assembly.mutable_energy()->set_energy_per_inference_uj(energy_uj);
  run.mutable_outcome()->mutable_size()->set_nonzero_count(2497);
  return run;
}

TEST(ReportTest, AveragesTheValidRunsOfAConfiguration) {
  std::vector<v1::Run> runs = {MakeRun("mlp", "float32", 2, 10), MakeRun("mlp", "float32", 4, 14),
                               MakeRun("mlp", "int8", 3, 3), MakeRun("mlp", "float32", 90, 900)};
  runs[3].mutable_assembly()->set_valid(false);
  const std::vector<ReportGroup> groups = GroupRuns(runs);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].run_count, 3u);
  EXPECT_EQ(groups[0].valid_count, 2u);
  EXPECT_DOUBLE_EQ(*groups[0].error, 3);
  EXPECT_DOUBLE_EQ(*groups[0].energy_uj, 12);
  // Two values 2 either side of 12: t(0.975, 1) = 12.706, standard error 2.
  EXPECT_NEAR(groups[0].energy_interval_uj->low, 12 - 12.706 * 2, 1e-3 * 25.4);
  EXPECT_DOUBLE_EQ(*groups[1].energy_ratio, 0.25);
  EXPECT_FALSE(groups[1].energy_interval_uj.has_value());
}

TEST(ReportTest, KeepsParametersDevicesAndEnginesApart) {
  std::vector<v1::Run> runs(3, MakeRun("mlp", "l1", 2, 10));
  (*runs[1].mutable_parameters())["compress.0.prune.sparsity"] = "0.4";
  runs[2].set_engine(v1::ENGINE_REFERENCE);
  const std::vector<ReportGroup> groups = GroupRuns(runs);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].device, "rpi4 / reference");
  EXPECT_EQ(groups[1].variant, "l1");
  EXPECT_EQ(groups[2].variant, "l1 sparsity=0.4");
}

TEST(ReportTest, LabelsSimulatedEnergyOnThePageAndInThePicture) {
  v1::Sweep sweep;
  sweep.set_name("demo");
  v1::Run run = MakeRun("mlp", "float32", 2, 10);
  EXPECT_THAT(RenderReport(sweep, {run}), Not(HasSubstr("was <b>simulated")));
  run.mutable_result()->mutable_sensor()->set_simulated(true);
  const std::string page = RenderReport(sweep, {run});
  EXPECT_THAT(page, HasSubstr("The power meter was <b>simulated</b>"));
  EXPECT_THAT(page, HasSubstr("SIMULATED power meter"));
}

TEST(ReportTest, ExplainsEveryFlag) {
  v1::Run run = MakeRun("mlp", "float32", 2, 10);
  run.mutable_assembly()->add_flags()->set_name("GAP");
  const std::string page = RenderReport(v1::Sweep(), {run, MakeRun("mlp", "float32", 2, 10)});
  EXPECT_THAT(page, HasSubstr("<b>GAP</b> on 1 of 2 runs: "));
}

TEST(ReportTest, NamesCannotBecomeMarkup) {
  v1::Sweep sweep;
  sweep.set_name("x");
  const std::string page =
      RenderReport(sweep, {MakeRun("<script>alert(1)</script>", "\"a\" & 'b'", 2, 10)});
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, HasSubstr("&quot;a&quot; &amp; &#39;b&#39;"));
}

TEST(ReportTest, SaysSoWhenThereIsNoEnergy) {
  v1::Run run = MakeRun("mlp", "float32", 2, 10);
  run.mutable_assembly()->clear_energy();
  EXPECT_THAT(RenderReport(v1::Sweep(), {run}), HasSubstr("No run has an energy."));
}

TEST(ReportTest, TheSameRunsGiveTheSameBytes) {
  const std::vector<v1::Run> runs = {MakeRun("mlp", "float32", 2, 10),
                                     MakeRun("mlp", "int8", 3, 3)};
  EXPECT_EQ(RenderReport(v1::Sweep(), runs), RenderReport(v1::Sweep(), runs));
}

}  // namespace
}  // namespace tinyjoule

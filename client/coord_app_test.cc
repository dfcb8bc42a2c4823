// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The verbs of coord against a fake coordinator over loopback: output, exit codes, Ctrl-C.
#include "client/coord_app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "client/fake_coordinator.h"
#include "common/energy/flag_catalog.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kSweep[] =
    "version: 1\n"
    "name: small\n"
    "dataset: {type: synthetic_weather, split: {folds: 1}}\n"
    "models: [{type: tinymlp}]\n";

class CoordAppTest : public ::testing::Test {
 protected:
  CoordAppTest() {
    unsetenv("COORD_ADDR");
    folder_ = std::filesystem::path(::testing::TempDir()) /
              absl::StrCat("coord_app_test_", getpid(), "_",
                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  ~CoordAppTest() override { std::filesystem::remove_all(folder_); }

  std::string WriteFile(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }

  int Run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--coordinator", fake_.address()});
    return RunBare(arguments, input);
  }

  int RunBare(const std::vector<std::string>& arguments, const std::string& input = "") {
    std::istringstream in(input);
    out_.str("");
    err_.str("");
    Console console{in, out_, err_};
    console.err_is_terminal = terminal_;
    console.out_is_terminal = terminal_;
    return RunCoord(arguments, console, interrupts_);
  }

  v1::WatchSweepResponse Event(uint64_t sequence, v1::SweepState state, uint32_t failed = 0,
                               uint32_t invalid = 0) {
    v1::WatchSweepResponse event;
    event.set_sequence(sequence);
    event.set_state(state);
    event.mutable_counts()->set_runs(4);
    event.mutable_counts()->set_runs_failed(failed);
    event.mutable_counts()->set_runs_invalid(invalid);
    event.mutable_counts()->set_runs_succeeded(4 - failed - invalid);
    return event;
  }

  Interrupts interrupts_;
  FakeCoordinator fake_;
  std::filesystem::path folder_;
  bool terminal_ = false;
  std::ostringstream out_, err_;
};

TEST_F(CoordAppTest, UsageErrorsExitWith2) {
  EXPECT_EQ(RunBare({}), 2);
  EXPECT_EQ(RunBare({"frobnicate"}), 2);
  EXPECT_EQ(RunBare({"list", "potatoes"}), 2);
  EXPECT_EQ(RunBare({"-o", "xml", "list", "agents"}), 2);
  EXPECT_EQ(RunBare({"submit", "a.yaml", "--wait", "--detach"}), 2);
  EXPECT_EQ(RunBare({"--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("submit"));
}

TEST_F(CoordAppTest, AnUnknownVerbIsNamedWithTheNearestOne) {
  EXPECT_EQ(RunBare({"lst", "sweeps"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("there is no verb lst (did you mean \"list\"?)"));
  EXPECT_EQ(RunBare({"--version"}), 0);
  EXPECT_THAT(out_.str(), StartsWith("coord "));
}

TEST_F(CoordAppTest, ANarrowTerminalGetsFewerColumnsAndNoWrappedLine) {
  v1::TrialSummary& trial = *fake_.trials.add_trials();
  trial.set_trial_id("0123456789ab-t00000");
  trial.set_model("tinymlp");
  trial.set_variant("l1-structured");
  (*trial.mutable_parameters())["compress.0.prune.sparsity"] = "0.25";
  trial.set_state(v1::TRIAL_STATE_READY);
  trial.mutable_outcome()->mutable_size()->set_model_bytes(4321);
  *fake_.trials.add_trials() = trial;
  fake_.trials.mutable_trials(1)->set_trial_id("0123456789ab-t00001");
  EXPECT_EQ(Run({"list", "trials", "small"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("0123456789ab-t00000  tinymlp  l1-structured sparsity=0.25"));
  EXPECT_THAT(out_.str(), HasSubstr("0123456789ab-t00001"));
  EXPECT_THAT(out_.str(), HasSubstr("4321"));
  terminal_ = true;
  EXPECT_EQ(Run({"list", "trials", "small"}), 0);
  EXPECT_THAT(out_.str(), Not(HasSubstr("4321")));
  EXPECT_THAT(err_.str(), HasSubstr("not shown: train s, model bytes"));
  std::istringstream lines(out_.str());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_EQ(Run({"show", "0123456789ab-t00001"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("trial_id: \"0123456789ab-t00001\""));
}

TEST_F(CoordAppTest, UnreachableCoordinatorExitsWith4AndItsAddress) {
  EXPECT_EQ(RunBare({"--coordinator", "127.0.0.1:1", "list", "sweeps"}), 4);
  EXPECT_THAT(err_.str(), HasSubstr("no coordinator answers at 127.0.0.1:1"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(CoordAppTest, AddressComesFromTheEnvironmentToo) {
  setenv("COORD_ADDR", fake_.address().c_str(), 1);
  EXPECT_EQ(RunBare({"version"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("coordinator 9.9.9 at " + fake_.address()));
  unsetenv("COORD_ADDR");
}

TEST_F(CoordAppTest, LintFindsEveryErrorOfEveryFile) {
  const std::string good = WriteFile("good.yaml", kSweep);
  const std::string bad = WriteFile("bad.yaml", std::string(kSweep) + "trian: {}\nmethod: bayes\n");
  EXPECT_EQ(RunBare({"lint", good}), 0);
  EXPECT_EQ(out_.str(), good + ": ok, 1 trials\n");
  EXPECT_EQ(RunBare({"lint", good, bad}), 2);
  EXPECT_THAT(err_.str(), HasSubstr(bad + ":5:1: unknown key \"trian\" (did you mean \"train\"?)\n"
                                          "  trian: {}\n  ^~~~~\n"));
  EXPECT_THAT(err_.str(), HasSubstr(bad + ":6:9: method bayes is not available"));
  EXPECT_EQ(RunBare({"lint", "-"}, "a: [\n"), 2);
  EXPECT_THAT(err_.str(), StartsWith("<stdin>:1:"));
  EXPECT_EQ(RunBare({"lint", folder_ / "absent.yaml"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("absent.yaml"));
}

TEST_F(CoordAppTest, PlanWorksWithoutCoordinator) {
  const std::string file = WriteFile("s.yaml", kSweep);
  EXPECT_EQ(RunBare({"--coordinator", "127.0.0.1:1", "-o", "csv", "plan", file, "--set",
                     "dataset.split.folds=2"}),
            0);
  EXPECT_EQ(out_.str(),
            "model,variant,parameters,fold,seed\n"
            "tinymlp,float32,,0,42\n"
            "tinymlp,float32,,1,42\n");
  EXPECT_THAT(err_.str(), HasSubstr("matching agents and hours are not known"));
}

TEST_F(CoordAppTest, PlanAsksTheCoordinatorAndSubmitsNothing) {
  const std::string file = WriteFile("s.yaml", kSweep);
  EXPECT_EQ(Run({"plan", file}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("agents: pi-1"));
  EXPECT_THAT(err_.str(), HasSubstr("estimated: 30 min"));
  ASSERT_THAT(fake_.creations, SizeIs(1));
  EXPECT_TRUE(fake_.creations[0].validate_only());
  fake_.matching_agents.clear();
  EXPECT_EQ(Run({"plan", file}), 3);
  EXPECT_THAT(err_.str(), HasSubstr("no agent matches"));
}

TEST_F(CoordAppTest, SubmitPrintsTheIdAlone) {
  const std::string file = WriteFile("s.yaml", kSweep);
  EXPECT_EQ(Run({"submit", file, "--set", "train.epochs=3"}), 0);
  EXPECT_EQ(out_.str(), "0123456789abcdef\n");
  ASSERT_THAT(fake_.creations, SizeIs(1));
  EXPECT_EQ(fake_.creations[0].sweep_yaml(), kSweep);
  EXPECT_THAT(fake_.creations[0].overrides(), ElementsAre("train.epochs=3"));
  EXPECT_THAT(fake_.creations[0].request_id(), SizeIs(32));
  EXPECT_FALSE(fake_.creations[0].validate_only());
}

TEST_F(CoordAppTest, SubmitReadsStandardInput) {
  EXPECT_EQ(Run({"submit", "-"}, kSweep), 0);
  EXPECT_EQ(fake_.creations.at(0).file_name(), "<stdin>");
}

TEST_F(CoordAppTest, SubmitOfAnInvalidFileSendsNothing) {
  EXPECT_EQ(Run({"submit", "-"}, "version: 1\n"), 2);
  EXPECT_THAT(fake_.creations, IsEmpty());
}

TEST_F(CoordAppTest, SubmitSendsTheFilesThatTheCoordinatorLacks) {
  // More than one piece.
  const std::string table(2'500'000, 'x');
  WriteFile("a.csv", table);
  const std::string file =
      WriteFile("s.yaml",
                "version: 1\nname: s\nmodels: [{type: tinymlp}]\n"
                "dataset: {type: csv, path: a.csv, features: [a], target: b}\n");
  EXPECT_EQ(Run({"submit", file}), 0) << err_.str();
  EXPECT_THAT(fake_.uploads, ElementsAre(std::make_pair(Sha256Hex(table), table)));
  ASSERT_THAT(fake_.creations, SizeIs(2));
  EXPECT_EQ(fake_.creations[0].files(0).name(), "a.csv");
  EXPECT_EQ(fake_.creations[0].files(0).size_bytes(), table.size());
  EXPECT_EQ(fake_.creations[0].files(0).local_path(), "") << "of no interest to others";
  EXPECT_EQ(Run({"submit", file}), 0);
  EXPECT_THAT(fake_.creations, SizeIs(3)) << "nothing to send the second time";
}

TEST_F(CoordAppTest, MissingFileIsNamedBeforeAnythingIsSent) {
  const std::string file = WriteFile("s.yaml",
                                     "version: 1\nname: s\nmodels: [{type: tinymlp}]\n"
                                     "dataset: {type: mnist, path: m}\n");
  EXPECT_EQ(Run({"submit", file}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("m/train-images-idx3-ubyte (or .gz)"));
  EXPECT_THAT(err_.str(), HasSubstr("m/t10k-labels-idx1-ubyte (or .gz)"));
  EXPECT_THAT(fake_.creations, IsEmpty());
}

TEST_F(CoordAppTest, RefusalsHaveTheCoordinatorsWords) {
  const std::string file = WriteFile("s.yaml", kSweep);
  fake_.create_status = {grpc::StatusCode::INVALID_ARGUMENT, "s.yaml:1:1: no\n  x\n  ^\n"};
  EXPECT_EQ(Run({"submit", file}), 2);
  EXPECT_EQ(err_.str(), "coord: s.yaml:1:1: no\n  x\n  ^\n");
  fake_.create_status = {grpc::StatusCode::RESOURCE_EXHAUSTED, "the disk is full"};
  EXPECT_EQ(Run({"submit", file}), 4);
  EXPECT_EQ(err_.str(), "coord: the disk is full\n");
  fake_.create_status = grpc::Status::OK;
  fake_.matching_agents.clear();
  EXPECT_EQ(Run({"submit", file}), 3);
  EXPECT_EQ(out_.str(), "0123456789abcdef\n");
}

TEST_F(CoordAppTest, WaitGivesTheSweepsExitCode) {
  const std::tuple<v1::SweepState, uint32_t, uint32_t, int> cases[] = {
      {v1::SWEEP_STATE_SUCCEEDED, 0, 0, 0},
      {v1::SWEEP_STATE_FAILED, 1, 1, 1},
      {v1::SWEEP_STATE_FAILED, 0, 1, 5},
      {v1::SWEEP_STATE_CANCELLED, 0, 0, 1}};
  for (const auto& [state, failed, invalid, code] : cases) {
    fake_.events = {Event(1, v1::SWEEP_STATE_RUNNING), Event(2, state, failed, invalid)};
    EXPECT_EQ(Run({"wait", "small"}), code) << v1::SweepState_Name(state);
    EXPECT_EQ(Run({"submit", "-", "--wait"}, kSweep), code) << v1::SweepState_Name(state);
  }
}

TEST_F(CoordAppTest, UnknownSweepExitsWith2) {
  EXPECT_EQ(Run({"wait", "nothing"}), 2);
  EXPECT_EQ(err_.str(), "coord: no sweep nothing\n");
}

TEST_F(CoordAppTest, WaitTimesOutWith124) {
  fake_.events = {Event(1, v1::SWEEP_STATE_RUNNING)};
  fake_.watch_hangs = true;
  EXPECT_EQ(Run({"wait", "small", "--timeout", "50ms"}), 124);
  EXPECT_THAT(err_.str(), HasSubstr("has not ended within 50ms"));
  EXPECT_EQ(Run({"wait", "small", "--timeout", "soon"}), 2);
}

TEST_F(CoordAppTest, WatchResumesBySequenceWhenTheConnectionBreaks) {
  fake_.events = {Event(3, v1::SWEEP_STATE_RUNNING), Event(7, v1::SWEEP_STATE_RUNNING),
                  Event(9, v1::SWEEP_STATE_SUCCEEDED)};
  fake_.breaks = {1, 1};
  EXPECT_EQ(Run({"watch", "small"}), 0);
  EXPECT_THAT(fake_.watched_after, ElementsAre(0, 3, 7));
  EXPECT_THAT(err_.str(), HasSubstr("the coordinator is away; trying again"));
  EXPECT_THAT(err_.str(), HasSubstr("the coordinator is back"));
  EXPECT_THAT(err_.str(), HasSubstr("sweep 0123456789ab succeeded: 4 of 4 runs succeeded"));
  EXPECT_THAT(out_.str(), IsEmpty()) << "progress is not data";
}

TEST_F(CoordAppTest, InterruptEndsTheWatchWith130AndNotTheSweep) {
  fake_.events = {Event(1, v1::SWEEP_STATE_RUNNING)};
  fake_.watch_hangs = true;
  std::thread user([&] {
    fake_.watching.WaitForNotification();
    kill(getpid(), SIGINT);
  });
  EXPECT_EQ(Run({"watch", "small"}), 130);
  user.join();
  EXPECT_THAT(err_.str(), HasSubstr("The sweep goes on.\n  coord watch 0123456789ab   shows it"));
}

TEST_F(CoordAppTest, ProgressIsLinesOrBars) {
  v1::WatchSweepResponse task = Event(1, v1::SWEEP_STATE_RUNNING);
  task.mutable_counts()->set_tasks(2);
  task.mutable_counts()->set_tasks_done(1);
  task.mutable_task()->set_task_id("t");
  task.mutable_task()->set_label("tinymlp fold 0");
  task.mutable_task()->set_state(v1::TASK_STATE_SUCCEEDED);
  v1::WatchSweepResponse run = Event(2, v1::SWEEP_STATE_SUCCEEDED);
  run.mutable_counts()->set_tasks(2);
  run.mutable_counts()->set_tasks_done(2);
  run.mutable_run()->set_run_id("r");
  run.mutable_run()->set_label("tinymlp float32");
  run.mutable_run()->set_agent("pi-1");
  run.mutable_run()->set_state(v1::RUN_STATE_SUCCEEDED);
  fake_.events = {task, run};
  EXPECT_EQ(Run({"watch", "small"}), 0);
  EXPECT_EQ(err_.str(),
            "training succeeded: tinymlp fold 0 (1/2)\n"
            "run r succeeded: tinymlp float32 on pi-1 (4/4)\n"
            "sweep 0123456789ab succeeded: 4 of 4 runs succeeded\n");
  terminal_ = true;
  EXPECT_EQ(Run({"watch", "small"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("training [###############...............] 1/2"));
  EXPECT_THAT(err_.str(), HasSubstr("runs     [##############################] 4/4"));
}

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

v1::Agent CalibratedAgent() {
  v1::Agent agent;
  agent.mutable_facts()->set_name("pi-1");
  v1::SensorDescription& sensor = *agent.mutable_sensor();
  sensor.set_uri("i2c:/dev/i2c-1@0x40");
  sensor.set_gain(0.9756);
  sensor.set_calibration_version(2);
  sensor.set_relative_uncertainty(0.0061);
  v1::Calibration& calibration = *sensor.mutable_calibration();
  calibration.set_version(2);
  calibration.mutable_made_at()->set_seconds(1'767'225'600);
  calibration.set_reference_current_a(0.5);
  calibration.set_measured_current_a(0.5125);
  calibration.set_current_stddev_a(0.001);
  calibration.set_sample_count(1999);
  calibration.set_note("bench");
  return agent;
}

TEST_F(CoordAppTest, CalibrateSendsThePointAndShowsWhatCameOfIt) {
  *fake_.calibrated.mutable_agent() = CalibratedAgent();
  EXPECT_EQ(Run({"agents", "calibrate", "pi-1", "--current", "0.5", "--uncertainty", "0.3",
                 "--duration", "20s", "--note", "bench", "-o", "csv"}),
            0);
  ASSERT_THAT(fake_.calibrations, SizeIs(1));
  EXPECT_EQ(fake_.calibrations[0].agent(), "pi-1");
  const v1::CalibrationTask& task = fake_.calibrations[0].task();
  EXPECT_EQ(task.action(), v1::CALIBRATION_ACTION_ONE_POINT);
  EXPECT_EQ(task.duration().seconds(), 20);
  EXPECT_DOUBLE_EQ(task.reference_current_a(), 0.5);
  EXPECT_DOUBLE_EQ(task.reference_uncertainty(), 0.003);
  EXPECT_EQ(task.note(), "bench");
  EXPECT_EQ(out_.str(),
            "agent,sensor,calibration_version,made_at,gain,offset_counts,relative_uncertainty,"
            "reference_a,measured_a,stddev_a,samples,note\n"
            "pi-1,i2c:/dev/i2c-1@0x40,2,2026-01-01T00:00:00Z,0.9756,0,0.0061,0.5,0.5125,0.001,"
            "1999,bench\n");
  EXPECT_THAT(err_.str(), HasSubstr("keep the load steady"));
}

TEST_F(CoordAppTest, CalibrateNeedsOneAction) {
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"--show", "--clear"},
                                                       {"--current", "0"},
                                                       {"--current", "much"},
                                                       {"--current", "-1"},
                                                       {"--zero", "--duration", "1s"},
                                                       {"--zero", "--duration", "soon"}};
  for (const std::vector<std::string>& arguments : wrong) {
    std::vector<std::string> line = {"agents", "calibrate", "pi-1"};
    line.insert(line.end(), arguments.begin(), arguments.end());
    EXPECT_EQ(Run(line), 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(err_.str(), Not(IsEmpty()));
  }
  EXPECT_THAT(fake_.calibrations, IsEmpty());
}

TEST_F(CoordAppTest, CalibrateOtherActions) {
  const std::map<std::string, v1::CalibrationAction> actions = {
      {"--zero", v1::CALIBRATION_ACTION_ZERO},
      {"--clear", v1::CALIBRATION_ACTION_CLEAR},
      {"--observer", v1::CALIBRATION_ACTION_OBSERVER}};
  for (const auto& [flag, action] : actions) {
    EXPECT_EQ(Run({"agents", "calibrate", "pi-1", flag}), 0) << err_.str();
    EXPECT_EQ(fake_.calibrations.back().task().action(), action);
  }
}

TEST_F(CoordAppTest, CalibrateSaysTheAgentsReason) {
  fake_.calibrate_status = {grpc::StatusCode::FAILED_PRECONDITION, "agent pi-1: simulated"};
  EXPECT_EQ(Run({"agents", "calibrate", "pi-1", "--current", "0.5"}), 4);
  EXPECT_THAT(err_.str(), HasSubstr("agent pi-1: simulated"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(CoordAppTest, CalibrationIsShownWithTheAgent) {
  *fake_.agents.add_agents() = CalibratedAgent();
  EXPECT_EQ(Run({"agents", "calibrate", "pi-1", "--show", "-o", "csv"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr(",2,2026-01-01T00:00:00Z,0.9756,"));
  EXPECT_EQ(Run({"agents", "calibrate", "pi-2", "--show"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("no agent pi-2"));
  EXPECT_EQ(Run({"list", "agents", "-o", "csv"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr(",2 of 2026-01-01\n"));
  EXPECT_EQ(Run({"show", "pi-1"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("calibration_version: 2"));
  EXPECT_THAT(out_.str(), HasSubstr("made_at: \"2026-01-01T00:00:00Z\""));
  fake_.agents.mutable_agents(0)->clear_sensor();
  EXPECT_EQ(Run({"agents", "calibrate", "pi-1", "--show"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("none"));
}

TEST_F(CoordAppTest, ObserverIsATableOfResolutionsThatSaysSimulated) {
  fake_.calibrated.mutable_agent()->mutable_sensor()->set_simulated(true);
  v1::ObserverCost& cost = *fake_.calibrated.add_observer_costs();
  cost.set_resolution("x8");
  cost.set_rate_hz(208.7);
  cost.set_power_w(2.61234);
  cost.set_power_uncertainty_w(0.0012);
  cost.set_power_difference_w(0.003);
  cost.set_power_difference_uncertainty_w(0.0017);
  cost.set_cpu_share(0.0123);
  cost.set_reads_per_second(626);
  EXPECT_EQ(Run({"agents", "calibrate", "pi-1", "--observer", "-o", "csv"}), 0);
  EXPECT_EQ(out_.str(),
            "resolution,rate_hz,power_w,u_w,difference_w,u_difference_w,cpu_share,reads_per_s,"
            "simulated\n"
            "x8,208.7,2.61234,0.0012,0.003,0.0017,0.0123,626,true\n");
  EXPECT_EQ(Run({"agents", "calibrate", "pi-1", "--observer", "-o", "yaml"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("observer_costs"));
}

TEST_F(CoordAppTest, CompletionKnowsEveryVerb) {
  for (const char* const shell : {"bash", "zsh"}) {
    EXPECT_EQ(RunBare({"completion", shell}), 0);
    for (const char* const verb : {"submit", "export", "uncordon", "--detach", "--observer"}) {
      EXPECT_THAT(out_.str(), HasSubstr(verb));
    }
  }
  EXPECT_EQ(RunBare({"completion", "fish"}), 2);
}

}  // namespace
}  // namespace tinyjoule

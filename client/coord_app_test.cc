// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Verbs of coord before and up to a sweep: usage, lint, plan, submit; exit codes.
#include <sstream>
#include <string>

#include "client/coord_app_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

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

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Data and artifacts that cannot be used: what the user reads, and that nothing else is lost.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/lab.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class BadInputTest : public ::testing::Test {
 protected:
  // A sweep over a table with the columns a and b.
  std::string SweepOver(const std::string& name) {
    return lab_.WriteFile(
        name + ".yaml",
        absl::StrCat("version: 1\nname: ", name, "\ndataset: {type: csv, path: ", name,
                     ".csv, features: [a], target: b, split: {method: holdout}}\n",
                     "models: [{name: m, type: tinymlp, hidden: [4]}]\ntrain: {epochs: 1}\n"));
  }
  static std::string Rows(const std::string& header, const std::string& target) {
    std::string table = header + "\n";
    for (int i = 0; i < 100; ++i) absl::StrAppend(&table, i, ",", target, "\n");
    return table;
  }

  Lab lab_;
};

TEST_F(BadInputTest, ATableThatCannotBeTrainedOnIsNamedWithWhatIsWrong) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  struct Case {
    std::string name, table, words;
  };
  const std::vector<Case> cases = {
      {"column", Rows("a,c", "1"), "column.csv: no column \"b\"; the columns are: a, c"},
      {"empty", "", "empty.csv: the file is empty"},
      {"header", "a,b\n", "header.csv: no row below the header"},
      {"constant", Rows("a,b", "5"), "constant.csv: the target \"b\" has no variance"},
      {"nan", Rows("a,b", "nan"), "nan.csv: no row is left"},
      {"word", Rows("a,b", "x"), "word.csv:2:3: \"x\" in column \"b\" is not a finite number"},
  };
  for (const Case& bad : cases) {
    lab_.WriteFile(bad.name + ".csv", bad.table);
    const Ended ended = lab_.Coord({"submit", SweepOver(bad.name), "--wait"});
    EXPECT_EQ(ended.exit_code, 1) << bad.name << ended.err << lab_.Logs();
    EXPECT_THAT(ended.err, HasSubstr(bad.words));
  }
  const Ended listed = lab_.Coord({"list", "sweeps", "-o", "csv"});
  for (const Case& bad : cases) EXPECT_THAT(listed.out, HasSubstr(bad.name)) << "none is lost";
}

TEST_F(BadInputTest, AnArtifactThatRottedFailsItsRunAlone) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  TinySweep sweep;
  sweep.models =
      "[{name: one, type: tinymlp, hidden: [8]}, {name: two, type: tinymlp, hidden: [9]}]";
  const Ended submitted =
      lab_.Coord({"submit", lab_.WriteFile("sweep.yaml", sweep.Yaml()), "--detach"});
  ASSERT_EQ(submitted.exit_code, 3) << "no agent yet; " << submitted.err;
  const std::string id = submitted.out.substr(0, submitted.out.find('\n'));
  lab_.WatchUntil(id, [](const v1::WatchSweepResponse& event) {
    return event.counts().trials() > 0 && event.counts().trials_ready() == event.counts().trials();
  });
  const std::vector<v1::TrialSummary> trials = lab_.Trials(id);
  ASSERT_FALSE(trials.empty());
  const std::string sha256 = trials[0].outcome().model().sha256();
  const std::string path =
      absl::StrCat("data/artifacts/", sha256.substr(0, 2), "/", sha256.substr(2, 2), "/", sha256);
  std::string bytes = lab_.ReadFile(lab_.Path(path));
  ASSERT_GT(bytes.size(), 100u);
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  lab_.WriteFile(path, bytes);
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  EXPECT_EQ(lab_.WaitForEnd(id).state(), v1::SWEEP_STATE_FAILED);
  for (const v1::Run& run : lab_.Runs(id)) {
    if (run.trial_id() == trials[0].trial_id()) {
      EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
      EXPECT_THAT(run.reason(), HasSubstr(sha256)) << "the file is named";
    } else if (run.model() == "two") {
      EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED) << run.reason();
    }
  }
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What the programs refuse, in which words and with which exit code; and how the coordinator stops
// and rests.
#include <csignal>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/lab.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class RefusalTest : public ::testing::Test {
 protected:
  Lab lab_;
};

TEST_F(RefusalTest, ASecondCoordinatorOnOneDataFolder) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  const Ended second = lab_.RunProgram(
      "tinyjoule-coordinator", {"--data-dir", lab_.Path("data"), "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.exit_code, 4) << second.err;
  EXPECT_EQ(second.out, "");
  EXPECT_THAT(second.err, HasSubstr(absl::StrCat(lab_.coordinator_pid())))
      << "who holds it is named";
}

TEST_F(RefusalTest, ASecondCoordinatorOnOnePort) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  const Ended second = lab_.RunProgram(
      "tinyjoule-coordinator", {"--data-dir", lab_.Path("other"), "--listen", lab_.address()});
  EXPECT_EQ(second.exit_code, 1) << second.err;
  EXPECT_THAT(second.err, HasSubstr(lab_.address()));
}

TEST_F(RefusalTest, AnOpenAddressWithoutTls) {
  const Ended ended = lab_.RunProgram("tinyjoule-coordinator",
                                      {"--data-dir", lab_.Path("data"), "--listen", "0.0.0.0:0"});
  EXPECT_EQ(ended.exit_code, 2) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("--insecure"));
}

TEST_F(RefusalTest, ABrokenSweepFile) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  const std::string file = lab_.WriteFile("broken.yaml", "version: 1\nname: [unclosed\n");
  const Ended ended = lab_.Coord({"submit", file});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr(absl::StrCat(file, ":")));
  EXPECT_EQ(ended.out, "");
}

TEST_F(RefusalTest, ASweepFileWithAWrongWord) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  TinySweep sweep;
  sweep.models = "[{name: m, type: tinymlq, hidden: [8]}]";
  const Ended ended = lab_.Coord({"submit", lab_.WriteFile("sweep.yaml", sweep.Yaml())});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("tinymlp")) << "did you mean";
}

TEST_F(RefusalTest, AMissingDataFile) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  const std::string yaml =
      "version: 1\nname: gone\ndataset: {type: csv, path: gone.csv, features: [a], target: b}\n"
      "models: [{name: m, type: tinymlp, hidden: [8]}]\nvariants: [{name: float32}]\n";
  const Ended ended = lab_.Coord({"submit", lab_.WriteFile("sweep.yaml", yaml)});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("gone.csv"));
}

TEST_F(RefusalTest, ASweepThatNoAgentMatches) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  TinySweep sweep;
  sweep.agents = "{select: {board: rpi4}, placement: any}";
  const Ended ended =
      lab_.Coord({"submit", lab_.WriteFile("sweep.yaml", sweep.Yaml()), "--detach"});
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
}

TEST_F(RefusalTest, ACoordinatorThatCannotBeReached) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  lab_.KillCoordinator(SIGKILL);
  EXPECT_EQ(lab_.Coord({"list", "sweeps"}).exit_code, 4);
}

TEST_F(RefusalTest, TheCoordinatorStopsOnSigtermWithinTenSeconds) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  const SystemClock clock;
  const int64_t begin_ns = clock.MonotonicNs();
  const ExitState ended = lab_.StopCoordinator(SIGTERM);
  EXPECT_TRUE(ended.ok()) << ended.Describe() << lab_.Logs();
  EXPECT_LT(clock.MonotonicNs() - begin_ns, 10 * kNsPerSecond);
}

TEST_F(RefusalTest, TheCoordinatorRestsInLessThan100Megabytes) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  const int64_t rss_bytes = lab_.CoordinatorRssBytes();
  RecordProperty("coordinator_rss_bytes", absl::StrCat(rss_bytes));
  EXPECT_GT(rss_bytes, 0);
  EXPECT_LT(rss_bytes, 100'000'000);
}

}  // namespace
}  // namespace tinyjoule

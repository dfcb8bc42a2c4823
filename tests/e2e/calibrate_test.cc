// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// coord agents calibrate, with real processes.
#include <algorithm>
#include <csignal>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/lab.h"

namespace tinyjoule {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CalibrateTest : public ::testing::Test {
 protected:
  Lab lab_;
};

TEST_F(CalibrateTest, ASimulatedSensorIsNeverCalibrated) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  for (const std::string action : {"--current=0.5", "--zero"}) {
    const Ended ended = lab_.Coord({"agents", "calibrate", "pi-1", action, "--duration", "2s"});
    EXPECT_EQ(ended.exit_code, 4) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, AllOf(HasSubstr("pi-1"), HasSubstr("never calibrated"),
                                 HasSubstr("nothing was changed")));
  }
  const Ended shown = lab_.Coord({"agents", "calibrate", "pi-1", "--show"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("none"));
  EXPECT_EQ(lab_.Coord({"agents", "calibrate", "nobody", "--zero"}).exit_code, 2);
}

TEST_F(CalibrateTest, ObserverOfASimulatedSensorIsOneRowAndSaysSo) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  const Ended ended =
      lab_.Coord({"agents", "calibrate", "pi-1", "--observer", "--duration", "2s", "-o", "csv"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err << lab_.Logs();
  EXPECT_THAT(ended.out, HasSubstr("\nx8/12bit,"));
  EXPECT_THAT(ended.out, HasSubstr(",true\n"));
  EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 2);
}

TEST_F(CalibrateTest, AnAgentThatIsAwayIsToldOf) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  lab_.KillAgent("pi-1", SIGKILL);
  ASSERT_TRUE(lab_.Eventually([this] { return !lab_.AgentConnected("pi-1"); }));
  const Ended ended = lab_.Coord({"agents", "calibrate", "pi-1", "--zero"});
  EXPECT_EQ(ended.exit_code, 4);
  EXPECT_THAT(ended.err, HasSubstr("not connected"));
}

TEST_F(CalibrateTest, AFileOfCalibrationsThatCannotBeReadKeepsTheAgentFromStarting) {
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  lab_.KillAgent("pi-1", SIGKILL);
  const std::string file = lab_.WriteFile("agent-pi-1/calibration.json", "{\"sensors\": 7}");
  const Ended ended = lab_.RunProgram(
      "tinyjoule-agent", {"--coordinator", lab_.address(), "--name", "pi-1", "--state-dir",
                          lab_.Path("agent-pi-1"), "--sensor", "sim:"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr(file));
}

}  // namespace
}  // namespace tinyjoule

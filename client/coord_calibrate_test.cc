// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// coord agents calibrate.
#include <string>
#include <vector>

#include "client/coord_app_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

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
  v1::ObserverCost& cost = *sensor.mutable_observer_cost();
  cost.set_power_difference_w(0.0123);
  cost.set_power_difference_uncertainty_w(0.0017);
  cost.set_cpu_share(0.057);
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
            "reference_a,measured_a,stddev_a,samples,note,sampling_w,u_sampling_w,"
            "sampling_cpu_share\n"
            "pi-1,i2c:/dev/i2c-1@0x40,2,2026-01-01T00:00:00Z,0.9756,0,0.0061,0.5,0.5125,0.001,"
            "1999,bench,0.0123,0.0017,0.057\n");
  EXPECT_THAT(err_.str(), HasSubstr("keep the load steady"));
}

TEST_F(CoordAppTest, CalibrateCountsSecondsOnATerminal) {
  EXPECT_EQ(Run({"agents", "calibrate", "pi-1", "--observer"}), 0);
  EXPECT_THAT(err_.str(), Not(HasSubstr("0 s")));
  terminal_ = true;
  EXPECT_EQ(Run({"agents", "calibrate", "pi-1", "--observer"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("\r\x1b[2K0 s"));
  EXPECT_THAT(err_.str(), EndsWith("\r\x1b[2K")) << "gone with the answer";
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
  v1::ObserverCost& slowest = *fake_.calibrated.add_observer_costs();
  slowest.set_resolution("x128");
  slowest.set_rate_hz(14.7);
  slowest.set_power_w(2.609);
  slowest.set_power_uncertainty_w(0.0012);
  EXPECT_EQ(Run({"agents", "calibrate", "pi-1", "--observer", "-o", "csv"}), 0);
  EXPECT_EQ(out_.str(),
            "resolution,rate_hz,power_w,u_w,difference_w,u_difference_w,cpu_share,reads_per_s,"
            "simulated\n"
            "x8,208.7,2.61234,0.0012,0.003,0.0017,0.0123,626,true\n"
            "x128,14.7,2.609,0.0012,,,,,true\n");
  EXPECT_EQ(Run({"agents", "calibrate", "pi-1", "--observer", "-o", "yaml"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("observer_costs"));
}

}  // namespace
}  // namespace tinyjoule

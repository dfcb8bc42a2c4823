// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The whole agent core, with a sensor that is declared wrong, against a coordinator in the test's
// hands and on the test's clock.
#include "agent/core/calibrator.h"

#include "agent/core/agent_core.h"
#include "agent/core/calibration.h"
#include "common/base/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_coordinator_link.h"
#include "tests/support/fake_power_sensor.h"
#include "tests/support/fake_runner.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/manual_task_runner.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CalibratorTest : public ::testing::Test {
 protected:
  CalibratorTest() {
    sensor_.true_shunt_ohm = 0.1025;
    StartAgent();
    link_.Connect();
  }
  void StartAgent() {
    agent_.reset();
    store_.emplace(*CalibrationStore::Open(files_, "/state/calibration.json"));
    const std::string identity = SensorIdentity(sensor_.Describe().uri());
    calibrated_.SetCalibration(store_->Get(identity));
    calibrated_.SetCosts(store_->GetCosts(identity));
    MeasurementDependencies measurement{clock_, files_, runner_, board_, *cache_, artifacts_};
    measurement.samples = &source_;
    AgentCore::Options options;
    options.name = "pi-1";
    options.job_runner.runner_programs = {{v1::ENGINE_XNNPACK, "runner"}};
    options.job_runner.runner_log_path = "/runner.log";
    AgentCore::Dependencies dependencies{core_, measuring_, *spool_, link_, measurement};
    dependencies.sensor = &calibrated_;
    dependencies.calibrations = &*store_;
    agent_ = std::make_unique<AgentCore>(options, dependencies);
    agent_->Start();
  }
  static v1::CalibrationTask Task(v1::CalibrationAction action) {
    v1::CalibrationTask task;
    task.set_action(action);
    task.mutable_duration()->set_seconds(10);
    if (action == v1::CALIBRATION_ACTION_ONE_POINT) task.set_reference_current_a(0.5);
    return task;
  }
  void Ask(const v1::CalibrationTask& task, uint64_t request_id = 1) {
    v1::ConnectResponse message;
    message.mutable_calibrate()->set_request_id(request_id);
    *message.mutable_calibrate()->mutable_task() = task;
    link_.Deliver(message);
  }
  std::vector<v1::Calibrated> Answers() const {
    std::vector<v1::Calibrated> answers;
    for (const v1::ConnectRequest& message : link_.sent) {
      if (message.has_calibrated()) answers.push_back(message.calibrated());
    }
    return answers;
  }
  v1::Calibrated Calibrate(v1::CalibrationAction action) {
    const size_t before = Answers().size();
    Ask(Task(action));
    core_.AdvanceAndRun(200 * kNsPerSecond);
    EXPECT_EQ(Answers().size(), before + 1);
    return Answers().empty() ? v1::Calibrated() : Answers().back();
  }
  void LetTheFastestResolutionCost(double current_a) {
    sensor_.resolutions = {{"12bit", kNsPerMs}, {"x8", 5 * kNsPerMs}, {"x128", 70 * kNsPerMs}};
    sensor_.current_a = [this, current_a](int64_t) {
      return sensor_.description.resolution() == "12bit/12bit" ? 0.5 + current_a : 0.5;
    };
  }
  static v1::JobSpec Job(const std::string& run_id) {
    v1::JobSpec job;
    job.set_run_id(run_id);
    job.set_attempt(1);
    job.set_model_sha256(Sha256Hex("m"));
    job.set_inputs_sha256(Sha256Hex("m"));
    job.set_engine(v1::ENGINE_XNNPACK);
    job.mutable_window_min()->set_seconds(1);
    job.mutable_idle()->set_seconds(1);
    job.set_window_count(2);
    job.set_power_source(v1::POWER_SOURCE_NONE);
    return job;
  }
  void WatchPower(bool active) {
    v1::ConnectResponse message;
    message.mutable_live_power_request()->set_active(active);
    message.mutable_live_power_request()->mutable_interval()->set_nanos(100'000'000);
    link_.Deliver(message);
  }
  double LastLiveCurrent() const {
    double current_a = 0;
    for (const v1::ConnectRequest& message : link_.sent) {
      if (message.has_live_power()) current_a = message.live_power().points(0).current_a();
    }
    return current_a;
  }

  FakeClock clock_;
  ManualTaskRunner core_{clock_};
  ManualTaskRunner measuring_{clock_};
  FaultFileSystem files_;
  FakeRunner runner_{clock_};
  BoardReader board_{files_, "/board"};
  std::unique_ptr<ArtifactCache> cache_ = *ArtifactCache::Open(files_, {"/cache", 1 << 20});
  FakeArtifactSource artifacts_;
  FakePowerSensor sensor_{clock_};
  int64_t reader_cpu_ns_ = 0;
  CalibratedSensor calibrated_{sensor_, [this] { return reader_cpu_ns_ += kNsPerMs; }};
  PullingSampleSource source_{calibrated_};
  FakeCoordinatorLink link_;
  std::unique_ptr<Spool> spool_ = *Spool::Open(files_, {"/spool"});
  std::optional<CalibrationStore> store_;
  std::unique_ptr<AgentCore> agent_;
};

TEST_F(CalibratorTest, FindsTheGainAndKeepsItAcrossARestart) {
  const v1::Calibrated answer = Calibrate(v1::CALIBRATION_ACTION_ONE_POINT);
  EXPECT_EQ(answer.code(), 0) << answer.message();
  EXPECT_EQ(answer.request_id(), 1u);
  EXPECT_NEAR(answer.sensor().gain(), 0.1 / 0.1025, 1e-6);
  EXPECT_EQ(answer.sensor().calibration_version(), 1u);
  EXPECT_EQ(answer.sensor().calibration().made_at().seconds(),
            FakeClock::kStartUtcNs / kNsPerSecond + 11)
      << "ten seconds after the question";
  EXPECT_FALSE(sensor_.running);
  calibrated_.SetCalibration({});
  files_.LosePower();
  StartAgent();
  EXPECT_EQ(agent_->MakeHello().sensor().SerializeAsString(), answer.sensor().SerializeAsString());
}

TEST_F(CalibratorTest, LivePowerGoesOnAndIsRightAfterwards) {
  WatchPower(true);
  core_.AdvanceAndRun(kNsPerSecond);
  EXPECT_NEAR(LastLiveCurrent(), 0.5125, 1e-4);
  Ask(Task(v1::CALIBRATION_ACTION_ONE_POINT));
  link_.sent.clear();
  core_.AdvanceAndRun(5 * kNsPerSecond);
  EXPECT_THAT(Answers(), IsEmpty());
  EXPECT_NEAR(LastLiveCurrent(), 0.5125, 1e-4) << "the watcher sees the calibration's samples";
  core_.AdvanceAndRun(10 * kNsPerSecond);
  EXPECT_EQ(Answers().size(), 1u);
  EXPECT_NEAR(LastLiveCurrent(), 0.5, 1e-4);
  EXPECT_EQ(sensor_.starts, 1) << "the source is not disturbed";
  EXPECT_TRUE(sensor_.running);
  WatchPower(false);
  EXPECT_FALSE(sensor_.running);
}

TEST_F(CalibratorTest, AFullDiskChangesNothing) {
  files_.FailWritesAfter(0, absl::ResourceExhaustedError("No space left on device"));
  const v1::Calibrated answer = Calibrate(v1::CALIBRATION_ACTION_ONE_POINT);
  ASSERT_GT(files_.faults_fired(), 0u);
  EXPECT_EQ(answer.code(), static_cast<int>(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(answer.message(), HasSubstr("No space left"));
  EXPECT_EQ(answer.sensor().calibration_version(), 0u);
  EXPECT_EQ(agent_->MakeHello().sensor().gain(), 1);
}

TEST_F(CalibratorTest, ClearGivesTheSensorsOwnFiguresAndVersionsGoOn) {
  Calibrate(v1::CALIBRATION_ACTION_ONE_POINT);
  const v1::Calibrated cleared = Calibrate(v1::CALIBRATION_ACTION_CLEAR);
  EXPECT_EQ(cleared.code(), 0);
  EXPECT_EQ(cleared.sensor().SerializeAsString(), sensor_.Describe().SerializeAsString());
  files_.LosePower();
  StartAgent();
  EXPECT_EQ(Calibrate(v1::CALIBRATION_ACTION_ONE_POINT).sensor().calibration_version(), 3u);
}

TEST_F(CalibratorTest, ZeroFindsTheOffset) {
  sensor_.true_offset_counts = 7;
  sensor_.current_a = [](int64_t) { return 0; };
  const v1::Calibrated answer = Calibrate(v1::CALIBRATION_ACTION_ZERO);
  EXPECT_EQ(answer.code(), 0) << answer.message();
  EXPECT_NEAR(answer.sensor().shunt_offset_counts(), 7, 1e-9);
  EXPECT_NEAR(answer.sensor().shunt_offset_uncertainty_v(), 10e-6 / std::sqrt(12), 1e-12);
}

TEST_F(CalibratorTest, RefusesWithTheReason) {
  const auto refusal = [this](const v1::CalibrationTask& task) {
    Ask(task);
    EXPECT_FALSE(Answers().empty());
    EXPECT_NE(Answers().back().code(), 0);
    return Answers().back().message();
  };
  v1::CalibrationTask task = Task(v1::CALIBRATION_ACTION_ONE_POINT);
  task.set_reference_current_a(0);
  EXPECT_THAT(refusal(task), HasSubstr("reference_current_a"));
  sensor_.start_error = absl::UnavailableError("no device on the bus");
  EXPECT_THAT(refusal(Task(v1::CALIBRATION_ACTION_ONE_POINT)), HasSubstr("no device on the bus"));
  sensor_.start_error = absl::OkStatus();
  sensor_.description.set_simulated(true);
  for (const auto action : {v1::CALIBRATION_ACTION_ONE_POINT, v1::CALIBRATION_ACTION_ZERO}) {
    EXPECT_THAT(refusal(Task(action)), HasSubstr("never calibrated"));
  }
  EXPECT_FALSE(sensor_.running);
}

TEST_F(CalibratorTest, ARunAndACalibrationKeepOutOfEachOthersWay) {
  artifacts_.artifacts[Sha256Hex("m")] = "m";
  link_.Offer(Job("r1"));
  ASSERT_TRUE(link_.Replies().back().accepted()) << link_.Replies().back().reason();
  Ask(Task(v1::CALIBRATION_ACTION_ONE_POINT));
  EXPECT_THAT(Answers().back().message(), HasSubstr("busy with r1/1"));
  EXPECT_EQ(Answers().back().code(), static_cast<int>(absl::StatusCode::kFailedPrecondition));
  measuring_.RunDueTasks();
  core_.RunDueTasks();
  Ask(Task(v1::CALIBRATION_ACTION_ONE_POINT), 2);
  core_.AdvanceAndRun(kNsPerSecond);
  link_.Offer(Job("r2"));
  EXPECT_FALSE(link_.Replies().back().accepted()) << "although it uses no sensor";
  EXPECT_THAT(link_.Replies().back().reason(), HasSubstr("calibration"));
  Ask(Task(v1::CALIBRATION_ACTION_CLEAR), 3);
  EXPECT_THAT(Answers().back().message(), HasSubstr("another calibration"));
  core_.AdvanceAndRun(20 * kNsPerSecond);
  EXPECT_EQ(Answers().back().request_id(), 2u);
  EXPECT_EQ(Answers().back().code(), 0) << Answers().back().message();
  link_.Offer(Job("r2"));
  EXPECT_TRUE(link_.Replies().back().accepted());
}

TEST_F(CalibratorTest, ABrokenConnectionGivesItUp) {
  Ask(Task(v1::CALIBRATION_ACTION_ONE_POINT));
  core_.AdvanceAndRun(5 * kNsPerSecond);
  link_.Disconnect();
  EXPECT_FALSE(sensor_.running);
  core_.AdvanceAndRun(20 * kNsPerSecond);
  link_.Connect();
  EXPECT_THAT(Answers(), IsEmpty());
  EXPECT_EQ(agent_->MakeHello().sensor().calibration_version(), 0u);
  EXPECT_FALSE(files_.Exists("/state/calibration.json"));
  EXPECT_EQ(Calibrate(v1::CALIBRATION_ACTION_ONE_POINT).code(), 0);
}

TEST_F(CalibratorTest, ShutdownGivesItUp) {
  Ask(Task(v1::CALIBRATION_ACTION_ONE_POINT));
  agent_->Shutdown(kNsPerSecond, [] {});
  ASSERT_EQ(Answers().size(), 1u);
  EXPECT_THAT(Answers().back().message(), HasSubstr("stopping"));
  EXPECT_FALSE(sensor_.running);
}

TEST_F(CalibratorTest, ObserverComparesTheResolutionsAndLeavesTheSensorAsItWas) {
  LetTheFastestResolutionCost(0.02);
  WatchPower(true);
  const v1::Calibrated answer = Calibrate(v1::CALIBRATION_ACTION_OBSERVER);
  EXPECT_EQ(answer.code(), 0) << answer.message();
  ASSERT_EQ(answer.observer_costs_size(), 3);
  const auto& costs = answer.observer_costs();
  const double watts_per_ampere = 5.1 * 0.1025 / 0.1;
  EXPECT_EQ(costs[0].resolution(), "12bit/12bit");
  EXPECT_NEAR(costs[0].rate_hz(), 1000, 1e-6);
  EXPECT_NEAR(costs[0].power_w(), 0.52 * watts_per_ampere, 1e-6);
  EXPECT_NEAR(costs[0].power_difference_w(), 0.02 * watts_per_ampere, 1e-3);
  EXPECT_NEAR(costs[1].power_difference_w(), 0, 1e-3);
  EXPECT_EQ(costs[0].slowest_resolution(), "x128/12bit");
  EXPECT_FALSE(costs[2].has_power_difference_w());
  EXPECT_NEAR(costs[2].rate_hz(), 1 / 0.07, 1e-6);
  // The reader's clock moves 1 ms at each note, which there is one of in 100 ms.
  EXPECT_NEAR(costs[0].cpu_share(), 0.01, 1e-3);
  EXPECT_NEAR(costs[0].reads_per_second(), 3000, 60);
  EXPECT_NEAR(costs[1].reads_per_second(), 600, 12);
  EXPECT_EQ(sensor_.description.resolution(), "x8/12bit");
  EXPECT_TRUE(sensor_.running) << "the watcher is still there";
  EXPECT_EQ(answer.sensor().calibration_version(), 0u);
}

TEST_F(CalibratorTest, WhatReadingCostsIsKeptForEachResolution) {
  LetTheFastestResolutionCost(0.02);
  const v1::Calibrated answer = Calibrate(v1::CALIBRATION_ACTION_OBSERVER);
  ASSERT_EQ(answer.observer_costs_size(), 3);
  const auto& costs = answer.observer_costs();
  EXPECT_EQ(answer.sensor().observer_cost().SerializeAsString(), costs[1].SerializeAsString());
  EXPECT_EQ(costs[1].made_at().seconds(), FakeClock::kStartUtcNs / kNsPerSecond + 23)
      << "after the second pass of eleven seconds";
  EXPECT_EQ(Calibrate(v1::CALIBRATION_ACTION_ONE_POINT).code(), 0);
  EXPECT_EQ(Calibrate(v1::CALIBRATION_ACTION_CLEAR).code(), 0);
  calibrated_.SetCosts({});
  files_.LosePower();
  ASSERT_TRUE(sensor_.SetResolution("12bit").ok());
  StartAgent();
  EXPECT_EQ(agent_->MakeHello().sensor().observer_cost().SerializeAsString(),
            costs[0].SerializeAsString());
  const auto told = [this](const std::string& resolution) {
    sensor_.description.set_resolution(resolution);
    return agent_->MakeHello().sensor().observer_cost().resolution();
  };
  EXPECT_EQ(told("x8/11-12bit"), "x8/12bit") << "the bus voltage takes turns now";
  EXPECT_EQ(told("x128/12bit"), "x128/12bit");
  EXPECT_EQ(told("x4/12bit"), "");
}

TEST_F(CalibratorTest, WhatReadingCostsIsToldOnlyOnceItIsKept) {
  files_.FailWritesAfter(0, absl::ResourceExhaustedError("No space left on device"));
  const v1::Calibrated answer = Calibrate(v1::CALIBRATION_ACTION_OBSERVER);
  EXPECT_EQ(answer.code(), static_cast<int>(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(answer.observer_costs_size(), 0);
  EXPECT_FALSE(answer.sensor().has_observer_cost());
  EXPECT_GT(files_.faults_fired(), 0u);
}

TEST_F(CalibratorTest, ObserverOfASensorWithOneResolutionGivesOneRow) {
  sensor_.description.set_simulated(true);
  const v1::Calibrated answer = Calibrate(v1::CALIBRATION_ACTION_OBSERVER);
  EXPECT_EQ(answer.code(), 0) << answer.message();
  ASSERT_EQ(answer.observer_costs_size(), 1);
  EXPECT_EQ(answer.observer_costs(0).resolution(), "x8/12bit");
  EXPECT_NEAR(answer.observer_costs(0).rate_hz(), 200, 1e-6);
  EXPECT_FALSE(answer.observer_costs(0).has_power_difference_w());
  EXPECT_EQ(sensor_.starts, 1);
  EXPECT_FALSE(answer.sensor().has_observer_cost()) << "it is simulated";
  EXPECT_FALSE(files_.Exists("/state/calibration.json"));
}

TEST_F(CalibratorTest, ASensorThatGivesNothingIsNoAnswer) {
  sensor_.description.set_cycle_ns(1000 * kNsPerSecond);
  for (const auto action : {v1::CALIBRATION_ACTION_OBSERVER, v1::CALIBRATION_ACTION_ONE_POINT}) {
    const v1::Calibrated answer = Calibrate(action);
    EXPECT_EQ(answer.code(), static_cast<int>(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(answer.message(), HasSubstr("gave 0 conversions"));
    EXPECT_EQ(answer.observer_costs_size(), 0);
  }
}

TEST_F(CalibratorTest, ObserverThatBreaksOffLeavesTheSensorAsItWas) {
  sensor_.resolutions = {{"12bit", kNsPerMs}, {"x8", 5 * kNsPerMs}};
  Ask(Task(v1::CALIBRATION_ACTION_OBSERVER));
  core_.AdvanceAndRun(5 * kNsPerSecond);
  EXPECT_EQ(sensor_.description.resolution(), "12bit/12bit");
  link_.Disconnect();
  EXPECT_EQ(sensor_.description.resolution(), "x8/12bit");
  EXPECT_FALSE(sensor_.running);
  EXPECT_FALSE(agent_->MakeHello().sensor().has_observer_cost());
}

}  // namespace
}  // namespace tinyjoule

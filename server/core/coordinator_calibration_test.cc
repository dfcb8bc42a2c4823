// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Calibration tasks between a caller and an agent, through the facade.
#include <gmock/gmock.h>

#include <optional>

#include "common/energy/calibration_task.h"
#include "tests/support/coordinator_fixture.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

using Result = absl::StatusOr<v1::CalibrateAgentResponse>;

class CoordinatorCalibrationTest : public CoordinatorFixture {
 protected:
  CoordinatorCalibrationTest() {
    pi_.hello.mutable_sensor()->set_kind("ina219");
    pi_.hello.mutable_sensor()->set_simulated(false);
    request_.set_agent("pi");
    request_.mutable_task()->set_action(v1::CALIBRATION_ACTION_ONE_POINT);
    request_.mutable_task()->set_reference_current_a(0.5);
    Start();
  }
  void Ask(std::optional<Result>* result) {
    coordinator_->CalibrateAgent(request_, [result](Result given) {
      EXPECT_FALSE(result->has_value()) << "once";
      *result = std::move(given);
    });
  }
  absl::Status Refusal() {
    std::optional<Result> result;
    Ask(&result);
    EXPECT_TRUE(result.has_value());
    return result ? result->status() : absl::OkStatus();
  }
  // The question that the agent was asked last.
  v1::Calibrate Question() {
    EXPECT_TRUE(!pi_.received.empty() && pi_.received.back().has_calibrate());
    return pi_.received.empty() ? v1::Calibrate() : pi_.received.back().calibrate();
  }
  static v1::ConnectRequest Answer(const v1::Calibrate& question) {
    v1::ConnectRequest message;
    v1::Calibrated& answer = *message.mutable_calibrated();
    answer.set_request_id(question.request_id());
    answer.mutable_sensor()->set_kind("ina219");
    answer.mutable_sensor()->set_gain(0.98);
    answer.mutable_sensor()->set_calibration_version(4);
    return message;
  }
  // What the caller gets when the agent answers with that.
  absl::Status WhenAnswered(const absl::Status& by_agent) {
    std::optional<Result> result;
    Ask(&result);
    v1::ConnectRequest answer = Answer(Question());
    answer.mutable_calibrated()->set_code(static_cast<int>(by_agent.code()));
    answer.mutable_calibrated()->set_message(std::string(by_agent.message()));
    Say(pi_, answer);
    EXPECT_TRUE(result.has_value());
    return result ? result->status() : absl::OkStatus();
  }
  v1::Agent FleetsAgent() { return coordinator_->ListAgents({})->agents(0); }

  FakeAgentSession pi_{"pi"};
  v1::CalibrateAgentRequest request_;
};

TEST_F(CoordinatorCalibrationTest, TheFleetKnowsTheNewSensorAtOnceAndAfterARestart) {
  Attach(pi_);
  std::optional<Result> result;
  Ask(&result);
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(Question().task().SerializeAsString(), request_.task().SerializeAsString());
  Say(pi_, Answer(Question()));
  ASSERT_TRUE(result.has_value());
  ASSERT_TRUE(result->ok()) << result->status();
  EXPECT_EQ((*result)->agent().sensor().calibration_version(), 4u);
  EXPECT_EQ(FleetsAgent().sensor().gain(), 0.98);
  Crash();
  Start();
  EXPECT_EQ(FleetsAgent().sensor().gain(), 0.98);
}

TEST_F(CoordinatorCalibrationTest, AnAgentsRefusalComesBackWithItsNameAndCode) {
  Attach(pi_);
  EXPECT_EQ(
      WhenAnswered(absl::FailedPreconditionError("the current is not steady")),
      absl::FailedPreconditionError("agent pi: the current is not steady; nothing was changed"));
  // Unavailable, to a client, is a coordinator that does not answer.
  EXPECT_EQ(WhenAnswered(absl::UnavailableError("the agent is stopping")),
            absl::AbortedError("agent pi: the agent is stopping; nothing was changed"));
}

TEST_F(CoordinatorCalibrationTest, RefusesWhatTheAgentCannotDoNow) {
  EXPECT_EQ(Refusal().code(), absl::StatusCode::kNotFound);
  Attach(pi_);
  std::optional<Result> first;
  Ask(&first);
  EXPECT_THAT(std::string(Refusal().message()), HasSubstr("another calibration"));
  coordinator_->OnAgentGone(pi_);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Refusal().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Refusal().message()), HasSubstr("not connected"));
}

TEST_F(CoordinatorCalibrationTest, NoRunIsOfferedMeanwhileAndARunKeepsCalibrationsAway) {
  Attach(pi_);
  std::optional<Result> result;
  Ask(&result);
  const v1::Calibrate question = Question();
  Submit(Yaml("one", 0, "agents: {placement: any}\nmeasure: {repeat: 1}\n"));
  executor_->FinishAll();
  runner_.RunDueTasks();
  EXPECT_TRUE(pi_.TakeOffers().empty());
  Say(pi_, Answer(question));
  ASSERT_TRUE(result.has_value());
  const v1::JobSpec job = TakeOffer(pi_);
  EXPECT_EQ(Refusal().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Refusal().message()), HasSubstr("busy with run " + job.run_id()));
}

TEST_F(CoordinatorCalibrationTest, AnAgentThatDoesNotAnswerIsGivenUpAndALateAnswerStillTold) {
  Attach(pi_);
  std::optional<Result> result;
  Ask(&result);
  const v1::Calibrate question = Question();
  PassTime(CalibrationTimeoutNs(request_.task()) - kNsPerSecond, {&pi_});
  EXPECT_FALSE(result.has_value());
  PassTime(kNsPerSecond, {&pi_});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(result->status().message()), HasSubstr("older version"));
  Say(pi_, Answer(question));
  EXPECT_EQ(FleetsAgent().sensor().calibration_version(), 4u);
}

TEST_F(CoordinatorCalibrationTest, EveryCallerIsAnsweredWhenTheCoordinatorStops) {
  Attach(pi_);
  std::optional<Result> drained;
  Ask(&drained);
  coordinator_->Drain();
  ASSERT_TRUE(drained.has_value());
  EXPECT_EQ(drained->status().code(), absl::StatusCode::kUnavailable);
  std::optional<Result> destroyed;
  Ask(&destroyed);
  Crash();
  ASSERT_TRUE(destroyed.has_value());
  EXPECT_EQ(destroyed->status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(CoordinatorCalibrationTest, AnAgentThatConnectsAgainDoesNotKnowTheOldQuestion) {
  Attach(pi_);
  std::optional<Result> result;
  Ask(&result);
  FakeAgentSession again("pi");
  Attach(again);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->status().code(), absl::StatusCode::kAborted);
}

}  // namespace
}  // namespace tinyjoule

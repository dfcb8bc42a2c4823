// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/calibration_task.h"

#include <limits>

#include "common/base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::StartsWith;

v1::CalibrationTask Task() {
  v1::CalibrationTask task;
  task.set_action(v1::CALIBRATION_ACTION_ONE_POINT);
  task.set_reference_current_a(0.5);
  task.set_reference_uncertainty(0.005);
  return task;
}

void ExpectRefused(const v1::CalibrationTask& task, const std::string& field) {
  const absl::Status status = CheckCalibrationTask(task);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith(field + ": "));
}

TEST(CalibrationTaskTest, NamesTheFieldThatIsWrong) {
  EXPECT_TRUE(CheckCalibrationTask(Task()).ok());
  v1::CalibrationTask task = Task();
  task.clear_action();
  ExpectRefused(task, "action");
  for (const double current_a : {0.0, -0.5, 101.0, std::numeric_limits<double>::quiet_NaN()}) {
    task = Task();
    task.set_reference_current_a(current_a);
    ExpectRefused(task, "reference_current_a");
  }
  task = Task();
  task.set_reference_uncertainty(0.5);
  ExpectRefused(task, "reference_uncertainty");
  task = Task();
  task.set_note(std::string(257, 'x'));
  ExpectRefused(task, "note");
  for (const int64_t seconds : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{1},
                                int64_t{601}, std::numeric_limits<int64_t>::max()}) {
    task = Task();
    task.mutable_duration()->set_seconds(seconds);
    ExpectRefused(task, "duration");
  }
}

TEST(CalibrationTaskTest, OnlyOnePointNeedsACurrent) {
  v1::CalibrationTask task;
  task.set_action(v1::CALIBRATION_ACTION_ZERO);
  EXPECT_TRUE(CheckCalibrationTask(task).ok());
  EXPECT_EQ(CalibrationDurationNs(task), 10 * kNsPerSecond);
}

TEST(CalibrationTaskTest, AnObserverTaskHasTimeForEveryResolution) {
  v1::CalibrationTask task = Task();
  EXPECT_EQ(CalibrationTimeoutNs(task), 28 * kNsPerSecond);
  task.set_action(v1::CALIBRATION_ACTION_OBSERVER);
  EXPECT_EQ(CalibrationTimeoutNs(task), (16 * 13 + 15) * kNsPerSecond);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/service_notifier.h"

#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_service_manager.h"

namespace tinyjoule {
namespace {

TEST(ServiceNotifierTest, SpeaksTheWordsOfSdNotify) {
  FakeServiceManager manager;
  const ServiceNotifier notifier(manager.address(), 30 * kNsPerSecond);
  notifier.Ready();
  notifier.Alive();
  notifier.Stopping();
  EXPECT_EQ(manager.Receive(0), "READY=1");
  EXPECT_EQ(manager.Receive(0), "WATCHDOG=1");
  EXPECT_EQ(manager.Receive(0), "STOPPING=1");
  EXPECT_EQ(notifier.alive_interval_ns(), 15 * kNsPerSecond);
}

TEST(ServiceNotifierTest, ReadsWhatTheManagerSetsForThisProcess) {
  FakeServiceManager manager;
  setenv("NOTIFY_SOCKET", manager.address().c_str(), 1);
  setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(ServiceNotifier().alive_interval_ns(), 1500 * kNsPerMs);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(ServiceNotifier().alive_interval_ns(), 1500 * kNsPerMs);
  // A parent's watchdog is none of ours.
  setenv("WATCHDOG_PID", std::to_string(getppid()).c_str(), 1);
  EXPECT_EQ(ServiceNotifier().alive_interval_ns(), 0);
  ServiceNotifier().Ready();
  EXPECT_EQ(manager.Receive(0), "READY=1");
}

TEST(ServiceNotifierTest, IsSilentWithoutAManager) {
  const ServiceNotifier none("", 30 * kNsPerSecond);
  none.Ready();
  EXPECT_EQ(none.alive_interval_ns(), 0);
  const ServiceNotifier gone("/nonexistent/socket", 0);
  gone.Ready();
}

}  // namespace
}  // namespace tinyjoule

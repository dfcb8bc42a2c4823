// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/service_notifier.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

// A datagram socket in the abstract name space, as a service manager has one.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
  }
  ~Manager() { close(fd_); }
  std::string Receive() {
    char buffer[256];
    const ssize_t size = recv(fd_, buffer, sizeof(buffer), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(buffer, static_cast<size_t>(size));
  }

 private:
  const int fd_;
};

TEST(ServiceNotifierTest, SpeaksTheWordsOfSdNotify) {
  const std::string name = absl::StrCat("tinyjoule-test-", getpid());
  Manager manager(name);
  const ServiceNotifier notifier(absl::StrCat("@", name), 30 * kNsPerSecond);
  notifier.Ready();
  notifier.Alive();
  notifier.Stopping();
  EXPECT_EQ(manager.Receive(), "READY=1");
  EXPECT_EQ(manager.Receive(), "WATCHDOG=1");
  EXPECT_EQ(manager.Receive(), "STOPPING=1");
  EXPECT_EQ(notifier.alive_interval_ns(), 15 * kNsPerSecond);
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

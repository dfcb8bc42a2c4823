// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_SERVICE_MANAGER_H_
#define TESTS_SUPPORT_FAKE_SERVICE_MANAGER_H_

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"

namespace tinyjoule {

// The listening side of sd_notify(3): a datagram socket in the abstract name space, as a service
// manager has one. Each test's own.
class FakeServiceManager {
 public:
  FakeServiceManager()
      : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
        name_(absl::StrCat("tinyjoule-test-", getpid(), "-", fd_)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data(), name_.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0) << strerror(errno);
  }
  ~FakeServiceManager() { close(fd_); }
  FakeServiceManager(const FakeServiceManager&) = delete;
  FakeServiceManager& operator=(const FakeServiceManager&) = delete;

  // What NOTIFY_SOCKET is to hold.
  std::string address() const { return absl::StrCat("@", name_); }
  // The next word, or "" when none comes within timeout_ns.
  std::string Receive(int64_t timeout_ns) {
    pollfd waiting{fd_, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(timeout_ns / kNsPerMs)) != 1) return "";
    char word[256];
    const ssize_t size = recv(fd_, word, sizeof(word), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(word, static_cast<size_t>(size));
  }

 private:
  const int fd_;
  const std::string name_;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAKE_SERVICE_MANAGER_H_

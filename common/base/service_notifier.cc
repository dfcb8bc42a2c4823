// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/service_notifier.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"

namespace tinyjoule {
namespace {

std::string FromEnvironment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The watchdog's patience; 0 when there is none, or when it watches another process.
int64_t WatchdogNs() {
  const std::string pid = FromEnvironment("WATCHDOG_PID");
  if (!pid.empty() && pid != absl::StrCat(getpid())) return 0;
  int64_t microseconds = 0;
  return absl::SimpleAtoi(FromEnvironment("WATCHDOG_USEC"), &microseconds) ? microseconds * kNsPerUs
                                                                           : 0;
}

}  // namespace

ServiceNotifier::ServiceNotifier()
    : ServiceNotifier(FromEnvironment("NOTIFY_SOCKET"), WatchdogNs()) {}

ServiceNotifier::ServiceNotifier(std::string socket_path, int64_t watchdog_ns)
    : socket_path_(std::move(socket_path)),
      alive_interval_ns_(socket_path_.empty() ? 0 : watchdog_ns / 2) {}

void ServiceNotifier::Send(absl::string_view state) const {
  sockaddr_un address{};
  if (socket_path_.empty() || socket_path_.size() >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_path_.size());
  // A manager that does not listen is no reason to stop working.
  [[maybe_unused]] const ssize_t sent = sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                                               reinterpret_cast<const sockaddr*>(&address), size);
  close(fd);
}

}  // namespace tinyjoule

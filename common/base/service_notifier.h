// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_SERVICE_NOTIFIER_H_
#define COMMON_BASE_SERVICE_NOTIFIER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// Tells the service manager how this daemon is, as sd_notify(3) does: datagrams to the socket that
// NOTIFY_SOCKET names. Without that variable everything does nothing. Thread-safe after
// construction.
class ServiceNotifier {
 public:
  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  ServiceNotifier();
  // A socket of its own choice: a path, or "@name" for an abstract one; empty: none.
  ServiceNotifier(std::string socket_path, int64_t watchdog_ns);

  void Ready() const { Send("READY=1"); }
  void Stopping() const { Send("STOPPING=1"); }
  void Alive() const { Send("WATCHDOG=1"); }
  // Alive is expected this often, at half the manager's patience; 0: not at all.
  int64_t alive_interval_ns() const { return alive_interval_ns_; }

 private:
  void Send(absl::string_view state) const;
  std::string socket_path_;
  int64_t alive_interval_ns_ = 0;
};

}  // namespace tinyjoule

#endif  // COMMON_BASE_SERVICE_NOTIFIER_H_

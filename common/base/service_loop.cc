// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/service_loop.h"

#include <ctime>

#include "common/base/clock.h"

namespace tinyjoule {

sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

int WaitForStopSignal(const sigset_t& signals, const ServiceNotifier& notifier, TaskRunner& core,
                      const std::function<bool()>& healthy) {
  const int64_t interval_ns = notifier.alive_interval_ns();
  const timespec interval{static_cast<time_t>(interval_ns / kNsPerSecond),
                          static_cast<long>(interval_ns % kNsPerSecond)};
  while (true) {
    // Without a watchdog there is nothing to wake up for.
    const int number = sigtimedwait(&signals, nullptr, interval_ns > 0 ? &interval : nullptr);
    if (number > 0) return number;
    if (interval_ns == 0) continue;
    const bool well = healthy();
    core.Post([&notifier, well] {
      if (well) notifier.Alive();
    });
  }
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_SERVICE_LOOP_H_
#define COMMON_BASE_SERVICE_LOOP_H_

#include <signal.h>

#include <functional>

#include "common/base/service_notifier.h"
#include "common/base/task_runner.h"

namespace tinyjoule {

// Blocks SIGTERM and SIGINT, and ignores SIGPIPE. Call it before any thread is made, so that every
// thread inherits the mask and WaitForStopSignal alone takes them.
sigset_t BlockStopSignals();

// What a daemon's main thread does between ready and stopping: waits for one of the signals, and
// returns its number. Meanwhile it feeds the service manager's watchdog from `core`, unless
// `healthy`, called on this thread, says no: a core sequence that hangs is a daemon that hangs, and
// the manager is to restart it.
int WaitForStopSignal(
    const sigset_t& signals, const ServiceNotifier& notifier, TaskRunner& core,
    const std::function<bool()>& healthy = [] { return true; });

}  // namespace tinyjoule

#endif  // COMMON_BASE_SERVICE_LOOP_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/thread_policy.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

constexpr size_t kStackBytes = 64 * 1024;

std::string Refusal(absl::string_view what, int error_number, absl::string_view remedy) {
  return absl::StrCat(what, ": ", std::strerror(error_number), "; ", remedy);
}

// The pages of the stack that the thread will use are there before it must not wait for them.
[[gnu::noinline]] void TouchStack() {
  char stack[kStackBytes];
  explicit_bzero(stack, sizeof(stack));
}

void LockMemory(ThreadGrant* grant) {
  TouchStack();
  // What is mapped by now, and of that what is or will be in use: without ONFAULT the untouched
  // rest of every stack would take memory from the model. Never MCL_FUTURE: under a limit it makes
  // later allocations of the process fail.
  if (mlockall(MCL_CURRENT | MCL_ONFAULT) == 0) {
    grant->memory_locked = true;
    return;
  }
  grant->refusals.push_back(Refusal("cannot lock memory (mlockall)", errno,
                                    "raise the limit: LimitMEMLOCK=infinity in the unit, or "
                                    "ulimit -l unlimited"));
}

void Pin(int cpu, ThreadGrant* grant) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (cpu < CPU_SETSIZE) CPU_SET(static_cast<size_t>(cpu), &cpus);
  if (const int error_number = pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus)) {
    grant->refusals.push_back(
        Refusal(absl::StrCat("cannot run on processor ", cpu), error_number,
                "name one that is there and that the unit's AllowedCPUs or CPUAffinity allows"));
    return;
  }
  grant->cpu = cpu;
}

void MakeRealtime(int priority, ThreadGrant* grant) {
  sched_param parameter{};
  parameter.sched_priority = priority;
  if (const int error_number = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameter)) {
    grant->refusals.push_back(Refusal(
        absl::StrCat("cannot get real-time priority ", priority, " (SCHED_FIFO)"), error_number,
        absl::StrCat("LimitRTPRIO=", priority, " and RestrictRealtime=no in the unit, or ",
                     "ulimit -r ", priority)));
    return;
  }
  grant->realtime = true;
}

}  // namespace

ThreadGrant RealtimeThreadPolicy::Apply() {
  ThreadGrant grant;
  LockMemory(&grant);
  if (options_.cpu >= 0) Pin(options_.cpu, &grant);
  MakeRealtime(options_.priority, &grant);
  return grant;
}

absl::StatusOr<int> ParseCpu(absl::string_view text) {
  if (text == "none") return -1;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (text == "last" && sched_getaffinity(0, sizeof(cpus), &cpus) == 0) {
    int last = -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(static_cast<size_t>(cpu), &cpus)) last = cpu;
    }
    return last;
  }
  int cpu = -1;
  if (absl::SimpleAtoi(text, &cpu) && cpu >= 0 && cpu < CPU_SETSIZE) return cpu;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no processor: give its number, \"last\" or \"none\""));
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "agent/runner/runner_session.h"

// tinyjoule-runner: speaks proto/tinyjoule/v1/runner.proto on standard input and output.
// --cpu N binds it to one CPU; --marker gpio:LABEL/LINE shows each measured window on that line.

namespace {

constexpr int kUsageError = 2;

int Usage() {
  std::fputs("usage: tinyjoule-runner [--cpu N] [--marker gpio:LABEL/LINE] [--version]\n", stderr);
  return kUsageError;
}

bool BindToCpu(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<size_t>(cpu), &cpus);
  if (sched_setaffinity(0, sizeof(cpus), &cpus) == 0) return true;
  std::fprintf(stderr, "tinyjoule-runner: bind to CPU %d: %s\n", cpu, std::strerror(errno));
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  std::string marker;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view flag = argv[i];
    int cpu = -1;
    if (flag == "--version") {
      std::puts("tinyjoule-runner " TINYJOULE_VERSION);
      return 0;
    }
    if (++i == argc) return Usage();
    if (flag == "--marker") {
      marker = argv[i];
    } else if (flag == "--cpu" && absl::SimpleAtoi(argv[i], &cpu) && cpu >= 0 &&
               cpu < CPU_SETSIZE) {
      if (!BindToCpu(cpu)) return 1;
    } else {
      return Usage();
    }
  }
  // A reader that went away is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  return tinyjoule::ServeRunner(STDIN_FILENO, STDOUT_FILENO, marker);
}

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/runner_program.h"

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

namespace tinyjoule {
namespace {

constexpr int kUsageError = 2;

int Usage(const char* name) {
  std::fprintf(stderr, "usage: %s [--cpu N] [--marker gpio:LABEL/LINE] [--version]\n", name);
  return kUsageError;
}

bool BindToCpu(const char* name, int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<size_t>(cpu), &cpus);
  if (sched_setaffinity(0, sizeof(cpus), &cpus) == 0) return true;
  std::fprintf(stderr, "%s: bind to CPU %d: %s\n", name, cpu, std::strerror(errno));
  return false;
}

}  // namespace

int RunRunnerProgram(const char* name, EngineMaker make_engine, int argc, char** argv) {
  std::string marker;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view flag = argv[i];
    int cpu = -1;
    if (flag == "--version") {
      std::printf("%s %s\n", name, TINYJOULE_VERSION);
      return 0;
    }
    if (++i == argc) return Usage(name);
    if (flag == "--marker") {
      marker = argv[i];
    } else if (flag == "--cpu" && absl::SimpleAtoi(argv[i], &cpu) && cpu >= 0 &&
               cpu < CPU_SETSIZE) {
      if (!BindToCpu(name, cpu)) return 1;
    } else {
      return Usage(name);
    }
  }
  // A reader that went away is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  return ServeRunner(STDIN_FILENO, STDOUT_FILENO, make_engine, marker);
}

}  // namespace tinyjoule

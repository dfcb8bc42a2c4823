// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "CLI/Validators.hpp"
#include "common/base/logging.h"
#include "common/base/service_loop.h"
#include "common/base/service_notifier.h"
#include "common/config/daemon_options.h"
#include "server/coordinator_app.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {
namespace {

enum Exit : int { kStopped = 0, kFailed = 1, kUsage = 2, kRefused = 4 };

struct Flags {
  CoordinatorAppOptions app;
  std::string log_format = "text";
  std::string log_level = "info";
};

void AddFlags(CLI::App& cli, Flags& flags) {
  flags.app.trainers = std::max(1u, std::thread::hardware_concurrency());
  flags.app.trainer = SiblingProgram("tinyjoule-trainer");
  cli.add_option("--data-dir", flags.app.data_dir, "where everything is kept; made on first use")
      ->required();
  cli.add_option("--listen", flags.app.listen_address, "HOST:PORT; port 0 takes a free one")
      ->capture_default_str();
  cli.add_option("--trainers", flags.app.trainers, "trainer processes at a time (default: cores)")
      ->check(CLI::Range(1, 1024));
  cli.add_option("--trainer", flags.app.trainer,
                 "the trainer program (default: tinyjoule-trainer beside this one)");
  cli.add_option("--tls-cert", flags.app.tls.certificate, "PEM file of this server's certificate");
  cli.add_option("--tls-key", flags.app.tls.key, "PEM file of its key");
  cli.add_option("--tls-ca", flags.app.tls.ca, "PEM file; clients must show a certificate of it");
  cli.add_flag("--insecure", flags.app.insecure,
               "serve other machines in plain text: anyone on the way can read and change it");
  cli.add_option("--log-format", flags.log_format, "text | json")->capture_default_str();
  cli.add_option("--log-level", flags.log_level, "trace | debug | info | warn | error")
      ->capture_default_str();
  cli.set_version_flag("--version", TINYJOULE_VERSION);
  cli.footer(
      "Exit codes: 0 stopped by a signal, 1 failed, 2 wrong options, 4 the data folder is held by\n"
      "another coordinator or was written by a newer one.");
}

int Serve(const Flags& flags, const sigset_t& signals) {
  const ServiceNotifier notifier;
  auto app = CoordinatorApp::Start(flags.app);
  if (!app.ok()) {
    spdlog::error("{}", std::string(app.status().message()));
    if (absl::IsInvalidArgument(app.status())) return kUsage;
    return absl::IsFailedPrecondition(app.status()) ? kRefused : kFailed;
  }
  std::printf("tinyjoule-coordinator %s ready on %s, data in %s\n", TINYJOULE_VERSION,
              (*app)->address().c_str(), flags.app.data_dir.c_str());
  std::fflush(stdout);
  notifier.Ready();
  WaitForStopSignal(signals, notifier, (*app)->core_sequence());
  notifier.Stopping();
  spdlog::info("stopping");
  (*app)->Stop();
  return kStopped;
}

int Main(int argc, char** argv) {
  CLI::App cli("Plans sweeps, trains models, gives runs to agents and keeps every result.",
               "tinyjoule-coordinator");
  Flags flags;
  AddFlags(cli, flags);
  if (const std::optional<int> code = ParseDaemonOptions(cli, argc, argv)) return *code;
  const absl::Status logging =
      SetUpLogging("tinyjoule-coordinator", flags.log_format, flags.log_level);
  if (!logging.ok()) {
    std::fprintf(stderr, "tinyjoule-coordinator: %s\n", std::string(logging.message()).c_str());
    return kUsage;
  }
  return Serve(flags, BlockStopSignals());
}

}  // namespace
}  // namespace tinyjoule

int main(int argc, char** argv) { return tinyjoule::Main(argc, argv); }

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/agent_options.h"

#include <unistd.h>

#include <climits>
#include <iostream>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "agent/core/cpu_list.h"
#include "agent/gpio/open_marker_line.h"
#include "common/base/child_process.h"
#include "common/base/names.h"
#include "common/base/status.h"
#include "common/base/thread_policy.h"
#include "common/config/daemon_options.h"
#include "common/energy/chunk.h"

namespace tinyjoule {
namespace {

// As they are written.
struct Texts {
  std::vector<std::string> labels;
  std::string runner_cpus;
};

void AddOptions(CLI::App& app, AgentOptions* options, Texts* texts) {
  app.add_option("--coordinator", options->coordinator, "HOST:PORT of the coordinator");
  app.add_option("--name", options->name,
                 "this agent's name: [A-Za-z0-9._-]{1,64} (default: the host's)");
  app.add_option("--state-dir", options->state_dir,
                 "folder of the spool and the artifact cache; created on first use");
  app.add_option("--sensor", options->sensor,
                 "i2c:/dev/i2c-1@0x40?shunt_uohm=100000 | hwmon: | rapl: | sim:seed=7 | "
                 "replay:FILE | none: (docs/sensors.md)");
  app.add_option("--label", texts->labels, "key=value that sweeps can select; repeatable");
  app.add_option("--marker", options->marker, "gpio:LABEL/LINE that is high during each window");
  app.add_option("--runner-cpus", texts->runner_cpus,
                 "CPUs of the runner, such as 2-3; default: all but the sampler's");
  app.add_option("--sampler-cpu", options->sampler_cpu,
                 "processor of the thread that reads the sensor: its number, last or none");
  app.add_option("--runner", options->runner, "the runner program; default: beside this one");
  app.add_flag("--insecure", options->channel.insecure,
               "plain text to a coordinator on another machine");
  app.add_option("--tls-ca", options->channel.tls.ca, "PEM file: who the coordinator must be");
  app.add_option("--tls-cert", options->channel.tls.certificate, "PEM file: this agent");
  app.add_option("--tls-key", options->channel.tls.key, "PEM file: this agent's key");
  app.add_option("--log-format", options->log_format, "text | json");
  app.add_option("--log-level", options->log_level, "trace | debug | info | warn | error");
  app.add_flag("--check", options->check, "print the sensor and the board, and exit");
}

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, HOST_NAME_MAX) == 0 ? name : "";
}

absl::Status ParseLabels(const std::vector<std::string>& texts, AgentOptions* options) {
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(absl::StrCat("--label ", text, ": not key=value"));
    }
    const std::string key = text.substr(0, equals);
    if (!options->labels.emplace(key, text.substr(equals + 1)).second) {
      return absl::InvalidArgumentError(absl::StrCat("--label ", key, " is given twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status ParseTexts(const Texts& texts, AgentOptions* options) {
  TJ_RETURN_IF_ERROR(ParseLabels(texts.labels, options));
  if (texts.runner_cpus.empty()) return absl::OkStatus();
  auto cpus = ParseCpuList(texts.runner_cpus);
  if (!cpus.ok()) return Annotate(cpus.status(), "--runner-cpus");
  options->runner_cpus = *std::move(cpus);
  return absl::OkStatus();
}

absl::Status CheckOptions(const AgentOptions& options) {
  if (!options.marker.empty()) {
    TJ_RETURN_IF_ERROR(Annotate(ParseMarkerAddress(options.marker).status(), "--marker"));
  }
  if (const auto cpu = ParseCpu(options.sampler_cpu); !cpu.ok()) {
    return Annotate(cpu.status(), "--sampler-cpu");
  }
  if (options.check) return absl::OkStatus();
  if (options.coordinator.empty()) return absl::InvalidArgumentError("--coordinator is missing");
  if (options.state_dir.empty()) return absl::InvalidArgumentError("--state-dir is missing");
  if (!IsValidName(options.name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--name \"", options.name, "\" is not [A-Za-z0-9._-]{1,64}"));
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<int> ParseAgentOptions(int argc, const char* const* argv, AgentOptions* options) {
  CLI::App app("TinyJoule's agent: measures what the coordinator asks for", "tinyjoule-agent");
  app.set_version_flag("--version", TINYJOULE_VERSION);
  Texts texts;
  AddOptions(app, options, &texts);
  if (const std::optional<int> exit_code = ParseDaemonOptions(app, argc, argv)) return exit_code;
  if (options->name.empty()) options->name = HostName();
  absl::Status status = ParseTexts(texts, options);
  if (status.ok()) status = CheckOptions(*options);
  if (!status.ok()) {
    std::cerr << "tinyjoule-agent: " << status.message() << "\n";
    return 2;
  }
  if (options->runner.empty()) options->runner = SiblingProgram("tinyjoule-runner");
  return std::nullopt;
}

}  // namespace tinyjoule

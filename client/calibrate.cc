// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands.h"
#include "client/progress.h"
#include "client/tables.h"
#include "common/config/duration_text.h"
#include "common/energy/calibration_task.h"

namespace tinyjoule {
namespace {

// Beyond the coordinator's own patience, so that its words are heard.
constexpr int64_t kPatienceNs = 10'000'000'000;

struct CalibrateOptions {
  std::string agent;
  double current_a = 0;
  double uncertainty_percent = 0.5;
  std::string duration = "10s";
  std::string note;
  bool point = false;
  bool zero = false;
  bool clear = false;
  bool observer = false;
  bool show = false;
};

int Show(Session& session, const std::string& name) {
  const auto answer =
      session.connection.Call(&v1::FleetService::Stub::ListAgents, v1::ListAgentsRequest());
  if (!answer.ok()) return Fail(session, answer.status());
  for (const v1::Agent& agent : answer->agents()) {
    if (agent.facts().name() != name) continue;
    WriteAnswer(session.console, session.format, CalibrationTable(agent), agent.sensor());
    return kExitOk;
  }
  return Fail(session, kExitUsage, absl::StrCat("no agent ", name));
}

absl::StatusOr<v1::CalibrateAgentRequest> MakeRequest(const CalibrateOptions& options) {
  v1::CalibrateAgentRequest request;
  request.set_agent(options.agent);
  v1::CalibrationTask& task = *request.mutable_task();
  task.set_action(options.zero       ? v1::CALIBRATION_ACTION_ZERO
                  : options.clear    ? v1::CALIBRATION_ACTION_CLEAR
                  : options.observer ? v1::CALIBRATION_ACTION_OBSERVER
                                     : v1::CALIBRATION_ACTION_ONE_POINT);
  const auto duration = ParseDurationText(options.duration);
  if (!duration.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--duration: ", duration.status().message()));
  }
  *task.mutable_duration() = *duration;
  task.set_note(options.note);
  if (options.point) {
    task.set_reference_current_a(options.current_a);
    task.set_reference_uncertainty(options.uncertainty_percent / 100);
  }
  const absl::Status status = CheckCalibrationTask(task);
  if (!status.ok()) return status;
  return request;
}

void SayWhatHappens(const Session& session, const CalibrateOptions& options) {
  if (options.clear) return;
  session.console.err << "sampling " << options.agent << " for " << options.duration
                      << (options.observer ? " at each of its resolutions (an INA219: up to eleven)"
                                           : "")
                      << (options.point  ? "; keep the load steady\n"
                          : options.zero ? "; keep the load disconnected\n"
                                         : "; leave the board idle\n");
}

int Calibrate(Session& session, const CalibrateOptions& options) {
  if (options.point + options.zero + options.observer + options.show + options.clear != 1) {
    return Fail(session, kExitUsage,
                "calibrate needs one of --current, --zero, --observer, --show and --clear");
  }
  if (options.show) return Show(session, options.agent);
  const auto request = MakeRequest(options);
  if (!request.ok()) return Fail(session, request.status());
  SayWhatHappens(session, options);
  session.connection.set_timeout_ns(CalibrationTimeoutNs(request->task()) + kPatienceNs);
  const auto answer = [&] {
    const ElapsedSeconds elapsed(session.console);
    return session.connection.Call(&v1::FleetService::Stub::CalibrateAgent, *request);
  }();
  if (!answer.ok()) return Fail(session, answer.status());
  const Table table = options.observer ? ObserverTable(*answer) : CalibrationTable(answer->agent());
  WriteAnswer(session.console, session.format, table, *answer);
  return kExitOk;
}

}  // namespace

void AddCalibrate(CLI::App& agents, Command& chosen) {
  const auto options = std::make_shared<CalibrateOptions>();
  CLI::App* verb = agents.add_subcommand(
      "calibrate", "Calibrates an agent's sensor against a meter in series; docs/calibration.md");
  verb->add_option("AGENT", options->agent, "The agent's name")->required();
  verb->add_option_function<double>(
          "--current",
          [options](double current_a) {
            options->current_a = current_a;
            options->point = true;
          },
          "Amperes that the meter shows while a steady load runs: finds the gain")
      ->type_name("AMPERES");
  verb->add_flag("--zero", options->zero, "No current flows through the shunt: finds the offset");
  verb->add_flag("--observer", options->observer,
                 "What reading the sensor costs at each resolution; each run tells it");
  verb->add_flag("--show", options->show, "The calibration that is in force");
  verb->add_flag("--clear", options->clear, "The sensor's own figures again");
  verb->add_option("--uncertainty", options->uncertainty_percent,
                   "Standard uncertainty of the meter's reading")
      ->type_name("PERCENT")
      ->capture_default_str();
  verb->add_option("--duration", options->duration, "Time of sampling: 2s to 10m")
      ->capture_default_str();
  verb->add_option("--note", options->note, "Who or what, for people");
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return Calibrate(session, *options); };
  });
}

}  // namespace tinyjoule

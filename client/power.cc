// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands.h"
#include "client/sparkline.h"

namespace tinyjoule {
namespace {

struct PowerOptions {
  std::string agent;
  double rate_hz = 10;
  uint64_t count = 0;
};

// Draws one line in place.
class PowerLine {
 public:
  explicit PowerLine(const Console& console) : console_(console) {}
  void Add(const v1::WatchPowerResponse& response) {
    for (const v1::PowerPoint& point : response.points()) {
      power_w_.push_back(point.power_w());
      last_ = point;
    }
    const auto width = static_cast<size_t>(std::max(10, console_.width - 60));
    while (power_w_.size() > width) power_w_.pop_front();
    if (power_w_.empty()) return;
    console_.out << "\r\x1b[2K" << Sparkline({power_w_.begin(), power_w_.end()})
                 << absl::StrFormat(" %6.3f W %6.3f V %6.4f A", last_.power_w(),
                                    last_.bus_voltage_v(), last_.current_a())
                 << (response.simulated() ? " SIMULATED" : "")
                 << (response.dropped() > 0 ? absl::StrCat(" dropped ", response.dropped()) : "")
                 << std::flush;
  }

 private:
  const Console& console_;
  std::deque<double> power_w_;
  v1::PowerPoint last_;
};

void WriteCsvPoints(std::ostream& out, const v1::WatchPowerResponse& response) {
  for (const v1::PowerPoint& point : response.points()) {
    out << absl::StrFormat("%d,%.6g,%.6g,%.6g,%.6g,%.6g,%d,%s\n", point.mono_ns(),
                           point.bus_voltage_v(), point.current_a(), point.power_w(),
                           point.power_min_w(), point.power_max_w(), response.dropped(),
                           response.simulated() ? "true" : "false");
  }
  out << std::flush;
}

void WriteJsonPoints(std::ostream& out, const v1::WatchPowerResponse& response) {
  for (const v1::PowerPoint& point : response.points()) {
    out << absl::StrFormat(
        "{\"mono_ns\":%d,\"bus_voltage_v\":%.6g,\"current_a\":%.6g,\"power_w\":%.6g,"
        "\"power_min_w\":%.6g,\"power_max_w\":%.6g,\"dropped\":%d,\"simulated\":%s}\n",
        point.mono_ns(), point.bus_voltage_v(), point.current_a(), point.power_w(),
        point.power_min_w(), point.power_max_w(), response.dropped(),
        response.simulated() ? "true" : "false");
  }
  out << std::flush;
}

int Power(Session& session, const PowerOptions& options) {
  v1::WatchPowerRequest request;
  request.set_agent(options.agent);
  request.set_max_rate_hz(options.rate_hz);
  const bool json = session.format == OutputFormat::kJson;
  const bool line = session.format == OutputFormat::kTable && session.console.out_is_terminal;
  std::ostream& out = session.console.out;
  if (session.format == OutputFormat::kYaml) {
    return Fail(session, kExitUsage, "power gives csv or json lines: -o csv or -o json");
  }
  const auto write_header = [&out] {
    out << "mono_ns,bus_voltage_v,current_a,power_w,power_min_w,power_max_w,dropped,simulated\n";
  };
  PowerLine drawn(session.console);
  uint64_t seen = 0;
  const absl::Status status = session.connection.Stream<v1::RunService::Stub, v1::WatchPowerRequest,
                                                        v1::WatchPowerResponse>(
      &v1::RunService::Stub::WatchPower, request, [&](const v1::WatchPowerResponse& response) {
        if (line) {
          drawn.Add(response);
        } else if (json) {
          WriteJsonPoints(out, response);
        } else {
          if (seen == 0) write_header();
          WriteCsvPoints(out, response);
        }
        seen += static_cast<uint64_t>(response.points_size());
        return options.count == 0 || seen < options.count;
      });
  if (line && seen > 0) out << "\n";
  // Watching has no other end than Ctrl-C.
  if (absl::IsCancelled(status)) return kExitInterrupted;
  return status.ok() ? kExitOk : Fail(session, status);
}

}  // namespace

void AddPower(CLI::App& root, Command& chosen) {
  const auto options = std::make_shared<PowerOptions>();
  CLI::App* verb = root.add_subcommand(
      "power", "Live volts, amperes and watts of an agent: a sparkline on a terminal, else lines");
  verb->add_option("AGENT", options->agent, "The agent's name")->required();
  verb->add_option("--rate", options->rate_hz, "At most so many points a second")
      ->check(CLI::Range(0.01, 1000.0))
      ->capture_default_str();
  verb->add_option("--count", options->count, "End after so many points");
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return Power(session, *options); };
  });
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/agent_core.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "spdlog/spdlog.h"

namespace tinyjoule {
namespace {

constexpr int64_t kDeliveryCheckNs = 20 * kNsPerMs;

JobRunner::Dependencies JobDependencies(const AgentCore::Dependencies& dependencies,
                                        ChunkDelivery& delivery, PowerFeed& power_feed) {
  JobRunner::Dependencies jobs{dependencies.core,       dependencies.measurement_sequence,
                               dependencies.spool,      delivery,
                               dependencies.link,       power_feed,
                               dependencies.measurement};
  jobs.measurement.tap = &power_feed;
  return jobs;
}

v1::SensorDescription DescribeSensor(const SampleSource* samples) {
  if (samples != nullptr) return samples->Describe();
  v1::SensorDescription none;
  none.set_uri("none:");
  none.set_kind("none");
  return none;
}

}  // namespace

std::string EngineWord(v1::Engine engine) {
  return absl::AsciiStrToLower(absl::StripPrefix(v1::Engine_Name(engine), "ENGINE_"));
}

AgentCore::AgentCore(const Options& options, const Dependencies& dependencies)
    : options_(options),
      dependencies_(dependencies),
      delivery_(dependencies.spool, dependencies.link, dependencies.core),
      power_feed_(dependencies.measurement.samples, dependencies.link, dependencies.core),
      jobs_(options.job_runner, JobDependencies(dependencies, delivery_, power_feed_)),
      calibrator_({dependencies.core, dependencies.measurement.clock, dependencies.link,
                   power_feed_, dependencies.measurement.samples, dependencies.sensor,
                   dependencies.calibrations}) {}

void AgentCore::Start() {
  jobs_.Start();
  dependencies_.link.Start(*this);
}

void AgentCore::Shutdown(int64_t timeout_ns, std::function<void()> done) {
  calibrator_.Abort(absl::UnavailableError("the agent is stopping"));
  jobs_.Shutdown();
  FinishWhenDelivered(dependencies_.measurement.clock.MonotonicNs() + timeout_ns, std::move(done));
}

// Without a coordinator there is nothing to wait for but the measurement's end.
void AgentCore::FinishWhenDelivered(int64_t deadline_ns, std::function<void()> done) {
  const bool delivered = !jobs_.busy() && (dependencies_.spool.empty() || !connected_);
  if (delivered || dependencies_.measurement.clock.MonotonicNs() >= deadline_ns) {
    dependencies_.link.Stop();
    done();
    return;
  }
  dependencies_.core.PostDelayed(kDeliveryCheckNs,
                                 [this, deadline_ns, done = std::move(done)]() mutable {
                                   FinishWhenDelivered(deadline_ns, std::move(done));
                                 });
}

v1::Hello AgentCore::MakeHello() {
  const BoardFacts facts = dependencies_.measurement.board.ReadFacts();
  v1::Hello hello;
  hello.set_protocol_min(kProtocol);
  hello.set_protocol_max(kProtocol);
  hello.set_agent_name(options_.name);
  hello.set_installation_id(options_.installation_id);
  hello.set_agent_version(TINYJOULE_VERSION);
  hello.mutable_labels()->insert(options_.labels.begin(), options_.labels.end());
  hello.set_board(facts.board);
  hello.set_soc(facts.soc);
  hello.set_os(facts.os);
  hello.set_kernel(facts.kernel);
  *hello.mutable_sensor() = DescribeSensor(dependencies_.measurement.samples);
  for (const auto& [engine, program] : options_.job_runner.runner_programs) {
    hello.add_engines(EngineWord(engine));
  }
  const AttemptKey active = jobs_.active_key();
  hello.set_active_run_id(active.run_id);
  hello.set_active_attempt(active.attempt);
  return hello;
}

void AgentCore::OnConnected(const v1::Welcome& welcome) {
  spdlog::info("connected to a coordinator of version {}", welcome.coordinator_version());
  connected_ = true;
  jobs_.SendProgress();
  delivery_.OnConnected();
}

void AgentCore::OnDisconnected(const absl::Status& why) {
  spdlog::warn("disconnected: {}", std::string(why.message()));
  connected_ = false;
  // Nobody would hear what came of it.
  calibrator_.Abort(absl::UnavailableError("the connection to the coordinator broke"));
  delivery_.OnDisconnected();
  power_feed_.OnDisconnected();
}

void AgentCore::OnMessage(const v1::ConnectResponse& message) {
  if (message.has_offer()) {
    jobs_.OnOffer(message.offer());
  } else if (message.has_chunk_ack()) {
    delivery_.OnAcknowledged(message.chunk_ack());
  } else if (message.has_cancel_run()) {
    jobs_.OnCancel(message.cancel_run());
  } else if (message.has_live_power_request()) {
    power_feed_.OnRequest(message.live_power_request());
  } else if (message.has_calibrate()) {
    const AttemptKey run = jobs_.active_key();
    calibrator_.OnRequest(message.calibrate(),
                          jobs_.busy() ? absl::StrCat("busy with ", run.ToString()) : "");
  }
}

}  // namespace tinyjoule

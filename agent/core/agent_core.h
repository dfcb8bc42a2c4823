// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_AGENT_CORE_H_
#define AGENT_CORE_AGENT_CORE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/core/calibrator.h"
#include "agent/core/chunk_delivery.h"
#include "agent/core/coordinator_link.h"
#include "agent/core/job_runner.h"
#include "agent/core/power_feed.h"
#include "agent/core/spool.h"

namespace tinyjoule {

// The agent between its link and its measurements: who it is, and which message goes where.
//   1. Start() once, on the core sequence. 2. Calls of the link. 3. Shutdown().
// Lives on the core sequence.
class AgentCore final : public CoordinatorLink::Listener {
 public:
  struct Options {
    std::string name;
    std::string installation_id;
    std::map<std::string, std::string> labels;
    JobRunner::Options job_runner;
  };
  // Everything outlives the core.
  struct Dependencies {
    TaskRunner& core;
    TaskRunner& measurement_sequence;
    Spool& spool;
    CoordinatorLink& link;
    MeasurementDependencies measurement;
    // Read by measurement.samples. Null when there is no sensor.
    CalibratedSensor* sensor = nullptr;
    CalibrationStore* calibrations = nullptr;
  };

  static constexpr uint32_t kProtocol = 1;

  AgentCore(const Options& options, const Dependencies& dependencies);

  // Settles what a crash left and starts the link.
  void Start();
  // Ends a running measurement and calls `done` when everything is delivered, or at the latest
  // after timeout_ns: what is left stays in the spool.
  void Shutdown(int64_t timeout_ns, std::function<void()> done);
  bool busy() const { return jobs_.busy(); }

  v1::Hello MakeHello() override;
  void OnConnected(const v1::Welcome& welcome) override;
  void OnDisconnected(const absl::Status& why) override;
  void OnMessage(const v1::ConnectResponse& message) override;

 private:
  void FinishWhenDelivered(int64_t deadline_ns, std::function<void()> done);

  const Options options_;
  const Dependencies dependencies_;
  ChunkDelivery delivery_;
  PowerFeed power_feed_;
  JobRunner jobs_;
  Calibrator calibrator_;
  bool connected_ = false;
};

// "xnnpack", "reference", "torch".
std::string EngineWord(v1::Engine engine);

}  // namespace tinyjoule

#endif  // AGENT_CORE_AGENT_CORE_H_

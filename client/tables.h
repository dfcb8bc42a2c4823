// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_TABLES_H_
#define CLIENT_TABLES_H_

#include "client/table.h"
#include "tinyjoule/v1/fleet_service.pb.h"
#include "tinyjoule/v1/run_service.pb.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

Table SweepsTable(const v1::ListSweepsResponse& answer);
Table TrialsTable(const v1::ListTrialsResponse& answer);
Table RunsTable(const v1::ListRunsResponse& answer);
Table AgentsTable(const v1::ListAgentsResponse& answer);
// One row: the calibration of the agent's sensor, or that there is none.
Table CalibrationTable(const v1::Agent& agent);
// A row for each layer: what quantisation made of it.
Table QuantizationTable(const v1::TrainingOutcome& outcome);
// A row for each resolution.
Table ObserverTable(const v1::CalibrateAgentResponse& answer);

// "sim:seed=1 (simulated)".
std::string SensorText(const v1::SensorDescription& sensor);
// "2 of 2026-11-28"; empty when there is none.
std::string CalibrationText(const v1::SensorDescription& sensor);

}  // namespace tinyjoule

#endif  // CLIENT_TABLES_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_WORDS_H_
#define CLIENT_WORDS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "google/protobuf/map.h"
#include "google/protobuf/timestamp.pb.h"
#include "tinyjoule/v1/run.pb.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// The word of an enum value as people write it: RUN_STATE_LOST -> "lost".
std::string Word(v1::SweepState state);
std::string Word(v1::TrialState state);
std::string Word(v1::TaskState state);
std::string Word(v1::RunState state);
std::string Word(v1::Engine engine);
std::string Word(v1::TrainingPhase phase);

// The first twelve characters of a sweep's or run's id, which are hexadecimal digits of a hash:
// enough to find it again. Trials are numbered, so their ids are shown whole.
std::string ShortId(const std::string& id);
// "2026-11-21T12:10:00Z"; empty for the epoch.
std::string TimeText(const google::protobuf::Timestamp& time);
// "sparsity=0.4 lr=0.01": the last part of each path with its value.
std::string ParametersText(const google::protobuf::Map<std::string, std::string>& parameters);
// "board=rpi4 room=lab", in the order of the keys.
std::string LabelsText(const google::protobuf::Map<std::string, std::string>& labels);
// Four significant digits; empty for nothing.
std::string Number(const std::optional<double>& value);
// Net energy per inference with the unit behind its number: "12.3 uJ", or, for what is no value,
// "< 45.6 uJ (below the noise)"; empty: not measured.
std::string NetEnergyText(const v1::EnergySummary& energy, const char* unit);
// "1.5 KiB".
std::string BytesText(uint64_t bytes);
// "3 h 20 min", "12 s".
std::string DurationText(double seconds);

}  // namespace tinyjoule

#endif  // CLIENT_WORDS_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/board_state.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kMaxFileBytes = 64 << 10;
constexpr char kCpuFolder[] = "/sys/devices/system/cpu";
constexpr char kThrottledPath[] = "/sys/devices/platform/soc/soc:firmware/get_throttled";
constexpr char kTemperaturePath[] = "/sys/class/thermal/thermal_zone0/temp";

// The last of the zero-separated strings of a device tree property: the chip, after the board.
std::string LastOfList(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '\0', absl::SkipEmpty());
  return parts.empty() ? std::string() : parts.back();
}

template <typename Optional>
void KeepMinimum(const Optional& value, v1::BoardState* state) {
  if (value) {
    state->set_freq_min_hz(state->has_freq_min_hz() ? std::min(state->freq_min_hz(), *value)
                                                    : *value);
  }
}

template <typename Optional>
void KeepMaximum(const Optional& value, v1::BoardState* state) {
  if (value) state->set_freq_max_hz(std::max(state->freq_max_hz(), *value));
}

}  // namespace

std::optional<std::string> BoardReader::ReadText(const std::string& path) const {
  // The kernel's files say that they are empty, so their size is no help.
  const absl::StatusOr<std::string> bytes = file_system_.ReadRange(root_ + path, 0, kMaxFileBytes);
  if (!bytes.ok()) return std::nullopt;
  absl::string_view text = *bytes;
  while (absl::ConsumeSuffix(&text, absl::string_view("\0", 1))) {
  }
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

BoardFacts BoardReader::ReadFacts() const {
  BoardFacts facts;
  facts.board = ReadText("/proc/device-tree/model")
                    .value_or(ReadText("/sys/class/dmi/id/product_name").value_or(""));
  facts.soc = LastOfList(ReadText("/proc/device-tree/compatible").value_or(""));
  if (facts.soc.empty()) facts.soc = ReadCpuModel().value_or("");
  facts.os = ReadOsName().value_or("");
  facts.kernel = ReadText("/proc/sys/kernel/osrelease").value_or("");
  return facts;
}

std::optional<std::string> BoardReader::ReadOsName() const {
  for (absl::string_view line : absl::StrSplit(ReadText("/etc/os-release").value_or(""), '\n')) {
    if (!absl::ConsumePrefix(&line, "PRETTY_NAME=")) continue;
    if (absl::ConsumePrefix(&line, "\"")) absl::ConsumeSuffix(&line, "\"");
    return std::string(line);
  }
  return std::nullopt;
}

std::optional<std::string> BoardReader::ReadCpuModel() const {
  for (absl::string_view line : absl::StrSplit(ReadText("/proc/cpuinfo").value_or(""), '\n')) {
    if (!absl::StartsWith(line, "model name")) continue;
    return std::string(
        absl::StripAsciiWhitespace(line.substr(std::min(line.size(), line.find(':') + 1))));
  }
  return std::nullopt;
}

BoardReading BoardReader::Read() const {
  BoardReading reading;
  reading.governor = ReadText(absl::StrCat(kCpuFolder, "/cpu0/cpufreq/scaling_governor"));
  int64_t millidegrees = 0;
  if (absl::SimpleAtoi(ReadText(kTemperaturePath).value_or(""), &millidegrees)) {
    reading.temp_c = static_cast<double>(millidegrees) / 1000;
  }
  uint32_t throttled = 0;
  if (absl::SimpleHexAtoi(ReadText(kThrottledPath).value_or(""), &throttled)) {
    reading.throttled = throttled;
  }
  ReadFrequencies(&reading);
  return reading;
}

void BoardReader::ReadFrequencies(BoardReading* reading) const {
  constexpr int kMaxCores = 64;
  for (int core = 0; core < kMaxCores; ++core) {
    const auto text = ReadText(absl::StrCat(kCpuFolder, "/cpu", core, "/cpufreq/scaling_cur_freq"));
    uint64_t khz = 0;
    if (!text || !absl::SimpleAtoi(*text, &khz)) return;
    const uint64_t hz = khz * 1000;
    reading->freq_min_hz = std::min(reading->freq_min_hz.value_or(hz), hz);
    reading->freq_max_hz = std::max(reading->freq_max_hz.value_or(hz), hz);
  }
}

void BoardHistory::Add(const BoardReading& reading) {
  const uint32_t bits = reading.throttled.value_or(0);
  if (first_) {
    first_ = false;
    since_boot_at_start_ = bits >> kSinceBootShift;
    if (reading.governor) state_.set_governor(*reading.governor);
    if (reading.temp_c) state_.set_temp_start_c(*reading.temp_c);
  }
  if (reading.temp_c) {
    state_.set_temp_max_c(state_.has_temp_max_c() ? std::max(state_.temp_max_c(), *reading.temp_c)
                                                  : *reading.temp_c);
  }
  KeepMinimum(reading.freq_min_hz, &state_);
  KeepMaximum(reading.freq_max_hz, &state_);
  events_ |= (bits & 0xF) | ((bits >> kSinceBootShift) & ~since_boot_at_start_ & 0xF);
  if (reading.throttled) state_.set_throttled(events_);
}

v1::BoardState BoardHistory::ToProto() const { return state_; }

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/board_state.h"

#include <algorithm>
#include <set>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "agent/core/cpu_list.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kMaxFileBytes = 64 << 10;
constexpr char kCpuFolder[] = "/sys/devices/system/cpu";
constexpr char kThrottledPath[] = "/sys/devices/platform/soc/soc:firmware/get_throttled";
constexpr char kHwmonFolder[] = "/sys/class/hwmon";
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

std::optional<uint64_t> BoardReader::ReadNumber(const std::string& path) const {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(ReadText(path).value_or(""), &number)) return std::nullopt;
  return number;
}

BoardReading BoardReader::Read() const {
  BoardReading reading;
  int64_t millidegrees = 0;
  if (absl::SimpleAtoi(ReadText(kTemperaturePath).value_or(""), &millidegrees)) {
    reading.temp_c = static_cast<double>(millidegrees) / 1000;
  }
  reading.throttled = ReadThrottled();
  reading.undervoltage = ReadUndervoltage();
  ReadClocks(&reading);
  return reading;
}

std::vector<int> BoardReader::OnlineCpus() const {
  return ParseCpuList(ReadText(absl::StrCat(kCpuFolder, "/online")).value_or(""))
      .value_or(std::vector<int>());
}

bool BoardReader::HasHalfArithmetic() const {
  bool any = false;
  for (const absl::string_view line :
       absl::StrSplit(ReadText("/proc/cpuinfo").value_or(""), '\n')) {
    if (!absl::StartsWith(line, "Features")) continue;
    any = true;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    if (!absl::c_linear_search(words, "asimdhp")) return false;
  }
  return any;
}

void BoardReader::ReadClocks(BoardReading* reading) const {
  std::set<std::string> governors;
  for (const int cpu : OnlineCpus()) {
    const std::string prefix = absl::StrCat(kCpuFolder, "/cpu", cpu, "/cpufreq/scaling_");
    if (const auto khz = ReadNumber(prefix + "cur_freq")) {
      const uint64_t hz = *khz * 1000;
      reading->freq_min_hz = std::min(reading->freq_min_hz.value_or(hz), hz);
      reading->freq_max_hz = std::max(reading->freq_max_hz.value_or(hz), hz);
    }
    const std::optional<std::string> governor = ReadText(prefix + "governor");
    if (!governor) continue;
    governors.insert(*governor);
    const auto min_khz = ReadNumber(prefix + "min_freq");
    const bool is_fixed = *governor == "performance" || *governor == "userspace" ||
                          (min_khz && min_khz == ReadNumber(prefix + "max_freq"));
    reading->clock_is_fixed = reading->clock_is_fixed.value_or(true) && is_fixed;
  }
  if (!governors.empty()) reading->governor = absl::StrJoin(governors, ",");
}

std::optional<uint32_t> BoardReader::ReadThrottled() const {
  uint32_t bits = 0;
  if (absl::SimpleHexAtoi(ReadText(kThrottledPath).value_or(""), &bits)) return bits;
  return firmware_ == nullptr ? std::nullopt : firmware_->Throttled();
}

std::optional<bool> BoardReader::ReadUndervoltage() const {
  const auto monitors = file_system_.ListFolder(root_ + kHwmonFolder);
  if (!monitors.ok()) return std::nullopt;
  for (const std::string& monitor : *monitors) {
    const std::string folder = absl::StrCat(kHwmonFolder, "/", monitor);
    if (ReadText(folder + "/name") != "rpi_volt") continue;
    const auto alarm = ReadNumber(folder + "/in0_lcrit_alarm");
    return alarm ? std::optional<bool>(*alarm != 0) : std::nullopt;
  }
  return std::nullopt;
}

void BoardHistory::Add(const BoardReading& reading) {
  if (first_) {
    first_ = false;
    since_boot_before_ = reading.throttled.value_or(0) >> kSinceBootShift;
    if (reading.governor) state_.set_governor(*reading.governor);
    if (reading.temp_c) state_.set_temp_start_c(*reading.temp_c);
  }
  temp_c_ = reading.temp_c;
  if (reading.temp_c) {
    state_.set_temp_max_c(state_.has_temp_max_c() ? std::max(state_.temp_max_c(), *reading.temp_c)
                                                  : *reading.temp_c);
  }
  KeepMinimum(reading.freq_min_hz, &state_);
  KeepMaximum(reading.freq_max_hz, &state_);
  if (reading.throttled) {
    const uint32_t since_boot = *reading.throttled >> kSinceBootShift;
    events_ |= (*reading.throttled | (since_boot & ~since_boot_before_)) & 0xF;
    since_boot_before_ = since_boot;
  }
  if (reading.undervoltage.value_or(false)) events_ |= kUndervoltBits;
  if (reading.throttled || events_ != 0) state_.set_throttled(events_);
}

v1::BoardState BoardHistory::ToProto() const { return state_; }

}  // namespace tinyjoule

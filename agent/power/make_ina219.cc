// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/make_ina219.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "agent/power/linux_i2c_device.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kFirstAddress = 0x40;
constexpr uint32_t kLastAddress = 0x4F;
constexpr uint64_t kMaxShuntUohm = 10'000'000;
constexpr double kMaxIdleW = 1000;
constexpr char kMixed[] = "mixed";

bool IsBus(absl::string_view bus) {
  return absl::ConsumePrefix(&bus, "/dev/i2c-") && !bus.empty() &&
         std::all_of(bus.begin(), bus.end(), absl::ascii_isdigit);
}

bool ParseAddress(absl::string_view text, uint32_t* address) {
  const bool parsed = absl::StartsWith(text, "0x") ? absl::SimpleHexAtoi(text, address)
                                                   : absl::SimpleAtoi(text, address);
  return parsed && *address >= kFirstAddress && *address <= kLastAddress;
}

absl::Status ParsePlace(const SensorUri& uri, Ina219Sensor::Options* options) {
  const SensorParameters parameters(uri);
  const size_t at = uri.path.find('@');
  options->bus = uri.path.substr(0, at);
  if (!IsBus(options->bus)) {
    return parameters.Invalid(absl::StrCat("\"", options->bus, "\""), "a bus such as /dev/i2c-1");
  }
  if (at == std::string::npos) return absl::OkStatus();
  uint32_t address = 0;
  const std::string text = uri.path.substr(at + 1);
  if (!ParseAddress(text, &address)) {
    return parameters.Invalid(absl::StrCat("\"", text, "\""),
                              "an address that an INA219 can have: 0x40 to 0x4f");
  }
  options->address = static_cast<uint8_t>(address);
  return absl::OkStatus();
}

absl::StatusOr<const Ina219AdcMode*> ParseAdcMode(const std::string& name, const std::string& text,
                                                  const SensorParameters& parameters) {
  const Ina219AdcMode* mode = FindIna219AdcMode(text);
  if (mode != nullptr) return mode;
  const std::string names = absl::StrJoin(
      kIna219AdcModes, ", ",
      [](std::string* out, const Ina219AdcMode& each) { absl::StrAppend(out, each.name); });
  return parameters.Invalid(name, absl::StrCat("one of ", names));
}

absl::Status TakeAdcModes(SensorParameters& parameters, Ina219Sensor::Options* options) {
  Ina219Settings& settings = options->settings;
  const std::string shunt_adc = parameters.TakeText("adc", settings.shunt_adc->name);
  TJ_ASSIGN_OR_RETURN(settings.shunt_adc, ParseAdcMode("adc", shunt_adc, parameters));
  const std::string bus_adc = parameters.TakeText("bus_adc", kMixed);
  options->mixed_bus_adc = bus_adc == kMixed;
  if (options->mixed_bus_adc) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(settings.bus_adc, ParseAdcMode("bus_adc", bus_adc, parameters));
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> TakeOneOf(const std::string& name, uint32_t otherwise,
                                   std::initializer_list<uint32_t> values,
                                   SensorParameters* parameters) {
  TJ_ASSIGN_OR_RETURN(const uint64_t value, parameters->TakeCount(name, otherwise));
  const auto found = std::find(values.begin(), values.end(), value);
  if (found != values.end()) return *found;
  return parameters->Invalid(name, absl::StrCat("one of ", absl::StrJoin(values, ", ")));
}

}  // namespace

absl::StatusOr<Ina219Sensor::Options> ParseIna219Uri(const SensorUri& uri) {
  Ina219Sensor::Options options;
  options.uri = uri.text;
  TJ_RETURN_IF_ERROR(ParsePlace(uri, &options));
  SensorParameters parameters(uri);
  Ina219Settings& settings = options.settings;
  TJ_RETURN_IF_ERROR(TakeAdcModes(parameters, &options));
  TJ_ASSIGN_OR_RETURN(settings.range_v,
                      TakeOneOf("range_v", settings.range_v, {16, 32}, &parameters));
  TJ_ASSIGN_OR_RETURN(settings.pga, TakeOneOf("pga", settings.pga, {1, 2, 4, 8}, &parameters));
  TJ_ASSIGN_OR_RETURN(const uint64_t shunt_uohm,
                      parameters.TakeCount("shunt_uohm", options.shunt_uohm));
  if (shunt_uohm < 1 || shunt_uohm > kMaxShuntUohm) {
    return parameters.Invalid("shunt_uohm", "from 1 to 10000000 micro-ohm");
  }
  options.shunt_uohm = static_cast<uint32_t>(shunt_uohm);
  TJ_ASSIGN_OR_RETURN(options.gain, parameters.TakeNumber("gain", options.gain, 0.1, 10));
  TJ_ASSIGN_OR_RETURN(options.shunt_offset_counts,
                      parameters.TakeNumber("offset", options.shunt_offset_counts, -1000, 1000));
  TJ_ASSIGN_OR_RETURN(options.idle_min_w,
                      parameters.TakeOptionalNumber("idle_min_w", 0, kMaxIdleW));
  TJ_ASSIGN_OR_RETURN(options.idle_max_w,
                      parameters.TakeOptionalNumber("idle_max_w", 0, kMaxIdleW));
  TJ_RETURN_IF_ERROR(parameters.Finish());
  if (options.idle_min_w.value_or(0) > options.idle_max_w.value_or(kMaxIdleW)) {
    return parameters.Invalid("idle_max_w", "above idle_min_w");
  }
  return options;
}

absl::StatusOr<std::unique_ptr<PowerSensor>> MakeIna219(
    const SensorUri& uri, const PowerSensorDependencies& dependencies) {
  TJ_ASSIGN_OR_RETURN(Ina219Sensor::Options options, ParseIna219Uri(uri));
  if (dependencies.idle && !options.idle_min_w && !options.idle_max_w) {
    options.idle_min_w = dependencies.idle->min_w;
    options.idle_max_w = dependencies.idle->max_w;
  }
  const auto prepare = [&]() -> absl::StatusOr<std::unique_ptr<PowerSensor>> {
    TJ_RETURN_IF_ERROR(CheckNoKernelDriver(dependencies.file_system, dependencies.root, options.bus,
                                           options.address));
    TJ_ASSIGN_OR_RETURN(std::unique_ptr<I2cDevice> device,
                        dependencies.open_i2c ? dependencies.open_i2c(options.bus, options.address)
                                              : LinuxI2cDevice::Open(options.bus, options.address));
    auto sensor = std::make_unique<Ina219Sensor>(options, std::move(device), dependencies.clock);
    TJ_RETURN_IF_ERROR(sensor->Qualify());
    return sensor;
  };
  auto sensor = prepare();
  if (!sensor.ok()) return Annotate(sensor.status(), absl::StrCat("sensor \"", uri.text, "\""));
  return sensor;
}

}  // namespace tinyjoule

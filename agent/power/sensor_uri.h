// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_SENSOR_URI_H_
#define AGENT_POWER_SENSOR_URI_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// "scheme:path?key=value&key=value"; "sim:" takes its parameters without the question mark.
struct SensorUri {
  std::string text;
  std::string scheme;
  std::string path;
  std::map<std::string, std::string> parameters;
};

// InvalidArgument: no scheme, a parameter without "=", or one given twice.
absl::StatusOr<SensorUri> ParseSensorUri(absl::string_view text);

// Takes the parameters of a URI one after another; what is left over is an error.
class SensorParameters {
 public:
  explicit SensorParameters(const SensorUri& uri) : uri_(uri), left_(uri.parameters) {}

  // The default when the parameter is absent.
  absl::StatusOr<uint64_t> TakeCount(const std::string& name, uint64_t otherwise);
  // A finite number in [minimum, maximum].
  absl::StatusOr<double> TakeNumber(const std::string& name, double otherwise, double minimum,
                                    double maximum);
  absl::StatusOr<bool> TakeBool(const std::string& name, bool otherwise);
  // Nothing when the parameter is absent.
  absl::StatusOr<std::optional<double>> TakeOptionalNumber(const std::string& name, double minimum,
                                                           double maximum);
  std::string TakeText(const std::string& name, absl::string_view otherwise);
  // InvalidArgument when a parameter was not taken.
  [[nodiscard]] absl::Status Finish() const;
  // InvalidArgument: "sensor "URI": NAME is not WANTED".
  absl::Status Invalid(absl::string_view name, absl::string_view wanted) const;

 private:
  const SensorUri& uri_;
  std::map<std::string, std::string> left_;
};

}  // namespace tinyjoule

#endif  // AGENT_POWER_SENSOR_URI_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/power/sensor_uri.h"

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

absl::Status InvalidUri(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("sensor \"", text, "\": ", why));
}

absl::Status ParseParameters(absl::string_view query, SensorUri* uri) {
  for (absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> entry =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (part.find('=') == absl::string_view::npos) {
      return InvalidUri(uri->text, absl::StrCat("\"", part, "\" is not key=value"));
    }
    if (!uri->parameters.emplace(entry.first, entry.second).second) {
      return InvalidUri(uri->text, absl::StrCat(entry.first, " is given twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SensorUri> ParseSensorUri(absl::string_view text) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos || colon == 0) {
    return InvalidUri(text, "it has no scheme, such as \"sim:seed=7\" or \"none:\"");
  }
  SensorUri uri;
  uri.text = std::string(text);
  uri.scheme = std::string(text.substr(0, colon));
  const absl::string_view rest = text.substr(colon + 1);
  const size_t question =
      uri.scheme == "sim" && rest.find('?') == absl::string_view::npos ? 0 : rest.find('?');
  absl::string_view query;
  if (question == 0) {
    query = rest.substr(rest.empty() || rest[0] != '?' ? 0 : 1);
  } else if (question == absl::string_view::npos) {
    uri.path = std::string(rest);
  } else {
    uri.path = std::string(rest.substr(0, question));
    query = rest.substr(question + 1);
  }
  const absl::Status status = ParseParameters(query, &uri);
  if (!status.ok()) return status;
  return uri;
}

absl::Status SensorParameters::Invalid(absl::string_view name, absl::string_view wanted) const {
  return InvalidUri(uri_.text, absl::StrCat(name, " is not ", wanted));
}

absl::StatusOr<uint64_t> SensorParameters::TakeCount(const std::string& name, uint64_t otherwise) {
  const auto found = left_.find(name);
  if (found == left_.end()) return otherwise;
  uint64_t value = 0;
  if (!absl::SimpleAtoi(found->second, &value)) return Invalid(name, "a whole number");
  left_.erase(found);
  return value;
}

absl::StatusOr<double> SensorParameters::TakeNumber(const std::string& name, double otherwise,
                                                    double minimum, double maximum) {
  const auto found = left_.find(name);
  if (found == left_.end()) return otherwise;
  double value = 0;
  if (!absl::SimpleAtod(found->second, &value) || !(value >= minimum && value <= maximum)) {
    return Invalid(name, absl::StrCat("a number from ", minimum, " to ", maximum));
  }
  left_.erase(found);
  return value;
}

absl::StatusOr<bool> SensorParameters::TakeBool(const std::string& name, bool otherwise) {
  const auto found = left_.find(name);
  if (found == left_.end()) return otherwise;
  bool value = false;
  if (!absl::SimpleAtob(found->second, &value)) return Invalid(name, "true or false");
  left_.erase(found);
  return value;
}

absl::StatusOr<std::optional<double>> SensorParameters::TakeOptionalNumber(const std::string& name,
                                                                           double minimum,
                                                                           double maximum) {
  if (left_.count(name) == 0) return std::nullopt;
  TJ_ASSIGN_OR_RETURN(const double value, TakeNumber(name, minimum, minimum, maximum));
  return value;
}

std::string SensorParameters::TakeText(const std::string& name, absl::string_view otherwise) {
  const auto found = left_.find(name);
  if (found == left_.end()) return std::string(otherwise);
  std::string text = std::move(found->second);
  left_.erase(found);
  return text;
}

absl::Status SensorParameters::Finish() const {
  if (left_.empty()) return absl::OkStatus();
  return InvalidUri(uri_.text, absl::StrCat("unknown parameter ", left_.begin()->first));
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ERRORS_FIELD_VIOLATION_H_
#define COMMON_ERRORS_FIELD_VIOLATION_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace tinyjoule {

// The payload of an absl::Status that holds a serialized BadRequest; the URL is Google's.
constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";

// A field of a request, and what is wrong with it.
struct FieldViolation {
  std::string field;
  std::string description;
};

// InvalidArgument with the words for people and the violations, which travel with a call's status,
// for programs.
absl::Status InvalidFields(const std::string& message,
                           const std::vector<FieldViolation>& violations);
// None: the status blames no field.
std::vector<FieldViolation> FieldViolationsOf(const absl::Status& status);

}  // namespace tinyjoule

#endif  // COMMON_ERRORS_FIELD_VIOLATION_H_

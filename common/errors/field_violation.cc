// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/errors/field_violation.h"

#include "absl/strings/cord.h"
#include "tinyjoule/v1/error_details.pb.h"

namespace tinyjoule {

absl::Status InvalidFields(const std::string& message,
                           const std::vector<FieldViolation>& violations) {
  v1::BadRequest details;
  for (const FieldViolation& violation : violations) {
    v1::BadRequest::FieldViolation& field = *details.add_field_violations();
    field.set_field(violation.field);
    field.set_description(violation.description);
  }
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kBadRequestUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

std::vector<FieldViolation> FieldViolationsOf(const absl::Status& status) {
  std::vector<FieldViolation> violations;
  v1::BadRequest details;
  const auto payload = status.GetPayload(kBadRequestUrl);
  if (!payload || !details.ParseFromString(std::string(*payload))) return violations;
  for (const v1::BadRequest::FieldViolation& field : details.field_violations()) {
    violations.push_back({field.field(), field.description()});
  }
  return violations;
}

}  // namespace tinyjoule

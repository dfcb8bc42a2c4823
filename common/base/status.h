// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_STATUS_H_
#define COMMON_BASE_STATUS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// The status of a failed system call: "WHAT PATH: No space left on device". Call it before errno
// can change.
absl::Status ErrnoStatus(int error_number, absl::string_view what);

// The same code and payloads, with "CONTEXT: " before the message.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace tinyjoule

#define TJ_CONCAT_INNER(a, b) a##b
#define TJ_CONCAT(a, b) TJ_CONCAT_INNER(a, b)

// Returns from the function when `expression` (an absl::Status) is an error.
#define TJ_RETURN_IF_ERROR(expression)                                            \
  do {                                                                            \
    if (absl::Status tj_status = (expression); !tj_status.ok()) return tj_status; \
  } while (false)

// TJ_ASSIGN_OR_RETURN(auto value, StatusOrExpression());
#define TJ_ASSIGN_OR_RETURN(declaration, expression) \
  TJ_ASSIGN_OR_RETURN_INNER(TJ_CONCAT(tj_status_or_, __LINE__), declaration, expression)
#define TJ_ASSIGN_OR_RETURN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                                      \
  if (!temporary.ok()) return std::move(temporary).status();          \
  declaration = *std::move(temporary)

#endif  // COMMON_BASE_STATUS_H_

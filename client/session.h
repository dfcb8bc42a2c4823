// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_SESSION_H_
#define CLIENT_SESSION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/connection.h"
#include "client/console.h"
#include "client/exit_code.h"
#include "client/table.h"

namespace tinyjoule {

// What a command works with. One per invocation.
struct Session {
  Console& console;
  Connection& connection;
  Interrupts& interrupts;
  OutputFormat format = OutputFormat::kTable;
};

// Says "coord: MESSAGE" on standard error and gives the exit code.
int Fail(const Session& session, const absl::Status& status);
int Fail(const Session& session, ExitCode code, absl::string_view message);

}  // namespace tinyjoule

#endif  // CLIENT_SESSION_H_

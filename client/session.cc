// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/session.h"

#include "absl/strings/match.h"

namespace tinyjoule {

int Fail(const Session& session, ExitCode code, absl::string_view message) {
  session.console.err << Painted(session.console, Colour::kRed, "coord:") << " " << message
                      << (absl::EndsWith(message, "\n") ? "" : "\n") << std::flush;
  return code;
}

int Fail(const Session& session, const absl::Status& status) {
  return Fail(session, ExitCodeOf(status), status.message());
}

}  // namespace tinyjoule

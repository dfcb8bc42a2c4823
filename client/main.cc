// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>

#include "client/coord_app.h"

int main(int argc, char** argv) {
  // A reader that goes away (coord list runs | head) is a failed write, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  tinyjoule::Interrupts interrupts;
  tinyjoule::Console console = tinyjoule::SystemConsole();
  return tinyjoule::RunCoord({argv + 1, argv + argc}, console, interrupts);
}

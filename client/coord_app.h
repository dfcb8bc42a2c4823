// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_COORD_APP_H_
#define CLIENT_COORD_APP_H_

#include <string>
#include <vector>

#include "client/console.h"
#include "client/interrupts.h"

namespace tinyjoule {

// The program coord: reads the command line (without the program's name), runs one verb, and gives
// the exit code. COORD_ADDR names the coordinator where --coordinator does not.
int RunCoord(const std::vector<std::string>& arguments, Console& console, Interrupts& interrupts);

}  // namespace tinyjoule

#endif  // CLIENT_COORD_APP_H_

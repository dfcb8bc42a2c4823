// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_COMMANDS_H_
#define CLIENT_COMMANDS_H_

#include <functional>

#include "CLI/CLI.hpp"
#include "client/session.h"

namespace tinyjoule {

// What the chosen verb does, once the whole command line is read; gives the exit code.
using Command = std::function<int(Session&)>;

// Each adds a verb to `root`; its callback sets `chosen`. Both must outlive the parsing.
void AddLint(CLI::App& root, Command& chosen);
void AddPlan(CLI::App& root, Command& chosen);
void AddSubmit(CLI::App& root, Command& chosen);
void AddList(CLI::App& root, Command& chosen);
void AddShow(CLI::App& root, Command& chosen);
void AddWatch(CLI::App& root, Command& chosen);
void AddWait(CLI::App& root, Command& chosen);
void AddPower(CLI::App& root, Command& chosen);
void AddCancel(CLI::App& root, Command& chosen);
void AddRetry(CLI::App& root, Command& chosen);
void AddLogs(CLI::App& root, Command& chosen);
void AddExport(CLI::App& root, Command& chosen);
void AddReport(CLI::App& root, Command& chosen);
void AddCompare(CLI::App& root, Command& chosen);
void AddVerify(CLI::App& root, Command& chosen);
void AddAgents(CLI::App& root, Command& chosen);
// A verb of `agents`.
void AddCalibrate(CLI::App& agents, Command& chosen);
void AddVersion(CLI::App& root, Command& chosen);
void AddCompletion(CLI::App& root, Command& chosen);

}  // namespace tinyjoule

#endif  // CLIENT_COMMANDS_H_

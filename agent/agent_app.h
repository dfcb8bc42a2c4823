// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_AGENT_APP_H_
#define AGENT_AGENT_APP_H_

namespace tinyjoule {

// tinyjoule-agent: reads the options, wires the agent and runs it until SIGTERM or SIGINT. Exit
// codes: 0 ended by a signal, or --check found no fault; 1 it cannot start; 2 wrong options.
int RunAgentApp(int argc, char** argv);

}  // namespace tinyjoule

#endif  // AGENT_AGENT_APP_H_

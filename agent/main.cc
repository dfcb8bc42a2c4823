// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/agent_app.h"

int main(int argc, char** argv) { return tinyjoule::RunAgentApp(argc, argv); }

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_DAEMON_OPTIONS_H_
#define COMMON_CONFIG_DAEMON_OPTIONS_H_

#include <optional>
#include <string>

#include "CLI/App.hpp"

namespace tinyjoule {

// Reads a daemon's options from three places that mean the same: the flag --data-dir, the key
// data-dir (or data_dir) of the YAML file that --config names, and TINYJOULE_DATA_DIR in the
// environment; flags win over environment over file. A repeatable flag is a list in the file and
// comma-separated in the environment; --label key=value may also be a mapping.
//
// 1. Add every option to `app`. 2. Call this, which adds --config and reads. 3. Nothing: go on,
// the options are set. A number: exit with it (0 after --help or --version, 2 after an error,
// which has been printed to standard error; those of the file as file:line:column).
// Not thread-safe: reads the environment.
std::optional<int> ParseDaemonOptions(CLI::App& app, int argc, const char* const* argv);

// "TINYJOULE_DATA_DIR" of "data-dir".
std::string EnvironmentName(const std::string& flag);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_DAEMON_OPTIONS_H_

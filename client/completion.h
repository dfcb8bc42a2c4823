// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_COMPLETION_H_
#define CLIENT_COMPLETION_H_

#include <string>

#include "CLI/CLI.hpp"

namespace tinyjoule {

// A script for bash or zsh that completes verbs, sub-verbs, flags and files, made from the command
// line's own description.
std::string CompletionScript(const CLI::App& root, const std::string& shell);

}  // namespace tinyjoule

#endif  // CLIENT_COMPLETION_H_

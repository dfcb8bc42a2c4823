// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/paths.h"

namespace tinyjoule {

std::string SourcePath(const std::string& relative) { return TINYJOULE_SOURCE_DIR "/" + relative; }

std::string ProgramPath(const std::string& program) { return TINYJOULE_BIN_DIR "/" + program; }

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_PATHS_H_
#define TESTS_SUPPORT_PATHS_H_

#include <string>

namespace tinyjoule {

// Absolute paths of a file of the sources and of a built program. Functions: no other object
// depends on where the checkout lies, so the compiler's cache serves every checkout.
std::string SourcePath(const std::string& relative);
std::string ProgramPath(const std::string& program);

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_PATHS_H_

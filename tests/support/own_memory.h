// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_OWN_MEMORY_H_
#define TESTS_SUPPORT_OWN_MEMORY_H_

#include <cstdlib>

#include "common/base/sanitizers.h"

namespace tinyjoule {

// Whether a program's memory is its own, and neither a sanitizer's nor, as tests/arm64/run says by
// a variable, that of the emulator which runs it.
inline bool MemoryIsOwn() {
  return !TINYJOULE_SANITIZED && std::getenv("TINYJOULE_EMULATED") == nullptr;
}

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_OWN_MEMORY_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_REPETITIONS_H_
#define TESTS_SUPPORT_REPETITIONS_H_

#include <cstdint>

#include "common/base/sanitizers.h"

namespace tinyjoule {

// How often a test repeats with other seeds: a sanitizer sees the same code each time, slowly.
constexpr uint64_t Repetitions(uint64_t wanted) {
  return TINYJOULE_SANITIZED ? (wanted + 9) / 10 : wanted;
}

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_REPETITIONS_H_

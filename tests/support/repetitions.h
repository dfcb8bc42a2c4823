// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_REPETITIONS_H_
#define TESTS_SUPPORT_REPETITIONS_H_

#include <cstdint>

#include "common/base/sanitizers.h"

namespace tinyjoule {

// How many of `full` repetitions with other seeds are made: statistics need them all; a sanitizer
// sees the same code each time, slowly.
constexpr uint64_t Repetitions(uint64_t full) {
  return TINYJOULE_SANITIZED ? (full + 19) / 20 : full;
}

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_REPETITIONS_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/random_source.h"

#include <sys/random.h>

#include <cstdlib>

#include "absl/strings/str_format.h"

namespace tinyjoule {

uint64_t SystemRandom::operator()() {
  uint64_t value = 0;
  if (getrandom(&value, sizeof(value), 0) != sizeof(value)) std::abort();
  return value;
}

std::string RandomId(RandomSource& random) {
  const uint64_t high = random();
  const uint64_t low = random();
  return absl::StrFormat("%016x%016x", high, low);
}

}  // namespace tinyjoule

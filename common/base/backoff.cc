// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/backoff.h"

#include <algorithm>
#include <random>

namespace tinyjoule {

int64_t Backoff::NextDelayNs() {
  // 2^20 minima are past every maximum that a person would set; a shift further could overflow.
  attempts_ = std::min(attempts_ + 1, 20);
  const int64_t ceiling = std::min(options_.maximum_ns, options_.minimum_ns << attempts_);
  return std::uniform_int_distribution<int64_t>(options_.minimum_ns,
                                                std::max(ceiling, options_.minimum_ns))(random_);
}

}  // namespace tinyjoule

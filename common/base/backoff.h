// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_BACKOFF_H_
#define COMMON_BASE_BACKOFF_H_

#include <cstdint>

#include "common/base/random_source.h"

namespace tinyjoule {

// Exponential backoff with full jitter: the n-th delay is uniform in [minimum, min(maximum,
// minimum * 2^n)]. One sequence.
class Backoff {
 public:
  struct Options {
    int64_t minimum_ns = 500'000'000;
    int64_t maximum_ns = 30'000'000'000;
  };
  Backoff(const Options& options, RandomSource& random) : options_(options), random_(random) {}

  int64_t NextDelayNs();
  // After a success.
  void Reset() { attempts_ = 0; }

 private:
  const Options options_;
  RandomSource& random_;
  int attempts_ = 0;
};

}  // namespace tinyjoule

#endif  // COMMON_BASE_BACKOFF_H_

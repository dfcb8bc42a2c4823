// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_BENCH_MADE_H_
#define TESTS_BENCH_MADE_H_

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"

namespace tinyjoule {

// The value, or the program's end with what went wrong.
template <typename T>
T Made(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::fprintf(stderr, "%s\n", value.status().ToString().c_str());
  std::exit(1);
}

}  // namespace tinyjoule

#endif  // TESTS_BENCH_MADE_H_

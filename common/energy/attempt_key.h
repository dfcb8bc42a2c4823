// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ENERGY_ATTEMPT_KEY_H_
#define COMMON_ENERGY_ATTEMPT_KEY_H_

#include <cstdint>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace tinyjoule {

// One try of a run under one lease: the key (run_id, attempt); attempts count from 1.
struct AttemptKey {
  std::string run_id;
  uint32_t attempt = 0;

  std::string ToString() const { return absl::StrCat(run_id, "/", attempt); }
  friend bool operator==(const AttemptKey& a, const AttemptKey& b) {
    return a.attempt == b.attempt && a.run_id == b.run_id;
  }
  friend bool operator!=(const AttemptKey& a, const AttemptKey& b) { return !(a == b); }
  friend bool operator<(const AttemptKey& a, const AttemptKey& b) {
    return std::tie(a.run_id, a.attempt) < std::tie(b.run_id, b.attempt);
  }
};

// The key of anything with a run and an attempt: a job, a chunk, an acknowledgement.
template <typename Message>
AttemptKey KeyOf(const Message& message) {
  return {message.run_id(), message.attempt()};
}

}  // namespace tinyjoule

#endif  // COMMON_ENERGY_ATTEMPT_KEY_H_

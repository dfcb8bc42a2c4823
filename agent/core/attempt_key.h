// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_ATTEMPT_KEY_H_
#define AGENT_CORE_ATTEMPT_KEY_H_

#include <cstdint>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace tinyjoule {

// One try of a run under one lease.
struct AttemptKey {
  std::string run_id;
  uint32_t attempt = 0;

  std::string ToString() const { return absl::StrCat(run_id, "#", attempt); }
  friend bool operator==(const AttemptKey& a, const AttemptKey& b) {
    return a.attempt == b.attempt && a.run_id == b.run_id;
  }
  friend bool operator!=(const AttemptKey& a, const AttemptKey& b) { return !(a == b); }
};

// The key of anything with a run and an attempt: a job, a chunk, an acknowledgement.
template <typename Message>
AttemptKey KeyOf(const Message& message) {
  return {message.run_id(), message.attempt()};
}

}  // namespace tinyjoule

#endif  // AGENT_CORE_ATTEMPT_KEY_H_

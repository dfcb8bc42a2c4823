// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_DRIFT_H_
#define SERVER_CORE_DRIFT_H_

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/core/run_store.h"

namespace tinyjoule {

// What the reference trial's valid runs on one agent, one a block, say: DRIFT when their energies
// per inference lie more than 1 % of their mean apart. Nothing for fewer than two.
std::optional<v1::Flag> JudgeDrift(absl::Span<const v1::Run> reference_runs);

// Adds DRIFT to measured runs as they are read. It is no part of what is stored, because it changes
// with every further block: a pure function of the store. One sequence; one reader, which outlives
// it. Asks the store once for each sweep and agent.
class DriftFinder {
 public:
  explicit DriftFinder(RunReader& reader) : reader_(reader) {}
  [[nodiscard]] absl::Status AddTo(v1::Run& run);

 private:
  absl::StatusOr<std::optional<v1::Flag>> Find(const std::string& sweep_id,
                                               const std::string& agent);

  RunReader& reader_;
  std::map<std::pair<std::string, std::string>, std::optional<v1::Flag>> found_;
};

}  // namespace tinyjoule

#endif  // SERVER_CORE_DRIFT_H_

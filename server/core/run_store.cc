// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/run_store.h"

#include <utility>

#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kRunsPerPage = 256;

}  // namespace

absl::StatusOr<v1::Run> CompleteRun(RunReader& reader, RunRecord record) {
  TJ_ASSIGN_OR_RETURN(TaskRecord task, reader.GetTask(record.task_id));
  if (task.state == v1::TASK_STATE_SUCCEEDED) {
    *record.run.mutable_outcome() = std::move(task.outcome);
  }
  return std::move(record.run);
}

absl::StatusOr<v1::Run> LoadRun(RunReader& reader, const std::string& run_id) {
  TJ_ASSIGN_OR_RETURN(RunRecord record, reader.GetRun(run_id));
  return CompleteRun(reader, std::move(record));
}

absl::Status VisitRuns(RunReader& reader, const std::string& sweep_id,
                       const std::function<absl::Status(const v1::Run&)>& visit) {
  uint32_t first = 0;
  while (true) {
    TJ_ASSIGN_OR_RETURN(auto page, reader.ListRuns(sweep_id, first, kRunsPerPage));
    if (page.empty()) return absl::OkStatus();
    first = page.back().position + 1;
    for (RunRecord& record : page) {
      TJ_ASSIGN_OR_RETURN(const v1::Run run, CompleteRun(reader, std::move(record)));
      TJ_RETURN_IF_ERROR(visit(run));
    }
  }
}

}  // namespace tinyjoule

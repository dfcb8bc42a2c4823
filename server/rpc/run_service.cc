// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/run_service.h"

#include <utility>

#include "common/base/status.h"
#include "server/rpc/request_check.h"
#include "server/rpc/subscription_stream.h"
#include "server/rpc/sweep_export.h"

namespace tinyjoule {

grpc::ServerUnaryReactor* RunServiceImpl::GetRun(grpc::CallbackServerContext* context,
                                                 const v1::GetRunRequest* request,
                                                 v1::GetRunResponse* response) {
  return CallCore(context, core_, CheckName("run_id", request->run_id()), response,
                  [request](Coordinator& core) { return core.GetRun(*request); });
}

grpc::ServerUnaryReactor* RunServiceImpl::ListRuns(grpc::CallbackServerContext* context,
                                                   const v1::ListRunsRequest* request,
                                                   v1::ListRunsResponse* response) {
  return CallCore(context, core_, CheckRequest(*request), response,
                  [request](Coordinator& core) { return core.ListRuns(*request); });
}

grpc::ServerUnaryReactor* RunServiceImpl::GetLog(grpc::CallbackServerContext* context,
                                                 const v1::GetLogRequest* request,
                                                 v1::GetLogResponse* response) {
  return CallCore(context, core_, CheckName("id", request->id()), response,
                  [request](Coordinator& core) { return core.GetLog(*request); });
}

grpc::ServerWriteReactor<v1::ExportSweepResponse>* RunServiceImpl::ExportSweep(
    grpc::CallbackServerContext* context, const v1::ExportSweepRequest* request) {
  const auto stream = BlockingStream<v1::ExportSweepResponse>::Create(context);
  const absl::Status check = CheckRequest(*request);
  if (!check.ok()) {
    stream->End(check);
    return stream.get();
  }
  const auto write = [stream](absl::string_view file_name, absl::string_view bytes) {
    v1::ExportSweepResponse piece;
    piece.set_file_name(std::string(file_name));
    piece.set_data(std::string(bytes));
    return stream->Write(std::move(piece));
  };
  RunOnSnapshot(
      request->sweep_id(),
      [wanted = *request, write](const SweepSnapshot& snapshot) {
        return ExportSweepTables(wanted, snapshot.sweep_id, *snapshot.reader, write);
      },
      [stream](const absl::Status& status) { stream->End(status); });
  return stream.get();
}

grpc::ServerWriteReactor<v1::VerifySweepResponse>* RunServiceImpl::VerifySweep(
    grpc::CallbackServerContext* context, const v1::VerifySweepRequest* request) {
  const auto stream = BlockingStream<v1::VerifySweepResponse>::Create(context);
  const absl::Status check = CheckName("sweep_id", request->sweep_id());
  if (!check.ok()) {
    stream->End(check);
    return stream.get();
  }
  RunOnSnapshot(
      request->sweep_id(),
      [this, stream](const SweepSnapshot& snapshot) { return VerifyRuns(snapshot, *stream); },
      [stream](const absl::Status& status) { stream->End(status); });
  return stream.get();
}

absl::Status RunServiceImpl::VerifyRuns(const SweepSnapshot& snapshot,
                                        BlockingStream<v1::VerifySweepResponse>& stream) const {
  uint32_t total = 0;
  TJ_RETURN_IF_ERROR(VisitRuns(*snapshot.reader, snapshot.sweep_id, [&](const v1::Run& run) {
    total += run.has_assembly() ? 1 : 0;
    return absl::OkStatus();
  }));
  uint32_t verified = 0;
  return VisitRuns(*snapshot.reader, snapshot.sweep_id, [&](const v1::Run& run) {
    if (!run.has_assembly()) return absl::OkStatus();
    v1::VerifySweepResponse report;
    report.set_run_id(run.run_id());
    for (std::string& difference : verify_(run, *snapshot.reader)) {
      report.add_differences(std::move(difference));
    }
    report.set_verified(++verified);
    report.set_total(total);
    return stream.Write(std::move(report));
  });
}

grpc::ServerWriteReactor<v1::WatchPowerResponse>* RunServiceImpl::WatchPower(
    grpc::CallbackServerContext*, const v1::WatchPowerRequest* request) {
  const auto open =
      [&core = core_.coordinator, watched = *request](
          std::function<void()> on_ready) -> absl::StatusOr<std::unique_ptr<PowerSubscription>> {
    TJ_RETURN_IF_ERROR(CheckRequest(watched));
    return core.WatchPower(watched, std::move(on_ready));
  };
  return SubscriptionStream<v1::WatchPowerResponse>::Start(core_.sequence, open);
}

absl::StatusOr<RunServiceImpl::SweepSnapshot> RunServiceImpl::TakeSnapshot(
    const std::string& sweep) {
  SweepSnapshot snapshot;
  TJ_ASSIGN_OR_RETURN(snapshot.sweep_id, core_.coordinator.ResolveSweepId(sweep));
  TJ_ASSIGN_OR_RETURN(snapshot.reader, core_.coordinator.OpenSnapshot());
  return snapshot;
}

void RunServiceImpl::RunOnSnapshot(const std::string& sweep, SnapshotJob job,
                                   std::function<void(const absl::Status&)> end) {
  core_.sequence.Post([this, sweep, job = std::move(job), end = std::move(end)] {
    absl::StatusOr<SweepSnapshot> snapshot = TakeSnapshot(sweep);
    if (!snapshot.ok()) return end(snapshot.status());
    auto shared = std::make_shared<SweepSnapshot>(*std::move(snapshot));
    const bool taken = workers_.TryRun([shared, job, end] {
      const absl::Status status = job(*shared);
      shared->reader.reset();
      end(status);
    });
    if (!taken) {
      end(absl::ResourceExhaustedError("too many exports are running; try again in a minute"));
    }
  });
}

}  // namespace tinyjoule

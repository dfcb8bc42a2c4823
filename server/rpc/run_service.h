// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_RUN_SERVICE_H_
#define SERVER_RPC_RUN_SERVICE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/rpc/blocking_stream.h"
#include "server/rpc/core_access.h"
#include "server/rpc/worker_pool.h"
#include "tinyjoule/v1/run_service.grpc.pb.h"

namespace tinyjoule {

// One line for each figure of the stored run that its raw data does not give again. Any thread.
using RunVerifier =
    std::function<std::vector<std::string>(const v1::Run& stored, RunReader& reader)>;

// Checks requests, posts them to the core, and hands back its answers. Exports and verifications
// read a snapshot of the store on a worker thread. Thread-safe.
class RunServiceImpl final : public v1::RunService::CallbackService {
 public:
  // `workers` outlives the server.
  RunServiceImpl(const CoreAccess& core, WorkerPool& workers, RunVerifier verify)
      : core_(core), workers_(workers), verify_(std::move(verify)) {}

  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context,
                                   const v1::GetRunRequest* request,
                                   v1::GetRunResponse* response) override;
  grpc::ServerUnaryReactor* ListRuns(grpc::CallbackServerContext* context,
                                     const v1::ListRunsRequest* request,
                                     v1::ListRunsResponse* response) override;
  grpc::ServerUnaryReactor* GetLog(grpc::CallbackServerContext* context,
                                   const v1::GetLogRequest* request,
                                   v1::GetLogResponse* response) override;
  grpc::ServerWriteReactor<v1::ExportSweepResponse>* ExportSweep(
      grpc::CallbackServerContext* context, const v1::ExportSweepRequest* request) override;
  grpc::ServerWriteReactor<v1::VerifySweepResponse>* VerifySweep(
      grpc::CallbackServerContext* context, const v1::VerifySweepRequest* request) override;
  grpc::ServerWriteReactor<v1::WatchPowerResponse>* WatchPower(
      grpc::CallbackServerContext* context, const v1::WatchPowerRequest* request) override;

 private:
  // A sweep in a snapshot of the store.
  struct SweepSnapshot {
    std::string sweep_id;
    std::unique_ptr<RunReader> reader;
  };
  using SnapshotJob = std::function<absl::Status(const SweepSnapshot& snapshot)>;

  absl::StatusOr<SweepSnapshot> TakeSnapshot(const std::string& sweep);
  // Opens the snapshot on the core sequence, runs the job on a worker, and hands its status to
  // `end`, which is called once.
  void RunOnSnapshot(const std::string& sweep, SnapshotJob job,
                     std::function<void(const absl::Status&)> end);
  absl::Status VerifyRuns(const SweepSnapshot& snapshot,
                          BlockingStream<v1::VerifySweepResponse>& stream) const;

  const CoreAccess core_;
  WorkerPool& workers_;
  const RunVerifier verify_;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_RUN_SERVICE_H_

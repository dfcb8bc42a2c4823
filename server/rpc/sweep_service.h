// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_SWEEP_SERVICE_H_
#define SERVER_RPC_SWEEP_SERVICE_H_

#include "server/rpc/artifact_download.h"
#include "server/rpc/core_access.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {

// Checks requests, posts them to the core, and hands back its answers. Thread-safe.
class SweepServiceImpl final : public v1::SweepService::CallbackService {
 public:
  SweepServiceImpl(const CoreAccess& core, const FileAccess& files) : core_(core), files_(files) {}

  grpc::ServerUnaryReactor* CreateSweep(grpc::CallbackServerContext* context,
                                        const v1::CreateSweepRequest* request,
                                        v1::CreateSweepResponse* response) override;
  grpc::ServerReadReactor<v1::UploadFileRequest>* UploadFile(
      grpc::CallbackServerContext* context, v1::UploadFileResponse* response) override;
  grpc::ServerUnaryReactor* GetSweep(grpc::CallbackServerContext* context,
                                     const v1::GetSweepRequest* request,
                                     v1::GetSweepResponse* response) override;
  grpc::ServerUnaryReactor* ListSweeps(grpc::CallbackServerContext* context,
                                       const v1::ListSweepsRequest* request,
                                       v1::ListSweepsResponse* response) override;
  grpc::ServerUnaryReactor* ListTrials(grpc::CallbackServerContext* context,
                                       const v1::ListTrialsRequest* request,
                                       v1::ListTrialsResponse* response) override;
  grpc::ServerUnaryReactor* CancelSweep(grpc::CallbackServerContext* context,
                                        const v1::CancelSweepRequest* request,
                                        v1::CancelSweepResponse* response) override;
  grpc::ServerUnaryReactor* RetrySweep(grpc::CallbackServerContext* context,
                                       const v1::RetrySweepRequest* request,
                                       v1::RetrySweepResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchSweepResponse>* WatchSweep(
      grpc::CallbackServerContext* context, const v1::WatchSweepRequest* request) override;

 private:
  const CoreAccess core_;
  const FileAccess files_;
};

}  // namespace tinyjoule

#endif  // SERVER_RPC_SWEEP_SERVICE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/sweep_service.h"

#include "common/base/status.h"
#include "server/rpc/file_upload.h"
#include "server/rpc/request_check.h"
#include "server/rpc/subscription_stream.h"

namespace tinyjoule {

grpc::ServerUnaryReactor* SweepServiceImpl::CreateSweep(grpc::CallbackServerContext* context,
                                                        const v1::CreateSweepRequest* request,
                                                        v1::CreateSweepResponse* response) {
  return CallCore(context, core_, CheckRequest(*request), response,
                  [request](Coordinator& core) { return core.CreateSweep(*request); });
}

grpc::ServerReadReactor<v1::UploadFileRequest>* SweepServiceImpl::UploadFile(
    grpc::CallbackServerContext*, v1::UploadFileResponse* response) {
  return FileUpload::Start(files_, response);
}

grpc::ServerUnaryReactor* SweepServiceImpl::GetSweep(grpc::CallbackServerContext* context,
                                                     const v1::GetSweepRequest* request,
                                                     v1::GetSweepResponse* response) {
  return CallCore(context, core_, CheckName("sweep_id", request->sweep_id()), response,
                  [request](Coordinator& core) { return core.GetSweep(*request); });
}

grpc::ServerUnaryReactor* SweepServiceImpl::ListSweeps(grpc::CallbackServerContext* context,
                                                       const v1::ListSweepsRequest* request,
                                                       v1::ListSweepsResponse* response) {
  return CallCore(context, core_, CheckPageToken(request->page_token()), response,
                  [request](Coordinator& core) { return core.ListSweeps(*request); });
}

grpc::ServerUnaryReactor* SweepServiceImpl::ListTrials(grpc::CallbackServerContext* context,
                                                       const v1::ListTrialsRequest* request,
                                                       v1::ListTrialsResponse* response) {
  return CallCore(context, core_, CheckRequest(*request), response,
                  [request](Coordinator& core) { return core.ListTrials(*request); });
}

grpc::ServerUnaryReactor* SweepServiceImpl::CancelSweep(grpc::CallbackServerContext* context,
                                                        const v1::CancelSweepRequest* request,
                                                        v1::CancelSweepResponse* response) {
  return CallCore(context, core_, CheckName("sweep_id", request->sweep_id()), response,
                  [request](Coordinator& core) { return core.CancelSweep(*request); });
}

grpc::ServerUnaryReactor* SweepServiceImpl::RetrySweep(grpc::CallbackServerContext* context,
                                                       const v1::RetrySweepRequest* request,
                                                       v1::RetrySweepResponse* response) {
  return CallCore(context, core_, CheckName("sweep_id", request->sweep_id()), response,
                  [request](Coordinator& core) { return core.RetrySweep(*request); });
}

grpc::ServerWriteReactor<v1::WatchSweepResponse>* SweepServiceImpl::WatchSweep(
    grpc::CallbackServerContext*, const v1::WatchSweepRequest* request) {
  const auto open =
      [&core = core_.coordinator, watched = *request](
          std::function<void()> on_ready) -> absl::StatusOr<std::unique_ptr<SweepSubscription>> {
    TJ_RETURN_IF_ERROR(CheckName("sweep_id", watched.sweep_id()));
    return core.WatchSweep(watched, std::move(on_ready));
  };
  return SubscriptionStream<v1::WatchSweepResponse>::Start(core_.sequence, open);
}

}  // namespace tinyjoule

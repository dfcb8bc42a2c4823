// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_FAKE_COORDINATOR_H_
#define CLIENT_FAKE_COORDINATOR_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/base/digest.h"
#include "grpcpp/grpcpp.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"
#include "tinyjoule/v1/run_service.grpc.pb.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {

// A coordinator for tests of coord: real gRPC on a loopback port, answers as the test sets them
// before the call.
class FakeCoordinator final : public v1::SweepService::Service,
                              public v1::RunService::Service,
                              public v1::FleetService::Service {
 public:
  FakeCoordinator() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(static_cast<v1::SweepService::Service*>(this));
    builder.RegisterService(static_cast<v1::RunService::Service*>(this));
    builder.RegisterService(static_cast<v1::FleetService::Service*>(this));
    server_ = builder.BuildAndStart();
    sweep.set_sweep_id("0123456789abcdef");
    sweep.set_name("small");
    sweep.set_state(v1::SWEEP_STATE_RUNNING);
  }
  ~FakeCoordinator() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  // What it answers, and what it was asked.
  v1::Sweep sweep;
  grpc::Status create_status;
  std::vector<std::string> matching_agents = {"pi-1"};
  std::vector<v1::CreateSweepRequest> creations;
  std::map<std::string, std::string> uploads;
  std::vector<v1::WatchSweepResponse> events;
  std::vector<uint64_t> watched_after;
  // The first watches end with UNAVAILABLE after so many events.
  std::vector<size_t> breaks;
  // A watch does not end by itself.
  bool watch_hangs = false;
  absl::Notification watching;
  v1::ListRunsResponse runs;
  v1::ListTrialsResponse trials;
  v1::ListAgentsResponse agents;
  std::vector<v1::ExportSweepResponse> pieces;
  std::vector<v1::VerifySweepResponse> verifications;
  std::vector<v1::WatchPowerResponse> power;
  v1::LabelAgentRequest labelled;
  v1::CancelSweepRequest cancelled;
  std::vector<v1::CalibrateAgentRequest> calibrations;
  v1::CalibrateAgentResponse calibrated;
  grpc::Status calibrate_status;

  grpc::Status CreateSweep(grpc::ServerContext*, const v1::CreateSweepRequest* request,
                           v1::CreateSweepResponse* response) override {
    creations.push_back(*request);
    if (!create_status.ok()) return create_status;
    for (const v1::InputFile& file : request->files()) {
      if (uploads.count(file.sha256()) == 0) *response->add_missing_files() = file;
    }
    if (response->missing_files().empty()) *response->mutable_sweep() = sweep;
    for (const std::string& agent : matching_agents) response->add_matching_agents(agent);
    response->set_estimated_hours(0.5);
    return grpc::Status::OK;
  }

  grpc::Status UploadFile(grpc::ServerContext*, grpc::ServerReader<v1::UploadFileRequest>* reader,
                          v1::UploadFileResponse* response) override {
    v1::UploadFileRequest piece;
    std::string sha256, bytes;
    while (reader->Read(&piece)) {
      if (!piece.sha256().empty()) sha256 = piece.sha256();
      bytes += piece.data();
    }
    if (Sha256Hex(bytes) != sha256) return {grpc::StatusCode::DATA_LOSS, "wrong hash"};
    uploads[sha256] = bytes;
    response->set_sha256(sha256);
    return grpc::Status::OK;
  }

  grpc::Status GetSweep(grpc::ServerContext*, const v1::GetSweepRequest* request,
                        v1::GetSweepResponse* response) override {
    if (request->sweep_id() != sweep.name() &&
        sweep.sweep_id().rfind(request->sweep_id(), 0) != 0) {
      return {grpc::StatusCode::NOT_FOUND, absl::StrCat("no sweep ", request->sweep_id())};
    }
    *response->mutable_sweep() = sweep;
    return grpc::Status::OK;
  }

  // Two to a page.
  grpc::Status ListSweeps(grpc::ServerContext*, const v1::ListSweepsRequest* request,
                          v1::ListSweepsResponse* response) override {
    for (int i = 0; i < 2; ++i) *response->add_sweeps() = sweep;
    if (request->page_token().empty()) response->set_next_page_token("second");
    return grpc::Status::OK;
  }

  grpc::Status ListTrials(grpc::ServerContext*, const v1::ListTrialsRequest*,
                          v1::ListTrialsResponse* response) override {
    *response = trials;
    return grpc::Status::OK;
  }

  grpc::Status CancelSweep(grpc::ServerContext*, const v1::CancelSweepRequest* request,
                           v1::CancelSweepResponse* response) override {
    cancelled = *request;
    *response->mutable_sweep() = sweep;
    response->mutable_sweep()->set_state(v1::SWEEP_STATE_CANCELLED);
    return grpc::Status::OK;
  }

  grpc::Status WatchSweep(grpc::ServerContext* context, const v1::WatchSweepRequest* request,
                          grpc::ServerWriter<v1::WatchSweepResponse>* writer) override {
    watched_after.push_back(request->after_sequence());
    const size_t watch = watched_after.size() - 1;
    size_t sent = 0;
    for (const v1::WatchSweepResponse& event : events) {
      if (event.sequence() <= request->after_sequence()) continue;
      if (watch < breaks.size() && sent == breaks[watch]) {
        return {grpc::StatusCode::UNAVAILABLE, "going down"};
      }
      writer->Write(event);
      ++sent;
    }
    if (!watching.HasBeenNotified()) watching.Notify();
    while (watch_hangs && !context->IsCancelled()) {
      absl::Mutex mutex;
      absl::MutexLock lock(&mutex);
      bool never = false;
      mutex.AwaitWithTimeout(absl::Condition(&never), absl::Milliseconds(5));
    }
    return grpc::Status::OK;
  }

  grpc::Status GetRun(grpc::ServerContext*, const v1::GetRunRequest* request,
                      v1::GetRunResponse* response) override {
    for (const v1::Run& run : runs.runs()) {
      if (run.run_id() != request->run_id()) continue;
      *response->mutable_run() = run;
      return grpc::Status::OK;
    }
    return {grpc::StatusCode::NOT_FOUND, absl::StrCat("no run ", request->run_id())};
  }

  grpc::Status ListRuns(grpc::ServerContext*, const v1::ListRunsRequest*,
                        v1::ListRunsResponse* response) override {
    *response = runs;
    return grpc::Status::OK;
  }

  grpc::Status ExportSweep(grpc::ServerContext*, const v1::ExportSweepRequest*,
                           grpc::ServerWriter<v1::ExportSweepResponse>* writer) override {
    for (const v1::ExportSweepResponse& piece : pieces) writer->Write(piece);
    return grpc::Status::OK;
  }

  grpc::Status VerifySweep(grpc::ServerContext*, const v1::VerifySweepRequest*,
                           grpc::ServerWriter<v1::VerifySweepResponse>* writer) override {
    for (const v1::VerifySweepResponse& run : verifications) writer->Write(run);
    return grpc::Status::OK;
  }

  grpc::Status WatchPower(grpc::ServerContext*, const v1::WatchPowerRequest*,
                          grpc::ServerWriter<v1::WatchPowerResponse>* writer) override {
    for (const v1::WatchPowerResponse& points : power) writer->Write(points);
    return grpc::Status::OK;
  }

  grpc::Status ListAgents(grpc::ServerContext*, const v1::ListAgentsRequest*,
                          v1::ListAgentsResponse* response) override {
    *response = agents;
    return grpc::Status::OK;
  }

  grpc::Status LabelAgent(grpc::ServerContext*, const v1::LabelAgentRequest* request,
                          v1::LabelAgentResponse* response) override {
    labelled = *request;
    response->mutable_agent()->mutable_facts()->set_name(request->agent());
    return grpc::Status::OK;
  }

  grpc::Status CalibrateAgent(grpc::ServerContext*, const v1::CalibrateAgentRequest* request,
                              v1::CalibrateAgentResponse* response) override {
    calibrations.push_back(*request);
    *response = calibrated;
    return calibrate_status;
  }

  grpc::Status GetServerInfo(grpc::ServerContext*, const v1::GetServerInfoRequest*,
                             v1::GetServerInfoResponse* response) override {
    response->set_version("9.9.9");
    return grpc::Status::OK;
  }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tinyjoule

#endif  // CLIENT_FAKE_COORDINATOR_H_

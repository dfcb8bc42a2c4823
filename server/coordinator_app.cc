// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator_app.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/store/file_artifact_store.h"
#include "server/store/sqlite_run_store.h"

namespace tinyjoule {
namespace {

// What calls that are on get to end by themselves; agents and watchers would stay for ever.
constexpr int64_t kShutdownGraceNs = kNsPerSecond;

}  // namespace

CoordinatorApp::CoordinatorApp(const CoordinatorAppOptions& options)
    : options_(options), core_sequence_("core"), file_sequence_("files") {}

absl::StatusOr<std::unique_ptr<CoordinatorApp>> CoordinatorApp::Start(
    const CoordinatorAppOptions& options) {
  std::unique_ptr<CoordinatorApp> app(new CoordinatorApp(options));
  TJ_RETURN_IF_ERROR(app->OpenData());
  absl::Status started;
  RunAndWait(app->core_sequence_, [&] { started = app->StartCore(); });
  TJ_RETURN_IF_ERROR(started);
  TJ_RETURN_IF_ERROR(app->StartServer());
  return app;
}

CoordinatorApp::~CoordinatorApp() { Stop(); }

absl::Status CoordinatorApp::OpenData() {
  const std::string& folder = options_.data_dir;
  TJ_RETURN_IF_ERROR(files_.CreateFolder(folder));
  TJ_ASSIGN_OR_RETURN(lock_, FileLock::Acquire(JoinPath(folder, "coordinator.lock")));
  TJ_ASSIGN_OR_RETURN(store_, OpenSqliteRunStore(JoinPath(folder, "runs.sqlite")));
  TJ_ASSIGN_OR_RETURN(artifacts_, OpenFileArtifactStore(files_, JoinPath(folder, "artifacts")));
  assembler_ = std::make_unique<StoredRunAssembler>(*artifacts_);
  return absl::OkStatus();
}

absl::Status CoordinatorApp::StartCore() {
  LocalTrainingExecutor::Options training;
  training.command = {options_.trainer};
  training.places = options_.trainers;
  training.work_dir = JoinPath(options_.data_dir, "training");
  training.log_dir = JoinPath(options_.data_dir, "logs");
  TJ_ASSIGN_OR_RETURN(executor_,
                      LocalTrainingExecutor::Create(
                          training, {core_sequence_, clock_, files_, launcher_, *artifacts_, {}}));
  CoordinatorOptions core;
  core.data_dir = options_.data_dir;
  core.trainers = options_.trainers;
  TJ_ASSIGN_OR_RETURN(coordinator_, Coordinator::Start({core_sequence_, clock_, files_, *store_,
                                                        *artifacts_, *executor_, *assembler_},
                                                       core));
  return absl::OkStatus();
}

absl::Status CoordinatorApp::StartServer() {
  RpcServerOptions server;
  server.listen_address = options_.listen_address;
  server.tls = options_.tls;
  server.insecure = options_.insecure;
  server.verify = [this](const v1::Run& run, RunReader& reader) {
    return assembler_->Verify(run, reader);
  };
  TJ_ASSIGN_OR_RETURN(server_, RpcServer::Start(server, {core_sequence_, *coordinator_},
                                                {file_sequence_, files_, *artifacts_}));
  return absl::OkStatus();
}

void CoordinatorApp::Stop() {
  if (server_ != nullptr) {
    server_->SetNotServing();
    RunAndWait(core_sequence_, [this] { coordinator_->Drain(); });
    server_->Shutdown(kShutdownGraceNs);
  }
  RunAndWait(core_sequence_, [this] {
    coordinator_.reset();
    executor_.reset();
  });
  server_.reset();
  store_.reset();
  lock_.reset();
}

}  // namespace tinyjoule

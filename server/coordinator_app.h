// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_COORDINATOR_APP_H_
#define SERVER_COORDINATOR_APP_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/child_process.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/task_runner.h"
#include "common/net/channel.h"
#include "server/core/coordinator.h"
#include "server/rpc/rpc_server.h"
#include "server/store/file_lock.h"
#include "server/stored_run_assembler.h"
#include "server/training/local_training_executor.h"

namespace tinyjoule {

struct CoordinatorAppOptions {
  // Everything that is kept: the store, artifacts, logs.
  std::string data_dir;
  std::string listen_address = "127.0.0.1:7410";
  TlsFiles tls;
  bool insecure = false;
  uint32_t trainers = 1;
  // The trainer program.
  std::string trainer;
};

// The coordinator as one object: makes every part, hands each what it stands on, and takes them
// down in order. 1. Start; 2. Stop, or destruction. Used on one thread.
class CoordinatorApp {
 public:
  // FailedPrecondition: another coordinator holds data_dir. InvalidArgument: an option.
  static absl::StatusOr<std::unique_ptr<CoordinatorApp>> Start(
      const CoordinatorAppOptions& options);
  ~CoordinatorApp();
  CoordinatorApp(const CoordinatorApp&) = delete;
  CoordinatorApp& operator=(const CoordinatorApp&) = delete;

  // "HOST:PORT" as it listens.
  const std::string& address() const { return server_->address(); }
  // What runs here shows that the coordinator is alive.
  TaskRunner& core_sequence() { return core_sequence_; }
  // Health turns NOT_SERVING, no new work is given out, calls end, trainers are killed, the store
  // is closed. Takes a few seconds at most; nothing acknowledged is lost.
  void Stop();

 private:
  explicit CoordinatorApp(const CoordinatorAppOptions& options);
  [[nodiscard]] absl::Status OpenData();
  [[nodiscard]] absl::Status StartCore();
  [[nodiscard]] absl::Status StartServer();

  const CoordinatorAppOptions options_;
  SystemClock clock_;
  PosixFileSystem files_;
  PosixProcessLauncher launcher_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<RunStore> store_;
  std::unique_ptr<ArtifactStore> artifacts_;
  std::unique_ptr<StoredRunAssembler> assembler_;
  ThreadTaskRunner core_sequence_;
  ThreadTaskRunner file_sequence_;
  // Live on the core sequence.
  std::unique_ptr<LocalTrainingExecutor> executor_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace tinyjoule

#endif  // SERVER_COORDINATOR_APP_H_

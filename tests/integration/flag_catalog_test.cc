// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// A run with every flag of the catalog, from the agent's result to what people see: through the
// assembly, a database on disk that is opened anew, the services over gRPC, and coord.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/coord_app.h"
#include "common/energy/flag_catalog.h"
#include "server/core/coordinator.h"
#include "server/rpc/rpc_server.h"
#include "server/store/file_artifact_store.h"
#include "server/store/sqlite_run_store.h"
#include "tests/support/coordinator_fixture.h"
#include "tests/support/delivered_attempt.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

// The flags of the catalog, each with a detail of its own, as an agent may send them.
v1::RunAssembly AssemblyWithEveryFlag() {
  DeliveredAttempt attempt;
  for (const FlagDescription& flag : FlagCatalog()) {
    *attempt.result().add_flags() = MakeFlag(flag.name, absl::StrCat("why ", flag.name));
  }
  return attempt.Assemble()->assembly;
}

WriteBatch OneRun() {
  WriteBatch batch;
  SweepRecord& sweep = batch.sweeps.emplace_back();
  sweep.sweep_id = "0123456789abcdef";
  sweep.name = "flagged";
  sweep.content_sha256 = "hash";
  sweep.state = v1::SWEEP_STATE_SUCCEEDED;
  sweep.spec.mutable_measure()->set_reference("none");
  TaskRecord& task = batch.tasks.emplace_back();
  task.task_id = "task";
  task.state = v1::TASK_STATE_SUCCEEDED;
  TrialRecord& trial = batch.trials.emplace_back();
  trial.trial_id = "trial-1";
  trial.sweep_id = sweep.sweep_id;
  trial.task_id = "task";
  RunRecord& record = batch.runs.emplace_back();
  record.task_id = "task";
  record.run.set_run_id("run-1");
  record.run.set_sweep_id(sweep.sweep_id);
  record.run.set_trial_id("trial-1");
  record.run.set_state(v1::RUN_STATE_INVALID);
  *record.run.mutable_assembly() = AssemblyWithEveryFlag();
  return batch;
}

class FlagsShownTest : public ::testing::Test {
 protected:
  FlagsShownTest() {
    char pattern[] = "/tmp/tinyjoule-flags-XXXXXX";
    folder_ = mkdtemp(pattern);
    const std::string database = (folder_ / "store.db").string();
    EXPECT_TRUE((*OpenSqliteRunStore(database))->Commit(OneRun()).ok());
    store_ = *OpenSqliteRunStore(database);
    artifacts_ = *OpenFileArtifactStore(files_, (folder_ / "artifacts").string());
    executor_ = std::make_unique<FakeTrainingExecutor>(core_, *artifacts_);
    RunAndWait(core_, [this] {
      coordinator_ = *Coordinator::Start(
          {core_, clock_, files_, *store_, *artifacts_, *executor_, assembler_}, {});
    });
    RpcServerOptions options;
    options.listen_address = "127.0.0.1:0";
    options.verify = [](const v1::Run&, RunReader&) { return std::vector<std::string>(); };
    server_ =
        *RpcServer::Start(options, {core_, *coordinator_}, {file_sequence_, files_, *artifacts_});
  }
  ~FlagsShownTest() override {
    server_.reset();
    RunAndWait(core_, [this] { coordinator_.reset(); });
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  // What coord printed, on both streams.
  std::string Coord(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--coordinator", server_->address()});
    std::istringstream in;
    std::ostringstream out;
    Console console{in, out, out};
    EXPECT_EQ(RunCoord(arguments, console, interrupts_), 0) << out.str();
    return out.str();
  }
  std::string ReadFile(const std::string& name) {
    std::ifstream stream(folder_ / name);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::filesystem::path folder_;
  SystemClock clock_;
  PosixFileSystem files_;
  FakeRunAssembler assembler_;
  ThreadTaskRunner core_{"core"};
  ThreadTaskRunner file_sequence_{"files"};
  std::unique_ptr<RunStore> store_;
  std::unique_ptr<ArtifactStore> artifacts_;
  std::unique_ptr<FakeTrainingExecutor> executor_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<RpcServer> server_;
  Interrupts interrupts_;
};

TEST_F(FlagsShownTest, ByShowWithWhatTheyMeanAndWhatToDo) {
  const std::string shown = Coord({"show", "run-1"});
  for (const FlagDescription& flag : FlagCatalog()) {
    const bool fatal = flag.severity == FlagDescription::Severity::kFatal;
    EXPECT_THAT(shown,
                HasSubstr(absl::StrCat(flag.name, fatal ? " (fatal)" : "", ": why ", flag.name,
                                       "\n    ", flag.meaning, " ", flag.advice, "\n")));
  }
}

TEST_F(FlagsShownTest, InRunsCsvByName) {
  Coord({"export", "flagged", "-O", folder_.string()});
  const std::string names = absl::StrJoin(
      FlagCatalog(), ";",
      [](std::string* out, const FlagDescription& flag) { absl::StrAppend(out, flag.name); });
  EXPECT_THAT(ReadFile("runs.csv"), HasSubstr(absl::StrCat(",false,", names, ",")));
}

TEST_F(FlagsShownTest, InTheReport) {
  Coord({"report", "flagged", "-O", (folder_ / "report.html").string()});
  const std::string page = ReadFile("report.html");
  for (const FlagDescription& flag : FlagCatalog()) {
    EXPECT_THAT(page, HasSubstr(std::string(flag.name)));
  }
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What every RunStore keeps to, run over each implementation.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "server/core/run_store.h"
#include "server/store/memory_run_store.h"
#include "server/store/sqlite_run_store.h"

namespace tinyjoule {
namespace {

struct StoreKind {
  const char* name;
  // False: it forgets everything when it is closed.
  bool durable;
};

std::ostream& operator<<(std::ostream& out, const StoreKind& kind) { return out << kind.name; }

class RunStoreContractTest : public testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    RemoveFiles();
    Open();
  }
  void TearDown() override {
    store_.reset();
    RemoveFiles();
  }
  void Open() {
    store_.reset();
    if (!GetParam().durable) {
      store_ = MakeMemoryRunStore();
      return;
    }
    auto opened = OpenSqliteRunStore(path_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  // Closes and opens a durable store; the others stay.
  void Reopen() {
    if (GetParam().durable) Open();
  }
  void RemoveFiles() {
    for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path_ + suffix).c_str());
  }
  CommitReport Commit(const WriteBatch& batch) {
    auto report = store_->Commit(batch);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *std::move(report) : CommitReport();
  }
  RunReader& reads() { return store_->reads(); }

  // A sweep with a base task, a compression task, a trial of it, a run and its first attempt.
  static WriteBatch Everything() {
    WriteBatch batch;
    SweepRecord& sweep = batch.sweeps.emplace_back();
    sweep.sweep_id = "s1";
    sweep.name = "rain";
    sweep.content_sha256 = "c1";
    sweep.state = v1::SWEEP_STATE_RUNNING;
    sweep.spec.set_name("rain");
    sweep.created_utc_ns = 1'700'000'000'123'456'789;
    v1::InputFile& input = sweep.inputs.emplace_back();
    input.set_name("a.csv");
    input.set_sha256("ff");
    input.set_size_bytes(5'000'000'000);
    batch.tasks = {MakeTask("base", ""), MakeTask("task", "base")};
    TrialRecord& trial = batch.trials.emplace_back();
    trial.trial_id = "s1-t0";
    trial.sweep_id = "s1";
    trial.task_id = "task";
    trial.summary.set_model("mlp");
    batch.runs = {MakeRun("r1", 0), MakeRun("r2", 1)};
    AttemptRecord& attempt = batch.attempts.emplace_back();
    attempt.key = {"r1", 1};
    attempt.agent = "pi";
    attempt.offered_utc_ns = 7;
    return batch;
  }
  static TaskRecord MakeTask(const std::string& id, const std::string& depends_on) {
    TaskRecord task;
    task.task_id = id;
    task.depends_on = depends_on;
    task.state = v1::TASK_STATE_WAITING;
    task.label = "mlp / fold 0";
    task.task.set_task_id(id);
    return task;
  }
  static RunRecord MakeRun(const std::string& id, uint32_t position) {
    RunRecord record;
    record.run.set_run_id(id);
    record.run.set_sweep_id("s1");
    record.run.set_trial_id("s1-t0");
    record.run.set_state(v1::RUN_STATE_WAITING);
    record.task_id = "task";
    record.position = position;
    record.attempt_limit = 3;
    return record;
  }
  static v1::Chunk MakeChunk(uint64_t sequence, const std::string& payload,
                             v1::ChunkStream stream = v1::CHUNK_STREAM_SAMPLES) {
    v1::Chunk chunk;
    chunk.set_run_id("r1");
    chunk.set_attempt(1);
    chunk.set_stream(stream);
    chunk.set_sequence(sequence);
    chunk.set_payload(payload);
    chunk.set_crc32c(Crc32c(payload));
    return chunk;
  }
  std::string Stored(v1::ChunkStream stream = v1::CHUNK_STREAM_SAMPLES) {
    std::string bytes;
    const absl::Status status = reads().ReadChunks({"r1", 1}, stream, [&](const v1::Chunk& chunk) {
      absl::StrAppend(&bytes, chunk.sequence(), ":", chunk.payload(), " ");
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return bytes;
  }

  const std::string path_ = absl::StrCat(testing::TempDir(), "/contract-", getpid(), ".sqlite");
  std::unique_ptr<RunStore> store_;
};

TEST_P(RunStoreContractTest, RecordsComeBackAsTheyWere) {
  WriteBatch batch = Everything();
  batch.agents.push_back({"pi", "installation", {}, {{"room", "lab"}}, true, 42});
  batch.agents.back().reported.add_engines("xnnpack");
  batch.requests.push_back({"q1", "s1"});
  batch.references.push_back({"ff", "s1", "input", 5'000'000'000});
  Commit(batch);
  Reopen();
  const auto sweep = reads().GetSweep("s1");
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  EXPECT_EQ(sweep->name, "rain");
  EXPECT_EQ(sweep->order, 1u);
  EXPECT_EQ(sweep->created_utc_ns, 1'700'000'000'123'456'789);
  ASSERT_EQ(sweep->inputs.size(), 1u);
  EXPECT_EQ(sweep->inputs[0].size_bytes(), 5'000'000'000u);
  EXPECT_EQ(reads().GetTask("task")->depends_on, "base");
  EXPECT_EQ(reads().ListTasks("s1")->size(), 2u);
  EXPECT_EQ(reads().GetTrial("s1-t0")->summary.model(), "mlp");
  EXPECT_EQ(reads().ListTrials("s1", 0, 10)->size(), 1u);
  EXPECT_EQ(reads().ListTrials("s1", 1, 10)->size(), 0u);
  EXPECT_EQ(reads().GetRun("r2")->position, 1u);
  EXPECT_EQ(reads().ListRuns("s1", 1, 10)->front().run.run_id(), "r2");
  EXPECT_EQ(reads().FindRunIds("r", 10)->size(), 2u);
  EXPECT_EQ(reads().FindRunIds("r2", 10)->size(), 1u);
  EXPECT_EQ(reads().FindRunIds("x", 10)->size(), 0u);
  EXPECT_EQ(reads().GetAttempt({"r1", 1})->agent, "pi");
  EXPECT_EQ(reads().ListOpenAttempts()->size(), 1u);
  EXPECT_EQ(*reads().FindRequest("q1"), "s1");
  const auto agents = reads().ListAgents();
  ASSERT_EQ(agents->size(), 1u);
  EXPECT_EQ(agents->front().set_labels.at("room"), "lab");
  EXPECT_EQ(agents->front().reported.engines(0), "xnnpack");
  EXPECT_TRUE(agents->front().cordoned);
  EXPECT_EQ(reads().ListReferences("ff")->front().role, "input");
}

TEST_P(RunStoreContractTest, ARecordReplacesTheOneWithItsKey) {
  Commit(Everything());
  WriteBatch batch;
  batch.attempts.push_back(*reads().GetAttempt({"r1", 1}));
  batch.attempts[0].state = v1::ATTEMPT_STATE_LOST;
  batch.attempts[0].reason = "away";
  batch.runs.push_back(MakeRun("r1", 0));
  batch.runs[0].run.set_state(v1::RUN_STATE_LOST);
  batch.sweeps.push_back(*reads().GetSweep("s1"));
  batch.sweeps[0].cancelling = true;
  Commit(batch);
  Reopen();
  EXPECT_TRUE(reads().ListOpenAttempts()->empty());
  EXPECT_EQ(reads().GetAttempt({"r1", 1})->reason, "away");
  EXPECT_EQ(reads().GetRun("r1")->run.state(), v1::RUN_STATE_LOST);
  EXPECT_TRUE(reads().GetSweep("s1")->cancelling);
  EXPECT_EQ(reads().GetSweep("s1")->order, 1u);
  EXPECT_EQ(reads().ListRuns("s1", 0, 10)->size(), 2u);
}

TEST_P(RunStoreContractTest, WhatIsNotThereIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(reads().GetSweep("x").status()));
  EXPECT_TRUE(absl::IsNotFound(reads().GetTask("x").status()));
  EXPECT_TRUE(absl::IsNotFound(reads().GetTrial("x").status()));
  EXPECT_TRUE(absl::IsNotFound(reads().GetRun("x").status()));
  EXPECT_TRUE(absl::IsNotFound(reads().GetAttempt({"x", 1}).status()));
  EXPECT_TRUE(absl::IsNotFound(reads().FindRequest("x").status()));
  EXPECT_EQ(reads().GetExtent({"x", 1}, v1::CHUNK_STREAM_SAMPLES)->count, 0u);
}

TEST_P(RunStoreContractTest, ARefusedBatchLeavesNothingBehind) {
  Commit(Everything());
  WriteBatch batch;
  batch.runs.push_back(MakeRun("r3", 2));
  batch.chunks.push_back(MakeChunk(0, "good"));
  batch.chunks.push_back(MakeChunk(1, "of no attempt"));
  batch.chunks[1].set_run_id("nowhere");
  batch.events.push_back({"s1", 0, {}});
  EXPECT_EQ(store_->Commit(batch).status().code(), absl::StatusCode::kFailedPrecondition);
  Reopen();
  EXPECT_TRUE(absl::IsNotFound(reads().GetRun("r3").status()));
  EXPECT_EQ(Stored(), "");
  EXPECT_TRUE(reads().ListEvents("s1", 0, 10)->empty());
  // And it goes on after it.
  batch.chunks.pop_back();
  Commit(batch);
  EXPECT_EQ(Stored(), "0:good ");
}

TEST_P(RunStoreContractTest, ChunksAreStoredOnceUnderTheirKey) {
  Commit(Everything());
  WriteBatch batch;
  batch.chunks = {MakeChunk(0, "zero"), MakeChunk(0, "zero"), MakeChunk(0, "other"),
                  MakeChunk(0, "a result", v1::CHUNK_STREAM_RESULT)};
  using Fates = std::vector<ChunkFate>;
  EXPECT_EQ(Commit(batch).chunk_fates, (Fates{ChunkFate::kStored, ChunkFate::kDuplicate,
                                              ChunkFate::kConflict, ChunkFate::kStored}));
  Reopen();
  EXPECT_EQ(Commit(batch).chunk_fates, (Fates{ChunkFate::kDuplicate, ChunkFate::kDuplicate,
                                              ChunkFate::kConflict, ChunkFate::kDuplicate}));
  EXPECT_EQ(Stored(), "0:zero ");
  int conflicts = 0;
  ASSERT_TRUE(reads()
                  .ReadConflicts({"r1", 1},
                                 [&](const v1::Chunk& chunk) {
                                   ++conflicts;
                                   EXPECT_EQ(chunk.payload(), "other");
                                   return absl::OkStatus();
                                 })
                  .ok());
  EXPECT_EQ(conflicts, 1);
}

TEST_P(RunStoreContractTest, BytesOfEveryValueAndSizeComeBack) {
  Commit(Everything());
  std::string all;
  for (int i = 0; i < 65536; ++i) all += static_cast<char>(i * 31);
  WriteBatch batch;
  batch.chunks = {MakeChunk(0, ""), MakeChunk(1, std::string(3, '\0')), MakeChunk(2, all)};
  Commit(batch);
  Reopen();
  EXPECT_EQ(Stored(), absl::StrCat("0: 1:", std::string(3, '\0'), " 2:", all, " "));
}

TEST_P(RunStoreContractTest, AnExtentSaysWhereTheFirstHoleIs) {
  Commit(Everything());
  const auto extent = [this] { return *reads().GetExtent({"r1", 1}, v1::CHUNK_STREAM_SAMPLES); };
  WriteBatch batch;
  batch.chunks = {MakeChunk(1, "b"), MakeChunk(3, "d")};
  Commit(batch);
  EXPECT_EQ(extent().contiguous, 0u);
  EXPECT_EQ(extent().count, 2u);
  batch.chunks = {MakeChunk(0, "a")};
  Commit(batch);
  Reopen();
  EXPECT_EQ(extent().contiguous, 2u);
  batch.chunks = {MakeChunk(2, "c")};
  Commit(batch);
  EXPECT_EQ(extent().contiguous, 4u);
  EXPECT_EQ(Stored(), "0:a 1:b 2:c 3:d ");
}

TEST_P(RunStoreContractTest, EventsAreNumberedBySweepWithoutHoles) {
  WriteBatch batch = Everything();
  SweepRecord& other = batch.sweeps.emplace_back();
  other.sweep_id = "s2";
  other.name = "rain";
  other.content_sha256 = "c2";
  batch.events = {{"s1", 0, {}}, {"s2", 0, {}}, {"s1", 0, {}}};
  EXPECT_EQ(Commit(batch).event_sequences, (std::vector<uint64_t>{1, 1, 2}));
  Reopen();
  WriteBatch more;
  more.events = {{"s1", 0, {}}};
  more.events[0].event.set_notice("third");
  EXPECT_EQ(Commit(more).event_sequences, (std::vector<uint64_t>{3}));
  const auto events = reads().ListEvents("s1", 1, 10);
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(events->at(0).sequence, 2u);
  EXPECT_EQ(events->at(1).event.notice(), "third");
  EXPECT_EQ(reads().ListEvents("s1", 0, 2)->size(), 2u);
  EXPECT_EQ(reads().GetSweep("s2")->order, 2u);
}

TEST_P(RunStoreContractTest, ASnapshotDoesNotMove) {
  Commit(Everything());
  auto snapshot = store_->OpenSnapshot();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  WriteBatch batch;
  batch.runs.push_back(MakeRun("r3", 2));
  Commit(batch);
  EXPECT_EQ((*snapshot)->ListRuns("s1", 0, 10)->size(), 2u);
  EXPECT_EQ(reads().ListRuns("s1", 0, 10)->size(), 3u);
  snapshot->reset();
}

TEST_P(RunStoreContractTest, ARunIsReadWithTheOutcomeOfItsTask) {
  WriteBatch batch = Everything();
  batch.tasks[1].state = v1::TASK_STATE_SUCCEEDED;
  batch.tasks[1].outcome.set_train_s(12.5);
  Commit(batch);
  std::vector<std::string> visited;
  ASSERT_TRUE(VisitRuns(reads(), "s1", [&](const v1::Run& run) {
                visited.push_back(run.run_id());
                EXPECT_EQ(run.outcome().train_s(), 12.5);
                return absl::OkStatus();
              }).ok());
  EXPECT_EQ(visited, (std::vector<std::string>{"r1", "r2"}));
}

TEST_P(RunStoreContractTest, AnAgentIsForgottenWithItsLabels) {
  WriteBatch batch;
  batch.agents.push_back({"pi", "one", {}, {{"room", "lab"}}, false, 1});
  Commit(batch);
  WriteBatch removal;
  removal.removed_agents = {"pi"};
  Commit(removal);
  EXPECT_TRUE(reads().ListAgents()->empty());
  batch.agents[0].set_labels.clear();
  Commit(batch);
  EXPECT_TRUE(reads().ListAgents()->front().set_labels.empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, RunStoreContractTest,
                         testing::Values(StoreKind{"Memory", false}, StoreKind{"Sqlite", true}),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/sqlite_run_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/store/sqlite_connection.h"
#include "server/store/sqlite_schema.h"

namespace tinyjoule {
namespace {

class SqliteRunStoreTest : public testing::Test {
 protected:
  void SetUp() override { Remove(); }
  void TearDown() override { Remove(); }
  void Remove() {
    for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path_ + suffix).c_str());
  }

  const std::string path_ = absl::StrCat(testing::TempDir(), "/store-", getpid(), ".sqlite");
};

SweepRecord MakeSweep(const std::string& id) {
  SweepRecord sweep;
  sweep.sweep_id = id;
  sweep.name = "a";
  sweep.content_sha256 = id;
  sweep.state = v1::SWEEP_STATE_RUNNING;
  return sweep;
}

TEST_F(SqliteRunStoreTest, SyncsTheLogAtEveryCommit) {
  const auto store = OpenSqliteRunStore(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  SQLite::Database other(path_);
  EXPECT_EQ(other.execAndGet("PRAGMA journal_mode").getString(), "wal");
  EXPECT_EQ(other.execAndGet("PRAGMA user_version").getInt(), SqliteSchemaVersion());
}

TEST_F(SqliteRunStoreTest, RefusesADatabaseOfANewerVersion) {
  {
    SQLite::Database database(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec(absl::StrCat("PRAGMA user_version = ", SqliteSchemaVersion() + 1));
  }
  const auto store = OpenSqliteRunStore(path_);
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(store.status().message(), "newer TinyJoule")) << store.status();
}

TEST_F(SqliteRunStoreTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(path_) << std::string(4096, 'x');
  EXPECT_EQ(OpenSqliteRunStore(path_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteRunStoreTest, AMigrationThatFailsLeavesTheOldVersion) {
  {
    SQLite::Database database(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    // In the way of the first migration's last table.
    database.exec("CREATE TABLE artifact_references (x)");
  }
  EXPECT_FALSE(OpenSqliteRunStore(path_).ok());
  SQLite::Database database(path_);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 0);
  EXPECT_FALSE(database.tableExists("sweeps"));
}

// 0 when a commit that does not fit is refused and the reads go on. RLIMIT_FSIZE makes write() fail
// as a full disk does; it cannot be taken back, so this runs in a child.
int CommitWithoutSpace(const std::string& path) {
  auto store = OpenSqliteRunStore(path);
  WriteBatch small;
  small.sweeps = {MakeSweep("s1")};
  if (!store.ok() || !(*store)->Commit(small).ok()) return 1;
  signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{200'000, 200'000};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
  WriteBatch large;
  large.sweeps = {MakeSweep("s2")};
  large.sweeps[0].spec.set_name(std::string(1'000'000, 'x'));
  const absl::Status status = (*store)->Commit(large).status();
  if (!absl::IsResourceExhausted(status) && !absl::IsDataLoss(status)) return 3;
  const auto sweeps = (*store)->reads().ListSweeps();
  return sweeps.ok() && sweeps->size() == 1 ? 0 : 4;
}

TEST_F(SqliteRunStoreTest, ADiskThatTakesNoMoreIsSaidAndReadsGoOn) {
  EXPECT_EXIT(_exit(CommitWithoutSpace(path_)), testing::ExitedWithCode(0), "");
  const auto store = OpenSqliteRunStore(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->reads().ListSweeps()->size(), 1u);
}

TEST_F(SqliteRunStoreTest, ADamagedPayloadIsFoundByItsChecksum) {
  auto store = OpenSqliteRunStore(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  WriteBatch batch;
  batch.sweeps = {MakeSweep("s1")};
  ASSERT_TRUE((*store)->Commit(batch).ok());
  SQLite::Database other(path_, SQLite::OPEN_READWRITE);
  other.exec(
      "INSERT INTO chunks (run_id, attempt, stream, sequence, crc32c, payload) "
      "VALUES ('r', 1, 1, 0, 12345, x'00')");
  const absl::Status status = (*store)->reads().ReadChunks(
      {"r", 1}, v1::CHUNK_STREAM_SAMPLES, [](const v1::Chunk&) { return absl::OkStatus(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(status.message(), "r/1 CHUNK_STREAM_SAMPLES 0")) << status;
}

}  // namespace
}  // namespace tinyjoule

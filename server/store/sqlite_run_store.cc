// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/sqlite_run_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/store/sqlite_batch_writer.h"
#include "server/store/sqlite_connection.h"
#include "server/store/sqlite_run_reader.h"
#include "server/store/sqlite_schema.h"

namespace tinyjoule {
namespace {

class SqliteRunStore final : public RunStore {
 public:
  SqliteRunStore(std::string path, std::unique_ptr<SqliteConnection> connection)
      : path_(std::move(path)), connection_(std::move(connection)), reader_(*connection_) {}

  RunReader& reads() override { return reader_; }

  absl::StatusOr<CommitReport> Commit(const WriteBatch& batch) override {
    if (!broken_.ok()) return broken_;
    auto report =
        GuardSqlite(absl::StrCat("write to ", path_), [&]() -> absl::StatusOr<CommitReport> {
          // Rolls back when an exception passes.
          SQLite::Transaction transaction(connection_->database());
          CommitReport written = WriteSqliteBatch(*connection_, batch);
          transaction.commit();
          return written;
        });
    // After a failed sync nobody knows what the disk holds: writing on could acknowledge data that
    // is not there. Opening the store again recovers from the log.
    if (absl::IsDataLoss(report.status())) {
      broken_ = Annotate(report.status(), "the store stopped after a disk error; restart");
    }
    return report;
  }

  absl::StatusOr<std::unique_ptr<RunReader>> OpenSnapshot() override {
    return OpenSqliteSnapshot(path_);
  }

 private:
  const std::string path_;
  const std::unique_ptr<SqliteConnection> connection_;
  SqliteRunReader reader_;
  absl::Status broken_;
};

// Durability: WAL with synchronous FULL syncs the log at every commit.
absl::Status Configure(SqliteConnection& connection) {
  return GuardSqlite("configure the database", [&]() -> absl::Status {
    SQLite::Database& database = connection.database();
    database.execAndGet("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA foreign_keys = ON");
    database.execAndGet("PRAGMA journal_size_limit = 67108864");
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunStore>> OpenSqliteRunStore(const std::string& path) {
  return GuardSqlite(
      absl::StrCat("open ", path), [&]() -> absl::StatusOr<std::unique_ptr<RunStore>> {
        auto connection =
            std::make_unique<SqliteConnection>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        TJ_RETURN_IF_ERROR(Configure(*connection));
        TJ_RETURN_IF_ERROR(MigrateSqlite(*connection));
        return std::make_unique<SqliteRunStore>(path, std::move(connection));
      });
}

}  // namespace tinyjoule

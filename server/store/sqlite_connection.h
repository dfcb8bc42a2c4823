// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORE_SQLITE_CONNECTION_H_
#define SERVER_STORE_SQLITE_CONNECTION_H_

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"

namespace tinyjoule {

// SQLite's error as a status: full disk is ResourceExhausted; input/output errors and broken files
// are DataLoss; a violated reference is FailedPrecondition.
absl::Status SqliteStatus(const SQLite::Exception& error, absl::string_view what);

// A prepared statement in use; reset at the end of the scope, so that no read transaction is left
// open behind it.
class ScopedStatement {
 public:
  explicit ScopedStatement(SQLite::Statement& statement) : statement_(statement) {}
  // tryReset: reset() would throw the error of the last step once more.
  ~ScopedStatement() { statement_.tryReset(); }
  ScopedStatement(const ScopedStatement&) = delete;
  ScopedStatement& operator=(const ScopedStatement&) = delete;
  // NOLINTNEXTLINE(google-explicit-constructor): stands for the statement wherever one is taken.
  operator SQLite::Statement&() const { return statement_; }
  SQLite::Statement* operator->() const { return &statement_; }

 private:
  SQLite::Statement& statement_;
};

// One connection and its prepared statements. Used on one sequence. Its methods throw
// SQLite::Exception; callers stand inside GuardSqlite.
class SqliteConnection {
 public:
  SqliteConnection(const std::string& path, int flags);

  // The statement for `sql`, prepared once, reset and without bindings. `sql` is a literal; a
  // statement is used by one scope at a time.
  ScopedStatement Prepare(const char* sql);
  SQLite::Database& database() { return database_; }

 private:
  SQLite::Database database_;
  std::unordered_map<const char*, SQLite::Statement> statements_;
};

// Runs `body` (returning a Status or StatusOr) with exceptions turned into `what`'s status.
template <typename Body>
auto GuardSqlite(absl::string_view what, const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const SQLite::Exception& error) {
    return SqliteStatus(error, what);
  }
}

// Binds values to parameters 1, 2, ... Blobs and texts are borrowed until the statement ran.
class Binder {
 public:
  explicit Binder(SQLite::Statement& statement) : statement_(statement) {}
  Binder& Text(const std::string& text);
  // NULL when the text is empty.
  Binder& TextOrNull(const std::string& text);
  Binder& Integer(int64_t value);
  Binder& Blob(const std::string& bytes);
  // Serialized; the copy is SQLite's.
  Binder& Proto(const google::protobuf::MessageLite& message);

 private:
  SQLite::Statement& statement_;
  int next_ = 1;
};

// Column as bytes; NULL gives an empty string.
std::string BlobColumn(SQLite::Statement& statement, int column);
// DataLoss when the bytes are not such a message.
absl::Status ProtoColumn(SQLite::Statement& statement, int column,
                         google::protobuf::MessageLite& message);

}  // namespace tinyjoule

#endif  // SERVER_STORE_SQLITE_CONNECTION_H_

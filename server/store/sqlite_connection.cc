// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/store/sqlite_connection.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

constexpr int kBusyTimeoutMs = 5000;

absl::StatusCode CodeOfSqlite(int primary_code) {
  switch (primary_code) {
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status SqliteStatus(const SQLite::Exception& error, absl::string_view what) {
  return absl::Status(CodeOfSqlite(error.getErrorCode() & 0xff),
                      absl::StrCat(what, ": ", error.what()));
}

SqliteConnection::SqliteConnection(const std::string& path, int flags)
    : database_(path, flags, kBusyTimeoutMs) {}

ScopedStatement SqliteConnection::Prepare(const char* sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    found = statements_.emplace(sql, SQLite::Statement(database_, sql)).first;
  }
  found->second.tryReset();
  found->second.clearBindings();
  return ScopedStatement(found->second);
}

Binder& Binder::Text(const std::string& text) {
  statement_.bindNoCopy(next_++, text);
  return *this;
}

Binder& Binder::TextOrNull(const std::string& text) {
  if (!text.empty()) return Text(text);
  statement_.bind(next_++);
  return *this;
}

Binder& Binder::Integer(int64_t value) {
  statement_.bind(next_++, value);
  return *this;
}

Binder& Binder::Blob(const std::string& bytes) {
  statement_.bindNoCopy(next_++, static_cast<const void*>(bytes.data()),
                        static_cast<int>(bytes.size()));
  return *this;
}

Binder& Binder::Proto(const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  statement_.bind(next_++, static_cast<const void*>(bytes.data()), static_cast<int>(bytes.size()));
  return *this;
}

std::string BlobColumn(SQLite::Statement& statement, int column) {
  const SQLite::Column value = statement.getColumn(column);
  const int size = value.getBytes();
  return size == 0 ? std::string() : std::string(static_cast<const char*>(value.getBlob()), size);
}

absl::Status ProtoColumn(SQLite::Statement& statement, int column,
                         google::protobuf::MessageLite& message) {
  const SQLite::Column value = statement.getColumn(column);
  if (message.ParseFromArray(value.getBlob(), value.getBytes())) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the database holds a broken ", message.GetTypeName(),
                                          " in column ", statement.getColumnName(column)));
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORE_SQLITE_SCHEMA_H_
#define SERVER_STORE_SQLITE_SCHEMA_H_

#include "absl/status/status.h"
#include "server/store/sqlite_connection.h"

namespace tinyjoule {

// The schema's version of this program (SQLite's user_version).
int SqliteSchemaVersion();

// Brings the database from whatever older version it has to this one, forward only, each step in a
// transaction of its own. FailedPrecondition when the database is newer than the program.
absl::Status MigrateSqlite(SqliteConnection& connection);

}  // namespace tinyjoule

#endif  // SERVER_STORE_SQLITE_SCHEMA_H_

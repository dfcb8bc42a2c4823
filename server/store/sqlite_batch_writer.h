// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORE_SQLITE_BATCH_WRITER_H_
#define SERVER_STORE_SQLITE_BATCH_WRITER_H_

#include "server/core/run_store.h"
#include "server/store/sqlite_connection.h"

namespace tinyjoule {

// Writes the records of one batch, in the order of the references between them. Inside a
// transaction of the caller's; throws SQLite::Exception.
CommitReport WriteSqliteBatch(SqliteConnection& connection, const WriteBatch& batch);

}  // namespace tinyjoule

#endif  // SERVER_STORE_SQLITE_BATCH_WRITER_H_

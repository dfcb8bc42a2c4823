// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORE_SQLITE_RUN_STORE_H_
#define SERVER_STORE_SQLITE_RUN_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/core/run_store.h"

namespace tinyjoule {

// Opens, or creates, the SQLite database at `path` (WAL, synchronous FULL) and brings it to this
// program's schema. FailedPrecondition: a newer TinyJoule wrote it. DataLoss: not a database.
absl::StatusOr<std::unique_ptr<RunStore>> OpenSqliteRunStore(const std::string& path);

}  // namespace tinyjoule

#endif  // SERVER_STORE_SQLITE_RUN_STORE_H_

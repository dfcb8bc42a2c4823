// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_RPC_SWEEP_EXPORT_H_
#define SERVER_RPC_SWEEP_EXPORT_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/core/run_store.h"
#include "tinyjoule/v1/run_service.pb.h"

namespace tinyjoule {

// Takes the next bytes of the named file; files come one after another.
using ExportWriter =
    std::function<absl::Status(absl::string_view file_name, absl::string_view bytes)>;

// Writes the asked tables of a sweep, and their datapackage.json, row after row from the store: no
// table is ever whole in memory. A pure function of the store. `request` has passed its check and
// `sweep_id` is an id. Blocks; any thread.
[[nodiscard]] absl::Status ExportSweepTables(const v1::ExportSweepRequest& request,
                                             const std::string& sweep_id, RunReader& reader,
                                             const ExportWriter& write);

}  // namespace tinyjoule

#endif  // SERVER_RPC_SWEEP_EXPORT_H_

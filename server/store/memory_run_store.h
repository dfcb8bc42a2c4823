// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_STORE_MEMORY_RUN_STORE_H_
#define SERVER_STORE_MEMORY_RUN_STORE_H_

#include <memory>

#include "server/core/run_store.h"

namespace tinyjoule {

// A RunStore without a disk: everything is gone with it. For tests and for trying things out.
std::unique_ptr<RunStore> MakeMemoryRunStore();

}  // namespace tinyjoule

#endif  // SERVER_STORE_MEMORY_RUN_STORE_H_

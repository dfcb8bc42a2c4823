// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_CHECK_PRUNE_H_
#define COMMON_CONFIG_CHECK_PRUNE_H_

#include <set>
#include <string>

#include "common/config/sweep_check.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// One prune step. `swept`: its keys whose values come from the variant's parameters.
void CheckPrune(const v1::PruneStep& prune, const std::set<std::string>& swept,
                const std::string& path, CheckReport& report);

// Why the step makes no sense for a network, or for the stored points of a tinyknn; else empty.
std::string PruneRefusedByNetwork(const v1::PruneStep& prune);
std::string PruneRefusedByKnn(const v1::PruneStep& prune);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_CHECK_PRUNE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_CHECK_DISTILL_H_
#define COMMON_CONFIG_CHECK_DISTILL_H_

#include <string>

#include "common/config/sweep_check.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

void ApplyDistillDefaults(v1::DistillStep& distill);

// One step on its own.
void CheckDistill(const v1::DistillStep& distill, const std::string& path, CheckReport& report);
void CheckCluster(const v1::ClusterStep& cluster, const std::string& path, CheckReport& report);

// The two models of a distillation in a trial of `model`, complete.
v1::ModelSpec TeacherOf(const v1::DistillStep& distill, const v1::ModelSpec& model);
v1::ModelSpec StudentOf(const v1::DistillStep& distill, const v1::ModelSpec& model);

// Why the step makes no sense for a trial of `model`; else empty.
std::string DistillRefused(const v1::DistillStep& distill, const v1::ModelSpec& model);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_CHECK_DISTILL_H_

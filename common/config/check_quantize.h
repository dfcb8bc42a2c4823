// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_CHECK_QUANTIZE_H_
#define COMMON_CONFIG_CHECK_QUANTIZE_H_

#include <string>

#include "common/config/sweep_check.h"
#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// What the keys of the mode that the step names add to it.
void ApplyQuantizeDefaults(v1::QuantizeStep& quantize);

// A quantize step on its own. `path` is where it stands.
void CheckQuantize(const v1::QuantizeStep& quantize, const std::string& path, CheckReport& report);

// Why this step cannot be done to a tinyknn, whose parameters are its stored points; else empty.
std::string QuantizeRefusedByKnn(const v1::QuantizeStep& quantize);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_CHECK_QUANTIZE_H_

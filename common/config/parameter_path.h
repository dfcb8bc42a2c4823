// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_PARAMETER_PATH_H_
#define COMMON_CONFIG_PARAMETER_PATH_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/struct.pb.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// Sets one swept parameter, such as "train.lr", "model.kernel", "dataset.context" or
// "compress.0.prune.sparsity", in a trial. InvalidArgument, in words for the user, when there is no
// such path or the value does not fit.
absl::Status ApplyParameter(const std::string& path, const google::protobuf::Value& value,
                            v1::TrialSpec& trial);

// "sparsity=0.4 lr=0.01": the last part of each path with its value, in the order of the paths.
std::string ParametersText(const std::map<std::string, std::string>& parameters);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_PARAMETER_PATH_H_

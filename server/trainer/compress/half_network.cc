// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/half_network.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/half_float.h"
#include "server/trainer/compress/quantize.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {

absl::StatusOr<HalfNetwork> RoundToHalf(const Network& network) {
  TJ_ASSIGN_OR_RETURN(Network rounded, PrepareToQuantize(network));
  for (Layer& layer : rounded.layers) {
    for (std::vector<float>* parameters : {&layer.weight, &layer.bias}) {
      for (float& value : *parameters) {
        const float half = static_cast<float>(HalfFloat(value));
        if (!std::isfinite(half)) {
          return absl::InvalidArgumentError(
              absl::StrCat("float16: layer '", layer.name, "' has a parameter of ", value,
                           "; the largest number of 16 bits is ", kLargestHalf));
        }
        value = half;
      }
    }
  }
  return HalfNetwork{std::move(rounded)};
}

std::vector<float> Predict(const HalfNetwork& network, absl::Span<const float> samples) {
  return Predict(network.network, samples);
}

}  // namespace tinyjoule

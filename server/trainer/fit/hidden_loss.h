// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_FIT_HIDDEN_LOSS_H_
#define SERVER_TRAINER_FIT_HIDDEN_LOSS_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace tinyjoule {

// A batch of what one layer gives: values are [value][lane], lanes beyond the rows are unused.
struct HiddenBatch {
  int64_t value_count = 0;
  int64_t lanes = 0;
  const float* values = nullptr;
  absl::Span<const uint32_t> rows;
};

// A loss that training adds to that of the outputs, on what a hidden layer gives. Not thread-safe.
//
//   1. Compute() with each batch of a step.
//   2. Update() behind it, together with the step of the network's parameters.
class HiddenLoss {
 public:
  virtual ~HiddenLoss() = default;
  // The index of the layer.
  virtual size_t layer() const = 0;
  // Sum of the rows' losses. Fills `gradient` [value][lane] with the derivative of their mean;
  // unused lanes are zero.
  virtual double Compute(const HiddenBatch& batch, float* gradient) = 0;
  // Learns parameters of its own, if it has some, from the last batch.
  virtual void Update() {}
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_FIT_HIDDEN_LOSS_H_

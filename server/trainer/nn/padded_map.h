// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_NN_PADDED_MAP_H_
#define SERVER_TRAINER_NN_PADDED_MAP_H_

#include <cstdint>
#include <vector>

#include "server/trainer/nn/network.h"

namespace tinyjoule {

// A batch of feature maps as [channel][row][column][lane] with a border of zeros around rows and
// columns, so that a convolution reads shifted rows of it without a copy. The border is zero from
// construction on; users write the inside only.
class PaddedMap {
 public:
  PaddedMap() = default;
  PaddedMap(const FeatureMap& shape, int64_t border_rows, int64_t border_columns, int64_t lanes)
      : shape_(shape),
        lanes_(lanes),
        row_stride_((shape.width + 2 * border_columns) * lanes),
        channel_stride_((shape.height + 2 * border_rows) * row_stride_),
        inside_(border_rows * row_stride_ + border_columns * lanes),
        values_(static_cast<size_t>(shape.channels * channel_stride_)) {}

  const FeatureMap& shape() const { return shape_; }
  int64_t row_stride() const { return row_stride_; }
  int64_t channel_stride() const { return channel_stride_; }
  // Values in one row of one channel, without the border.
  int64_t row_length() const { return shape_.width * lanes_; }
  int64_t rows() const { return shape_.channels * shape_.height; }

  // The corner of the border: where the window of the first output starts.
  float* corner() { return values_.data(); }
  const float* corner() const { return values_.data(); }
  // The inside of a row.
  float* Row(int64_t channel, int64_t row) {
    return values_.data() + inside_ + channel * channel_stride_ + row * row_stride_;
  }
  const float* Row(int64_t channel, int64_t row) const {
    return values_.data() + inside_ + channel * channel_stride_ + row * row_stride_;
  }
  // The inside of the index-th row of all channels.
  float* Row(int64_t index) { return Row(index / shape_.height, index % shape_.height); }
  const float* Row(int64_t index) const {
    return Row(index / shape_.height, index % shape_.height);
  }

 private:
  FeatureMap shape_;
  int64_t lanes_ = 0;
  int64_t row_stride_ = 0;
  int64_t channel_stride_ = 0;
  int64_t inside_ = 0;
  std::vector<float> values_;
};

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_NN_PADDED_MAP_H_

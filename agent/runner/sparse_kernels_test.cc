// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/sparse_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace tinyjoule {
namespace {

class SparseKernelsTest : public testing::TestWithParam<const SparseKernels*> {
 protected:
  // Rows of 0 to 40 weights, so that every number of them modulo the kernels' steps occurs.
  SparseKernelsTest() : in_(300 + kSparseReadAhead, NAN) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> value(-1, 1);
    for (size_t i = 0; i < 300; ++i) in_[i] = value(random);
    starts_ = {0};
    for (uint32_t row = 0; row <= 40; ++row) {
      for (uint32_t k = 0; k < row; ++k) {
        places_.push_back(static_cast<uint32_t>(random() % 150));
        values_.push_back(value(random));
      }
      starts_.push_back(static_cast<uint32_t>(values_.size()));
      bias_.push_back(value(random));
    }
  }

  SparseRows Rows(float low, float high) const {
    return {41, starts_.data(), places_.data(), values_.data(), bias_.data(), low, high};
  }

  float Expected(size_t row, int64_t position, float low, float high) const {
    double sum = bias_[row];
    for (uint32_t k = starts_[row]; k < starts_[row + 1]; ++k) {
      sum += static_cast<double>(values_[k]) * in_[places_[k] + static_cast<size_t>(position)];
    }
    return std::min(std::max(static_cast<float>(sum), low), high);
  }

  // Not numbers behind what may be used: they must not reach a result.
  std::vector<float> in_;
  std::vector<uint32_t> starts_;
  std::vector<uint32_t> places_;
  std::vector<float> values_;
  std::vector<float> bias_;
};

TEST_P(SparseKernelsTest, MultiplyIsTheSumOfItsProducts) {
  if (GetParam() == nullptr) GTEST_SKIP() << "not on this processor";
  std::vector<float> out(41);
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float low : {-infinity, 0.0F}) {
    GetParam()->multiply(Rows(low, 0.8F), in_.data(), out.data());
    for (size_t row = 0; row < out.size(); ++row) {
      EXPECT_NEAR(out[row], Expected(row, 0, low, 0.8F), 1e-5) << row;
    }
  }
}

TEST_P(SparseKernelsTest, ConvolveIsTheSameAtEveryPosition) {
  if (GetParam() == nullptr) GTEST_SKIP() << "not on this processor";
  for (int64_t count = 1; count <= 150; ++count) {
    const int64_t stride = count + 1;
    std::vector<float> out(static_cast<size_t>(41 * stride), 7.0F);
    GetParam()->convolve(Rows(-0.5F, 0.8F), in_.data(), count, out.data(), stride);
    for (size_t row = 0; row < 41; ++row) {
      const float* const results = out.data() + row * static_cast<size_t>(stride);
      for (int64_t p = 0; p < count; ++p) {
        ASSERT_NEAR(results[p], Expected(row, p, -0.5F, 0.8F), 1e-5) << row << " " << p;
      }
      ASSERT_EQ(results[count], 7.0F) << "written behind the end of row " << row;
    }
  }
}

TEST_P(SparseKernelsTest, TransposeMovesEveryElementAndNoOther) {
  if (GetParam() == nullptr) GTEST_SKIP() << "not on this processor";
  for (const int64_t rows : {1, 3, 4, 5, 9}) {
    for (const int64_t columns : {1, 2, 4, 7, 12}) {
      std::vector<float> in(static_cast<size_t>(rows * (columns + 2)), NAN);
      std::vector<float> out(static_cast<size_t>(columns * (rows + 1)), -1);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) {
          in[static_cast<size_t>(r * (columns + 2) + c)] = static_cast<float>(100 * r + c);
        }
      }
      GetParam()->transpose(in.data(), rows, columns, columns + 2, out.data(), rows + 1);
      for (int64_t c = 0; c < columns; ++c) {
        const float* const row = out.data() + c * (rows + 1);
        for (int64_t r = 0; r < rows; ++r) EXPECT_EQ(row[r], static_cast<float>(100 * r + c));
        EXPECT_EQ(row[rows], -1);
      }
    }
  }
}

std::string NameOf(const testing::TestParamInfo<const SparseKernels*>& info) {
  return std::vector<std::string>{"avx512", "avx2", "baseline"}[info.index];
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, SparseKernelsTest,
                         testing::Values(Avx512SparseKernels(), Avx2SparseKernels(),
                                         &BaselineSparseKernels()),
                         NameOf);

}  // namespace
}  // namespace tinyjoule

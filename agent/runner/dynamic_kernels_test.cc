// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/dynamic_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace tinyjoule {
namespace {

// Against one loop for each output, in whole numbers. What makes a value of a sum is written in the
// kernels' order, so that all bits must be the same.
class DynamicKernelsTest : public testing::TestWithParam<const DynamicKernels*> {
 protected:
  struct Shape {
    int64_t outputs = 1;
    int64_t kernel_rows = 1;
    int64_t taps = 1;
    int64_t places = 1;
  };

  // -128 too, on both sides: the largest product.
  int8_t Byte() { return static_cast<int8_t>(random_() % 3 == 0 ? -128 : random_() % 256 - 128); }

  void Expect(const Shape& shape, bool depthwise) {
    const int64_t outputs = shape.outputs;
    const int64_t lanes = (outputs + kDynamicLanes - 1) / kDynamicLanes * kDynamicLanes;
    const int64_t pairs = (shape.taps + 1) / 2;
    const int64_t run = depthwise ? shape.taps * outputs : shape.taps;
    const int64_t row_step = run + 3 * shape.places;
    std::vector<int16_t> in(static_cast<size_t>(shape.kernel_rows * row_step + kDynamicReadAhead));
    for (int16_t& step : in) step = Byte();
    std::vector<int8_t> weights(static_cast<size_t>(shape.kernel_rows * pairs * lanes * 2));
    std::vector<int32_t> weight_sums(static_cast<size_t>(lanes));
    const auto weight = [&](int64_t row, int64_t tap, int64_t output) -> int8_t& {
      return weights[static_cast<size_t>(((row * pairs + tap / 2) * lanes + output) * 2 + tap % 2)];
    };
    for (int64_t row = 0; row < shape.kernel_rows; ++row) {
      for (int64_t tap = 0; tap < shape.taps; ++tap) {
        for (int64_t output = 0; output < outputs; ++output) {
          weight(row, tap, output) = Byte();
          weight_sums[static_cast<size_t>(output)] += weight(row, tap, output);
        }
      }
    }
    std::vector<float> scales(static_cast<size_t>(lanes), 0.013F);
    std::vector<float> bias(static_cast<size_t>(lanes), -0.7F);
    const DynamicLayer layer{outputs,       lanes,       shape.kernel_rows,  run,  weights.data(),
                             scales.data(), bias.data(), weight_sums.data(), -500, 600};
    const DynamicPlaces places{in.data(), shape.places, 3, row_step, {0.37F, -11}};
    std::vector<float> out(static_cast<size_t>(shape.places * outputs + 1), 1234);
    (depthwise ? GetParam()->depthwise : GetParam()->dense)(layer, places, out.data());

    for (int64_t place = 0; place < shape.places; ++place) {
      for (int64_t output = 0; output < outputs; ++output) {
        int32_t sum = 0;
        for (int64_t row = 0; row < shape.kernel_rows; ++row) {
          for (int64_t tap = 0; tap < shape.taps; ++tap) {
            const int64_t at =
                place * 3 + row * row_step + (depthwise ? tap * outputs + output : tap);
            sum += (in[static_cast<size_t>(at)] + 11) * weight(row, tap, output);
          }
        }
        const float value = 0.013F * 0.37F * static_cast<float>(sum) + -0.7F;
        ASSERT_EQ(out[static_cast<size_t>(place * outputs + output)],
                  std::min(std::max(value, -500.0F), 600.0F))
            << "place " << place << ", output " << output << " of " << outputs << ", "
            << shape.kernel_rows << " x " << shape.taps << " taps";
      }
    }
    // Nothing is written behind the last.
    EXPECT_EQ(out.back(), 1234);
  }

  std::mt19937 random_{1};
};

TEST_P(DynamicKernelsTest, DenseIsTheSumOfItsProducts) {
  for (const int64_t outputs : {1, 3, 4, 7, 8, 9, 12, 16, 17, 40}) {
    for (const int64_t taps : {1, 2, 3, 8, 25}) {
      for (const int64_t places : {1, 3, 4, 5, 9}) Expect({outputs, 3, taps, places}, false);
    }
  }
}

TEST_P(DynamicKernelsTest, DepthwiseIsTheSumOfItsProducts) {
  for (const int64_t outputs : {1, 3, 4, 7, 8, 9, 16, 21}) {
    for (const int64_t taps : {1, 2, 3, 4, 5}) Expect({outputs, 3, taps, 6}, true);
  }
}

TEST_P(DynamicKernelsTest, StepsAreOnnxs) {
  std::uniform_real_distribution<float> uniform(-3, 5);
  for (const int64_t size : {1, 7, 8, 9, 31, 64}) {
    std::vector<float> values(static_cast<size_t>(size));
    for (float& value : values) value = uniform(random_);
    const DynamicSteps steps = GetParam()->find_steps(values.data(), size);
    // The range has 0 in it.
    const float low = std::min(0.0F, *std::min_element(values.begin(), values.end()));
    const float high = std::max(0.0F, *std::max_element(values.begin(), values.end()));
    EXPECT_EQ(steps.scale, (high - low) / 255);
    EXPECT_EQ(steps.zero_point, std::nearbyint(-low / steps.scale) - 128);
    std::vector<int8_t> rounded(values.size());
    GetParam()->round(values.data(), size, steps, rounded.data());
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(rounded[i], std::clamp(std::nearbyint(values[i] / steps.scale) +
                                           static_cast<float>(steps.zero_point),
                                       -128.0F, 127.0F));
    }
  }
}

// DynamicQuantizeLinear leaves open what a range of nothing is: a zero is a zero again.
TEST_P(DynamicKernelsTest, NothingHasStepsOfOne) {
  const std::vector<float> zeros(9);
  const DynamicSteps steps = GetParam()->find_steps(zeros.data(), 9);
  EXPECT_EQ(steps.scale, 1);
  EXPECT_EQ(steps.zero_point, -128);
}

std::vector<const DynamicKernels*> Runnable() {
  std::vector<const DynamicKernels*> kernels = {&BaselineDynamicKernels()};
  if (const DynamicKernels* avx2 = Avx2DynamicKernels()) kernels.push_back(avx2);
  return kernels;
}

std::string NameOf(const testing::TestParamInfo<const DynamicKernels*>& param) {
  return param.param->name;
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, DynamicKernelsTest, testing::ValuesIn(Runnable()),
                         NameOf);

}  // namespace
}  // namespace tinyjoule

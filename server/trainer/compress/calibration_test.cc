// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "server/trainer/compress/quantize.h"
#include "server/trainer/nn/network_builder.h"

namespace tinyjoule {
namespace {

// One input, one hidden unit, one output: the output is the positive part of `gain` x the sample.
Network PositivePart(float gain = 1) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYMLP);
  spec.add_hidden(1);
  Network network = *BuildNetwork(spec, {1, 1}, 1);
  network.layers[0].weight = {gain};
  network.layers[2].weight = {1};
  return network;
}

TEST(CalibrationSamplesTest, HoldsTheExtremesOfTheOutput) {
  const std::vector<float> samples = {3, 1, 100, 2, 0, 5, 4};
  EXPECT_THAT(CalibrationSamples(PositivePart(), samples, 3), testing::ElementsAre(0, 3, 100));
  EXPECT_EQ(CalibrationSamples(PositivePart(), samples, 7).size(), 7U);
  EXPECT_EQ(CalibrationSamples(PositivePart(), samples, 70).size(), 7U);
}

TEST(CalibrationTest, HasTheValuesBehindTheRelu) {
  const std::vector<float> samples = {-2, 3};
  const Network network = PositivePart(10);
  const Calibration calibration(network, samples);
  EXPECT_THAT(calibration.Values(0), testing::ElementsAre(-2, 3));
  EXPECT_THAT(calibration.Values(1), testing::ElementsAre(0, 30));
  EXPECT_THAT(calibration.Values(2), testing::IsEmpty()) << "the ReLU keeps the steps";
  EXPECT_THAT(calibration.Values(3), testing::ElementsAre(0, 30));
}

// Uniform values over a range of 255 steps d: mean square (127.5 d)^2 / 3 against d^2 / 12, which
// is 10 log10(255^2) = 48.13 dB; only the positive half behind the ReLU, over 255 steps of its own,
// four times the signal.
TEST(CalibrationReportTest, SignalToNoiseOfUniformValues) {
  std::vector<float> samples;
  for (int i = 0; i <= 40'000; ++i) samples.push_back(static_cast<float>(i) / 20'000 - 1);
  QuantizeOptions options;
  options.observer.kind = v1::OBSERVER_MIN_MAX;
  const QuantizedNetwork quantized = *QuantizeNetwork(PositivePart(), samples, options);
  ASSERT_EQ(quantized.calibration.size(), 3U);
  const v1::LayerCalibration& input = quantized.calibration[0];
  EXPECT_EQ(input.layer(), "input");
  EXPECT_EQ(input.observed_low(), -1);
  EXPECT_EQ(input.observed_high(), 1);
  // 0 is a step: the range is moved by half of one.
  EXPECT_NEAR(input.range_low(), -1, 0.5 * 2 / 255 + 1e-6);
  EXPECT_NEAR(input.range_high() - input.range_low(), 2, 1e-6);
  EXPECT_EQ(input.clipped(), 0);
  EXPECT_NEAR(input.output_sqnr_db(), 48.13, 0.02);
  EXPECT_FALSE(input.has_weight_sqnr_db());
  const v1::LayerCalibration& hidden = quantized.calibration[1];
  EXPECT_EQ(hidden.layer(), "dense1");
  EXPECT_EQ(hidden.observed_low(), 0);
  EXPECT_EQ(hidden.range_low(), 0);
  EXPECT_NEAR(hidden.range_high(), 1, 1e-6);
  // Zeros, half of the values, add neither signal nor noise.
  EXPECT_NEAR(hidden.output_sqnr_db(), 48.13 + 6.02, 0.02);
  EXPECT_FALSE(hidden.has_weight_sqnr_db()) << "a weight that is exact has no noise";
}

TEST(CalibrationReportTest, CountsWhatIsClipped) {
  std::vector<float> samples;
  for (int i = 1; i <= 1000; ++i) samples.push_back(static_cast<float>(i));
  QuantizeOptions options;
  options.observer = {v1::OBSERVER_PERCENTILE, 90};
  const QuantizedNetwork quantized = *QuantizeNetwork(PositivePart(), samples, options);
  // The highest 5 % of 1 to 1,000: above 950.05; half a step of 950.05 / 255 is 1.86, so that 951
  // is rounded as others are.
  EXPECT_NEAR(quantized.calibration[1].range_high(), 950.05, 1e-3);
  EXPECT_DOUBLE_EQ(quantized.calibration[1].clipped(), 0.049);
  EXPECT_EQ(quantized.calibration[2].layer(), "output");
  EXPECT_EQ(quantized.calibration[2].clipped(), 0) << "the output keeps its range";
}

// Calibrated on 1 to 100, a step is 100 / 255: 101 to 200 saturate, input and result alike.
TEST(CalibrationReportTest, CountsWhatRowsThatItHasNotSeenClip) {
  std::vector<float> samples;
  for (int i = 1; i <= 200; ++i) samples.push_back(static_cast<float>(i));
  const auto seen = absl::MakeConstSpan(samples).first(100);
  QuantizeOptions options;
  options.observer.kind = v1::OBSERVER_MIN_MAX;
  const QuantizedNetwork quantized = *QuantizeNetwork(PositivePart(), seen, options);
  EXPECT_EQ(ClippedShares(quantized, seen), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(ClippedShares(quantized, samples), (std::vector<double>{0.5, 0.5, 0.5}));
}

// Weights 1 and 0.3 in steps of 1 / 127: 0.3 x 127 = 38.1, so that 0.1 / 127 is lost of 1.09 in
// squares.
TEST(CalibrationReportTest, SignalToNoiseOfWeights) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYMLP);
  spec.add_hidden(1);
  Network network = *BuildNetwork(spec, {1, 2}, 1);
  network.layers[0].weight = {1, 0.3F};
  network.layers[2].weight = {1};
  const QuantizedNetwork quantized = *QuantizeNetwork(network, {1, 2, 3, 4});
  EXPECT_NEAR(quantized.calibration[1].weight_sqnr_db(),
              10 * std::log10(1.09 / (0.1 / 127 * 0.1 / 127)), 0.01);
}

}  // namespace
}  // namespace tinyjoule

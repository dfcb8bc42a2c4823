// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/fit/fake_quantization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "server/trainer/fit/native_engine.h"
#include "server/trainer/nn/network_builder.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

// y = w2 relu(w1 x + b1) + b2, one unit each.
Network TwoUnits(float w1, float w2) {
  v1::ModelSpec spec;
  spec.set_type(v1::MODEL_TYPE_TINYMLP);
  spec.add_hidden(1);
  Network network = *BuildNetwork(spec, {1, 1}, 1);
  network.layers[0].weight = {w1};
  network.layers[2].weight = {w2};
  return network;
}

// Everything in steps of 1/2, the hidden value in [0, 127.5], the output in [-64, 63.5].
FakeQuantization Halves() {
  FakeQuantization quantization;
  quantization.steps = {{0.5F, 0}, {0.5F, -128}, {0.5F, -128}, {0.5F, 0}};
  return quantization;
}

class StepTest : public testing::Test {
 protected:
  // One step on one row of the squared error; what the engine gave.
  std::vector<float> GradientsAt(const Network& network, float x, float y) {
    inputs_ = {x};
    targets_ = {y};
    EngineOptions options;
    options.loss.kind = v1::LOSS_MSE;
    options.batch_size = 1;
    options.fake_quantization = Halves();
    NativeEngine engine(network, {inputs_, targets_, {}}, options);
    EXPECT_TRUE(engine.Step({0}).ok());
    loss_ = *engine.TakeLossSum();
    return engine.gradients();
  }

  std::vector<float> inputs_;
  std::vector<float> targets_;
  double loss_ = 0;
};

// By hand: x = 3.2 is 3; 3 x 1 = 3; 3 x 2 = 6, against 5: the loss is 1, its derivative 2. A weight
// that is the largest of its channel is exact. Parameters: w1, b1, w2, b2.
TEST_F(StepTest, RoundsValuesAndLetsGradientsThrough) {
  EXPECT_THAT(GradientsAt(TwoUnits(1, 2), 3.2F, 5),
              ElementsAre(FloatEq(2 * 2 * 3), FloatEq(2 * 2), FloatEq(2 * 3), FloatEq(2)));
  EXPECT_FLOAT_EQ(static_cast<float>(loss_), 1);
}

// The hidden value 100 x 2 saturates at 127.5, and the output 127.5 x 0.25 = 31.875 is 32: nothing
// reaches the first layer.
TEST_F(StepTest, NothingPassesWhereAValueSaturates) {
  EXPECT_THAT(GradientsAt(TwoUnits(100, 0.25F), 2, 31),
              ElementsAre(0, 0, FloatEq(2 * 127.5F), FloatEq(2)));
}

TEST_F(StepTest, NothingPassesTheReluFromBelow) {
  EXPECT_THAT(GradientsAt(TwoUnits(-1, 2), 3, 1), ElementsAre(0, 0, 0, FloatEq(-2)));
}

// Two outputs with weights (1, 0.3) and (4, -1.1): steps of 1/127 and 4/127, or 4/127 for both.
TEST(FakeQuantizerTest, RoundsWeightsPerChannelOrPerLayer) {
  Network network;
  Layer layer;
  layer.kind = LayerKind::kLinear;
  layer.in = {2, 1, 1};
  layer.out = {2, 1, 1};
  layer.weight = {1, 0.3F, 4, -1.1F};
  layer.bias = {0.123F, 0};
  network.layers = {layer};
  NetworkPass pass(network, 1);
  FakeQuantization quantization;
  quantization.steps = {{1, 0}, {1, 0}};
  const std::vector<float> parameters = FlatParameters(network);
  FakeQuantizer channels(network, quantization, pass);
  // 0.3 x 127 = 38.1 and 1.1 x 127 / 4 = 34.9.
  EXPECT_THAT(channels.Rounded(parameters),
              ElementsAre(FloatEq(1), FloatEq(38 / 127.0F), FloatEq(4), FloatEq(-35 * 4 / 127.0F),
                          0.123F, 0));
  quantization.per_channel = false;
  FakeQuantizer layers(network, quantization, pass);
  // 127 / 4 = 31.75 and 0.3 x 127 / 4 = 9.53.
  EXPECT_THAT(layers.Rounded(parameters),
              ElementsAre(FloatEq(32 * 4 / 127.0F), FloatEq(10 * 4 / 127.0F), FloatEq(4),
                          FloatEq(-35 * 4 / 127.0F), 0.123F, 0));
}

}  // namespace
}  // namespace tinyjoule

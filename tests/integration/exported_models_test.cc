// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What the trainer predicts and exports, on the engines that a device has.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/runner/inference_engine.h"
#include "common/onnx/element_coding.h"
#include "server/trainer/compress/dynamic_network.h"
#include "server/trainer/compress/half_network.h"
#include "server/trainer/compress/quantize.h"
#include "server/trainer/compress/trained_model.h"
#include "server/trainer/export/network_onnx.h"
#include "server/trainer/nn/network_builder.h"

namespace tinyjoule {
namespace {

constexpr int64_t kRows = 60;

struct Layout {
  const char* name;
  v1::ModelType type;
  v1::Pooling pooling;
  std::vector<int64_t> data_shape;

  friend std::ostream& operator<<(std::ostream& out, const Layout& layout) {
    return out << layout.name;
  }
};

class ExportedModelTest : public testing::TestWithParam<std::tuple<v1::Engine, Layout>> {
 protected:
  void SetUp() override {
    const Layout& layout = std::get<1>(GetParam());
    v1::ModelSpec spec;
    spec.set_type(layout.type);
    spec.set_pooling(layout.pooling);
    network_ = *BuildNetwork(spec, layout.data_shape, 3);
    SeededRandom random(5);
    InitializeParameters(random, network_);
    samples_.resize(static_cast<size_t>(kRows * network_.SampleSize()));
    for (float& value : samples_) value = 4 * UniformFloat(random) - 2;
  }

  // What the engine gives for all samples, one by one, in real numbers.
  std::vector<float> OnDevice(const TrainedModel& model) {
    const auto engine = MakeEngine(std::get<0>(GetParam()), 1, ExportModel(model));
    EXPECT_TRUE(engine.ok()) << engine.status();
    if (!engine.ok()) return {};
    const size_t size = static_cast<size_t>(network_.SampleSize());
    const size_t width = static_cast<size_t>(network_.OutputCount());
    std::vector<float> row(size), result(width), outputs(static_cast<size_t>(kRows) * width);
    for (size_t i = 0; i < static_cast<size_t>(kRows); ++i) {
      EncodeElements((*engine)->input_coding(),
                     absl::MakeConstSpan(samples_).subspan(i * size, size), row.data());
      (*engine)->Run(row.data(), result.data());
      DecodeElements((*engine)->output_coding(), result.data(),
                     absl::MakeSpan(outputs).subspan(i * width, width));
    }
    return outputs;
  }

  void ExpectTheTrainersPredictions(const TrainedModel& model, const std::string& what) {
    const std::vector<float> expected = PredictModel(model, samples_);
    const std::vector<float> actual = OnDevice(model);
    ASSERT_EQ(actual.size(), expected.size()) << what;
    const double tolerance = PredictionTolerance(model, samples_, expected);
    float spread = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(actual[i], expected[i], tolerance) << what << ", value " << i;
      spread = std::max(spread, std::abs(expected[i] - expected[0]));
    }
    EXPECT_GT(spread, 10 * tolerance) << what << ": outputs that are all alike prove nothing";
  }

  Network network_;
  std::vector<float> samples_;
};

TEST_P(ExportedModelTest, Int8WithinItsSteps) {
  for (const bool per_channel : {true, false}) {
    for (const bool int8_io : {false, true}) {
      for (const v1::Observer observer :
           {v1::OBSERVER_MSE, v1::OBSERVER_MIN_MAX, v1::OBSERVER_PERCENTILE}) {
        QuantizeOptions options;
        options.per_channel = per_channel;
        options.int8_io = int8_io;
        options.observer.kind = observer;
        const auto quantized = QuantizeNetwork(network_, samples_, options);
        ASSERT_TRUE(quantized.ok()) << quantized.status();
        ExpectTheTrainersPredictions(
            *quantized, absl::StrCat(per_channel ? "per channel" : "per tensor",
                                     int8_io ? ", int8 io, " : ", ", v1::Observer_Name(observer)));
      }
    }
  }
}

TEST_P(ExportedModelTest, DynamicInt8WithinStepsOfItsRange) {
  for (const bool per_channel : {true, false}) {
    const auto dynamic = QuantizeDynamically(network_, per_channel);
    ASSERT_TRUE(dynamic.ok()) << dynamic.status();
    ExpectTheTrainersPredictions(*dynamic, per_channel ? "per channel" : "per tensor");
  }
}

TEST_P(ExportedModelTest, Float16Weights) {
  const auto half = RoundToHalf(network_);
  ASSERT_TRUE(half.ok()) << half.status();
  ExpectTheTrainersPredictions(*half, "float16");
}

std::string TestName(const testing::TestParamInfo<std::tuple<v1::Engine, Layout>>& test) {
  return absl::StrCat(v1::Engine_Name(std::get<0>(test.param)), "_", std::get<1>(test.param).name);
}

INSTANTIATE_TEST_SUITE_P(
    Chains, ExportedModelTest,
    testing::Combine(
        testing::Values(v1::ENGINE_REFERENCE, v1::ENGINE_XNNPACK),
        testing::Values(Layout{"Cnn", v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 5}},
                        Layout{
                            "Window", v1::MODEL_TYPE_TINYCNN, v1::POOLING_GLOBAL_AVERAGE, {5, 7}},
                        Layout{"Image", v1::MODEL_TYPE_TINYCNN, v1::POOLING_NONE, {1, 9, 8}},
                        Layout{"Mlp", v1::MODEL_TYPE_TINYMLP, v1::POOLING_NONE, {1, 5}})),
    TestName);

// The plain loops would take half a minute for these.
INSTANTIATE_TEST_SUITE_P(
    Graphs, ExportedModelTest,
    testing::Combine(
        testing::Values(v1::ENGINE_XNNPACK),
        testing::Values(
            Layout{"Resnet8", v1::MODEL_TYPE_RESNET8, v1::POOLING_UNSPECIFIED, {3, 12, 12}},
            Layout{"DsCnn", v1::MODEL_TYPE_DS_CNN, v1::POOLING_UNSPECIFIED, {1, 16, 10}})),
    TestName);

}  // namespace
}  // namespace tinyjoule

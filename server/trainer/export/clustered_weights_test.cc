// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/export/clustered_weights.h"

#include <gtest/gtest.h>

#include <string>

#include "common/onnx/model_file.h"
#include "common/onnx/model_size.h"
#include "server/trainer/compress/cluster.h"
#include "server/trainer/export/network_onnx.h"
#include "server/trainer/nn/network_builder.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

const onnx::TensorProto* Initializer(const onnx::ModelProto& model, const std::string& name) {
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

class ClusteredExportTest : public testing::TestWithParam<uint32_t> {
 protected:
  ClusteredExportTest() {
    v1::ModelSpec spec;
    spec.set_type(v1::MODEL_TYPE_TINYCNN);
    network_ = *BuildNetwork(spec, {1, 5}, 1);
    SeededRandom random(4);
    InitializeParameters(random, network_);
    dense_ = network_;
    v1::ClusterStep step;
    step.set_centroids(GetParam());
    EXPECT_TRUE(ClusterWeights(step, random, network_).ok());
    for (int i = 0; i < 100; ++i) samples_.push_back(2 * UniformFloat(random) - 1);
  }

  Network network_;
  Network dense_;
  std::vector<float> samples_;
};

TEST_P(ClusteredExportTest, ComesBackWithItsClusters) {
  const auto bytes = SerializeModel(ExportNetwork(network_));
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto network = ImportNetwork(*ParseModel(*bytes));
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(FlatParameters(*network), FlatParameters(network_));
  EXPECT_EQ(Predict(*network, samples_), Predict(network_, samples_));
  for (size_t i = 0; i < network_.layers.size(); ++i) {
    EXPECT_EQ(network->layers[i].clusters, network_.layers[i].clusters) << "layer " << i;
  }
}

// 24, 384, 2560 and 32 weights: only the third is worth packing, where four bits are enough.
TEST_P(ClusteredExportTest, FileHasCodebookAndIndices) {
  const onnx::ModelProto model = ExportNetwork(network_);
  EXPECT_EQ(Initializer(model, "dense1.weight"), nullptr);
  const auto* codebook = Initializer(model, "dense1.weight_codebook");
  ASSERT_NE(codebook, nullptr);
  EXPECT_EQ(codebook->dims(0), GetParam());
  const auto* indices = Initializer(model, "dense1.weight_indices");
  ASSERT_NE(indices, nullptr);
  EXPECT_EQ(indices->raw_data().size(), GetParam() <= 16 ? 1280U : 2560U);
  const auto* small = Initializer(model, "conv2.weight_indices");
  ASSERT_NE(small, nullptr);
  EXPECT_EQ(small->raw_data().size(), 384U);
  const size_t clustered = SerializeModel(model)->size();
  const size_t dense = SerializeModel(ExportNetwork(dense_))->size();
  EXPECT_LT(clustered, GetParam() <= 16 ? 0.35 * dense : 0.5 * dense);
}

// What the weights would take in full, and packed to the bit, whatever the file does.
TEST_P(ClusteredExportTest, SizesSayWhatIsStored) {
  const onnx::ModelProto model = ExportNetwork(network_);
  const auto size = MeasureModel(model, *SerializeModel(model));
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(size->parameter_count(), 3057U);
  const double dense = static_cast<double>(SerializeModel(ExportNetwork(dense_))->size());
  // But for the operators and names of the look-up.
  EXPECT_NEAR(static_cast<double>(size->model_bytes_dense()), dense, 2000);
  EXPECT_GT(size->model_bytes_dense(), dense);
  EXPECT_LE(size->model_bytes_clustered(), size->model_bytes());
  EXPECT_GT(size->model_bytes_clustered(), size->model_bytes() / 2);
}

INSTANTIATE_TEST_SUITE_P(Centroids, ClusteredExportTest, testing::Values(16, 64),
                         [](const auto& test) { return std::to_string(test.param); });

}  // namespace
}  // namespace tinyjoule

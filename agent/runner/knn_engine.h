// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_KNN_ENGINE_H_
#define AGENT_RUNNER_KNN_ENGINE_H_

#include <memory>
#include <string>
#include <vector>

#include "agent/runner/inference_engine.h"
#include "common/onnx/knn_model.h"

namespace tinyjoule {

// Brute-force search of the k nearest stored points, for models of common/onnx/knn_model.h. Points
// lie feature by feature, so that one pass computes the distances of a whole block of points with
// vector instructions; int8 points stay int8 in memory. The same results as the model's own
// operators, but for rounding.
class KnnEngine final : public InferenceEngine {
 public:
  explicit KnnEngine(KnnModel model);

  const Shape& input_shape() const override { return input_shape_; }
  const Shape& output_shape() const override { return output_shape_; }
  void Run(const void* input, void* output) override;
  std::string version() const override;

 private:
  struct Neighbour {
    float squared_distance;
    int64_t row;
  };

  template <typename T>
  void Search(const std::vector<T>& points, const float* query);
  template <typename T>
  void AddSquares(const std::vector<T>& points, int64_t feature, float value, int64_t first,
                  int64_t count);
  void Offer(float squared_distance, int64_t row);
  float WeightOf(const Neighbour& neighbour) const;
  void Vote(float* output) const;

  // Its points are moved out into the two below.
  KnnModel model_;
  Shape input_shape_;
  Shape output_shape_;
  // [features, rows]; one of the two is empty.
  std::vector<float> points_;
  std::vector<int8_t> quantized_points_;
  // Of one block of points.
  std::vector<float> squared_distances_;
  // The nearest so far, nearest first, at most k.
  std::vector<Neighbour> nearest_;
};

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_KNN_ENGINE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_KNN_MODEL_H_
#define COMMON_ONNX_KNN_MODEL_H_

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "common/onnx/tensor_file.h"

namespace tinyjoule {

// k-nearest-neighbour regression and classification as an ONNX model of standard operators (opset
// 13), so that every runtime can run it, with metadata by which ours knows what it is:
//
//   tinyjoule.model = knn, tinyjoule.knn.k = "5", tinyjoule.knn.weights = uniform | distance
//
//   input    "input"        float32 [N, F]: features, already scaled as the stored points are
//   points   "knn_points"   float32 [1, M, F]; or int8 [1, M, F] with "knn_points_scale" float32
//                           [F]: point = scale of its feature x int8 (DequantizeLinear, axis 2); or
//                           float16
//                          [1, M, F], read by Cast
//   targets  "knn_targets"  float32 [M, T] in regression; in classification int32 [M], the class of
//                           each point, with "knn_classes" float32 [C, C], the identity
//   output   "output"       float32 [N, T]: weighted mean of the k targets; or [N, C]: share of
//                           each class among the k votes
//
// Neighbours are the k smallest Euclidean distances, the lower row first among equals. Uniform:
// weight 1. Distance: weight 1/d; when any of the k distances is 0, then 1 for those and 0 for the
// others, as in scikit-learn's KNeighborsRegressor and KNeighborsClassifier.

enum class KnnWeighting { kUniform, kDistance };

// What the model is made of. Row-major.
struct KnnModel {
  int64_t k = 5;
  KnnWeighting weights = KnnWeighting::kUniform;
  int64_t rows = 0;
  int64_t features = 0;
  // Exactly one of the two holds rows x features values.
  std::vector<float> points;
  std::vector<int8_t> quantized_points;
  // `points` are numbers that float16 has, and are stored so.
  bool half_points = false;
  // With quantized_points: one per feature.
  std::vector<float> scales;
  // Regression: rows x target_count values, and no classes.
  int64_t target_count = 0;
  std::vector<float> targets;
  // Classification: the class of each row, in [0, class_count).
  int64_t class_count = 0;
  std::vector<int32_t> classes;

  bool quantized() const { return !quantized_points.empty(); }
  bool classifies() const { return class_count > 0; }
  int64_t output_count() const { return classifies() ? class_count : target_count; }
};

// k-NN regression over `points` [M, F] with `targets` [M] or [M, T]. InvalidArgument: shapes that
// do not fit, values that are not finite, k outside [1, M].
absl::StatusOr<KnnModel> MakeKnnRegressor(int64_t k, KnnWeighting weights, FloatTensor points,
                                          FloatTensor targets);
// k-NN classification; `classes` has one entry in [0, class_count) per point.
absl::StatusOr<KnnModel> MakeKnnClassifier(int64_t k, KnnWeighting weights, FloatTensor points,
                                           std::vector<int32_t> classes, int64_t class_count);

// The same model with int8 points: per feature, scale = largest magnitude / 127 (1 when that is 0),
// point = round half to even (value / scale). Does nothing to a model that has int8 points.
KnnModel QuantizeKnnPoints(KnnModel model);

// The same model with its float32 points rounded to float16. InvalidArgument: a point that is too
// large for it, or int8 points.
absl::StatusOr<KnnModel> RoundKnnPointsToHalf(KnnModel model);

// The point as the model sees it: float32, dequantised where need be. rows x features values.
std::vector<float> KnnPointValues(const KnnModel& model);

onnx::ModelProto BuildKnnModel(const KnnModel& model);

// Bytes of activations in one inference of an engine that keeps the k nearest while it goes through
// the points: the input, k distances and rows, the output.
uint64_t KnnActivationBytes(const KnnModel& model);

// True when the metadata say that this is a model of BuildKnnModel.
bool IsKnnModel(const onnx::ModelProto& model);

// The parts of a model of BuildKnnModel. InvalidArgument: the metadata say k-NN, but the graph is
// not the one that BuildKnnModel makes of these parts.
absl::StatusOr<KnnModel> ReadKnnModel(const onnx::ModelProto& model);

}  // namespace tinyjoule

#endif  // COMMON_ONNX_KNN_MODEL_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/knn_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/half_float.h"
#include "common/onnx/tensor_shape.h"

namespace tinyjoule {
namespace {

constexpr float kLargestInt8 = 127.0f;

absl::Status CheckFinite(absl::string_view what, const std::vector<float>& values) {
  const bool finite = absl::c_all_of(values, [](float value) { return std::isfinite(value); });
  if (finite) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("k-NN: ", what, " that are not finite"));
}

absl::StatusOr<KnnModel> MakeModel(int64_t k, KnnWeighting weights, FloatTensor points) {
  if (points.shape.size() != 2 || points.shape[0] < 1 || points.shape[1] < 1 ||
      ElementCount(points.shape) != static_cast<int64_t>(points.values.size())) {
    return absl::InvalidArgumentError(
        absl::StrCat("k-NN: points of shape ", ShapeText(points.shape)));
  }
  if (k < 1 || k > points.shape[0]) {
    return absl::InvalidArgumentError(
        absl::StrCat("k-NN: k is ", k, " with ", points.shape[0], " points"));
  }
  TJ_RETURN_IF_ERROR(CheckFinite("points", points.values));
  KnnModel model;
  model.k = k;
  model.weights = weights;
  model.rows = points.shape[0];
  model.features = points.shape[1];
  model.points = std::move(points.values);
  return model;
}

}  // namespace

absl::StatusOr<KnnModel> MakeKnnRegressor(int64_t k, KnnWeighting weights, FloatTensor points,
                                          FloatTensor targets) {
  TJ_ASSIGN_OR_RETURN(KnnModel model, MakeModel(k, weights, std::move(points)));
  if (targets.shape.size() == 1) targets.shape.push_back(1);
  if (targets.shape.size() != 2 || targets.shape[0] != model.rows || targets.shape[1] < 1 ||
      ElementCount(targets.shape) != static_cast<int64_t>(targets.values.size())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "k-NN: targets of shape ", ShapeText(targets.shape), " for ", model.rows, " points"));
  }
  TJ_RETURN_IF_ERROR(CheckFinite("targets", targets.values));
  model.target_count = targets.shape[1];
  model.targets = std::move(targets.values);
  return model;
}

absl::StatusOr<KnnModel> MakeKnnClassifier(int64_t k, KnnWeighting weights, FloatTensor points,
                                           std::vector<int32_t> classes, int64_t class_count) {
  TJ_ASSIGN_OR_RETURN(KnnModel model, MakeModel(k, weights, std::move(points)));
  const bool in_range =
      absl::c_all_of(classes, [&](int32_t label) { return label >= 0 && label < class_count; });
  if (!in_range || static_cast<int64_t>(classes.size()) != model.rows) {
    return absl::InvalidArgumentError(absl::StrCat("k-NN: ", classes.size(), " classes below ",
                                                   class_count, " for ", model.rows, " points"));
  }
  model.class_count = class_count;
  model.classes = std::move(classes);
  return model;
}

KnnModel QuantizeKnnPoints(KnnModel model) {
  if (model.quantized()) return model;
  const size_t features = static_cast<size_t>(model.features);
  model.scales.assign(features, 0.0f);
  for (size_t i = 0; i < model.points.size(); ++i) {
    float& largest = model.scales[i % features];
    largest = std::max(largest, std::fabs(model.points[i]));
  }
  for (float& scale : model.scales) scale = scale > 0 ? scale / kLargestInt8 : 1.0f;
  model.quantized_points.reserve(model.points.size());
  for (size_t i = 0; i < model.points.size(); ++i) {
    const float steps = std::nearbyint(model.points[i] / model.scales[i % features]);
    model.quantized_points.push_back(
        static_cast<int8_t>(std::clamp(steps, -kLargestInt8, kLargestInt8)));
  }
  model.points = {};
  return model;
}

absl::StatusOr<KnnModel> RoundKnnPointsToHalf(KnnModel model) {
  if (model.quantized()) return absl::InvalidArgumentError("k-NN: the points are int8 already");
  for (float& value : model.points) {
    const float half = static_cast<float>(HalfFloat(value));
    if (!std::isfinite(half)) {
      return absl::InvalidArgumentError(absl::StrCat("k-NN: a point has the value ", value,
                                                     "; the largest of float16 is ", kLargestHalf));
    }
    value = half;
  }
  model.half_points = true;
  return model;
}

std::vector<float> KnnPointValues(const KnnModel& model) {
  if (!model.quantized()) return model.points;
  std::vector<float> points;
  points.reserve(model.quantized_points.size());
  for (size_t i = 0; i < model.quantized_points.size(); ++i) {
    const float scale = model.scales[i % static_cast<size_t>(model.features)];
    points.push_back(scale * static_cast<float>(model.quantized_points[i]));
  }
  return points;
}

uint64_t KnnActivationBytes(const KnnModel& model) {
  const int64_t neighbours = model.k * static_cast<int64_t>(sizeof(float) + sizeof(int32_t));
  const int64_t values = model.features + model.output_count();
  return static_cast<uint64_t>(neighbours + values * static_cast<int64_t>(sizeof(float)));
}

}  // namespace tinyjoule

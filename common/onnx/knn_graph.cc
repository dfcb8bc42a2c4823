// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/half_float.h"
#include "common/onnx/knn_model.h"
#include "common/onnx/model_validation.h"
#include "common/onnx/onnx_builder.h"
#include "common/onnx/tensor_data.h"
#include "common/onnx/tensor_shape.h"

// The k-NN model as an ONNX graph, there and back.

namespace tinyjoule {
namespace {

constexpr char kModelKey[] = "tinyjoule.model";
constexpr char kCountKey[] = "tinyjoule.knn.k";
constexpr char kWeightsKey[] = "tinyjoule.knn.weights";

absl::string_view WeightingName(KnnWeighting weights) {
  return weights == KnnWeighting::kDistance ? "distance" : "uniform";
}

void AddConstants(const KnnModel& model, OnnxBuilder* builder) {
  const Shape points_shape = {1, model.rows, model.features};
  if (model.quantized()) {
    builder->AddInitializer("knn_points", points_shape, model.quantized_points);
    builder->AddInitializer("knn_points_scale", {model.features}, model.scales);
    builder->AddInitializer("knn_points_zero", {model.features},
                            std::vector<int8_t>(static_cast<size_t>(model.features), 0));
  } else if (model.half_points) {
    const std::vector<HalfFloat> halves(model.points.begin(), model.points.end());
    builder->AddInitializer("knn_points", points_shape, absl::MakeConstSpan(halves));
  } else {
    builder->AddInitializer("knn_points", points_shape, model.points);
  }
  if (model.classifies()) {
    std::vector<float> identity(static_cast<size_t>(model.class_count * model.class_count), 0.0f);
    for (size_t i = 0; i < identity.size(); i += static_cast<size_t>(model.class_count) + 1) {
      identity[i] = 1.0f;
    }
    builder->AddInitializer("knn_targets", {model.rows}, model.classes);
    builder->AddInitializer("knn_classes", {model.class_count, model.class_count}, identity);
  } else {
    builder->AddInitializer("knn_targets", {model.rows, model.target_count}, model.targets);
  }
  builder->AddInitializer("knn_k", {1}, std::vector<int64_t>{model.k});
  builder->AddInitializer("axis_1", {1}, std::vector<int64_t>{1});
  builder->AddInitializer("axis_2", {1}, std::vector<int64_t>{2});
  if (model.weights == KnnWeighting::kDistance) builder->AddScalar("zero", 0.0f);
}

// The k smallest squared distances "near" [N, k] and the targets of those points "votes" [N, k, T].
void AddSearch(const KnnModel& model, OnnxBuilder* builder) {
  std::string points = "knn_points";
  if (model.quantized()) {
    builder->AddNode("DequantizeLinear", {points, "knn_points_scale", "knn_points_zero"},
                     {"points"}, {IntAttribute("axis", 2)});
    points = "points";
  } else if (model.half_points) {
    builder->AddNode("Cast", {points}, {"points"}, {IntAttribute("to", onnx::TensorProto::FLOAT)});
    points = "points";
  }
  builder->AddNode("Unsqueeze", {"input", "axis_1"}, {"query"});
  builder->AddNode("Sub", {"query", points}, {"difference"});
  builder->AddNode("Mul", {"difference", "difference"}, {"squares"});
  builder->AddNode("ReduceSum", {"squares", "axis_2"}, {"distances"},
                   {IntAttribute("keepdims", 0)});
  builder->AddNode(
      "TopK", {"distances", "knn_k"}, {"near", "rows"},
      {IntAttribute("axis", 1), IntAttribute("largest", 0), IntAttribute("sorted", 1)});
  if (model.classifies()) {
    builder->AddNode("Gather", {"knn_targets", "rows"}, {"labels"});
    builder->AddNode("Gather", {"knn_classes", "labels"}, {"votes"});
  } else {
    builder->AddNode("Gather", {"knn_targets", "rows"}, {"votes"});
  }
}

void AddUniformMean(OnnxBuilder* builder) {
  builder->AddNode("ReduceMean", {"votes"}, {"output"},
                   {IntsAttribute("axes", {1}), IntAttribute("keepdims", 0)});
}

void AddDistanceMean(OnnxBuilder* builder) {
  builder->AddNode("Sqrt", {"near"}, {"near_distance"});
  builder->AddNode("Reciprocal", {"near_distance"}, {"inverse"});
  builder->AddNode("Equal", {"near", "zero"}, {"is_exact"});
  builder->AddNode("Cast", {"is_exact"}, {"exact"}, {IntAttribute("to", onnx::TensorProto::FLOAT)});
  builder->AddNode("ReduceMax", {"exact"}, {"any_exact"},
                   {IntsAttribute("axes", {1}), IntAttribute("keepdims", 1)});
  builder->AddNode("Cast", {"any_exact"}, {"has_exact"},
                   {IntAttribute("to", onnx::TensorProto::BOOL)});
  builder->AddNode("Where", {"has_exact", "exact", "inverse"}, {"weights"});
  builder->AddNode("ReduceSum", {"weights", "axis_1"}, {"total"}, {IntAttribute("keepdims", 1)});
  builder->AddNode("Div", {"weights", "total"}, {"shares"});
  builder->AddNode("Unsqueeze", {"shares", "axis_2"}, {"vote_shares"});
  builder->AddNode("Mul", {"votes", "vote_shares"}, {"weighted"});
  builder->AddNode("ReduceSum", {"weighted", "axis_1"}, {"output"}, {IntAttribute("keepdims", 0)});
}

// Everything but the constants.
OnnxBuilder StartBuilder(const KnnModel& model) {
  OnnxBuilder builder("knn");
  builder.SetMetadata(kModelKey, "knn");
  builder.SetMetadata(kCountKey, absl::StrCat(model.k));
  builder.SetMetadata(kWeightsKey, WeightingName(model.weights));
  builder.AddInput("input", {-1, model.features});
  builder.AddOutput("output", {-1, model.output_count()});
  AddSearch(model, &builder);
  if (model.weights == KnnWeighting::kDistance) {
    AddDistanceMean(&builder);
  } else {
    AddUniformMean(&builder);
  }
  return builder;
}

absl::Status NotOurs(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the metadata say k-nearest neighbours, but ", what));
}

// Constants of the graph by name.
class Constants {
 public:
  explicit Constants(const onnx::GraphProto& graph) {
    for (const onnx::TensorProto& tensor : graph.initializer()) tensors_[tensor.name()] = &tensor;
  }

  bool Has(const std::string& name, ElementType type) const {
    const auto found = tensors_.find(name);
    return found != tensors_.end() && ElementTypeOf(found->second->data_type()).value() == type;
  }

  Shape ShapeOf(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) return {};
    return {found->second->dims().begin(), found->second->dims().end()};
  }

  template <typename T>
  absl::StatusOr<std::vector<T>> Read(const std::string& name, const Shape& shape) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end() || ShapeOf(name) != shape) {
      return NotOurs(absl::StrCat("constant '", name, "' is absent or of another shape"));
    }
    TJ_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, TensorBytes(*found->second));
    std::vector<T> values(static_cast<size_t>(ElementCount(shape)));
    if (bytes.size() != values.size() * sizeof(T)) {
      return NotOurs(absl::StrCat("constant '", name, "' is of another type"));
    }
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

 private:
  std::map<std::string, const onnx::TensorProto*> tensors_;
};

absl::Status ReadPoints(const Constants& constants, KnnModel* model) {
  const Shape shape = constants.ShapeOf("knn_points");
  if (shape.size() != 3 || shape[0] != 1 || shape[1] < 1 || shape[2] < 1) {
    return NotOurs("it has no points");
  }
  model->rows = shape[1];
  model->features = shape[2];
  if (constants.Has("knn_points", ElementType::kInt8)) {
    TJ_ASSIGN_OR_RETURN(model->quantized_points, constants.Read<int8_t>("knn_points", shape));
    TJ_ASSIGN_OR_RETURN(model->scales,
                        constants.Read<float>("knn_points_scale", {model->features}));
    TJ_ASSIGN_OR_RETURN(const std::vector<int8_t> zeros,
                        constants.Read<int8_t>("knn_points_zero", {model->features}));
    if (absl::c_any_of(zeros, [](int8_t zero) { return zero != 0; })) {
      return NotOurs("a zero point is not 0");
    }
    return absl::OkStatus();
  }
  if (constants.Has("knn_points", ElementType::kFloat16)) {
    TJ_ASSIGN_OR_RETURN(const std::vector<HalfFloat> halves,
                        constants.Read<HalfFloat>("knn_points", shape));
    for (const HalfFloat half : halves) model->points.push_back(static_cast<float>(half));
    model->half_points = true;
    return absl::OkStatus();
  }
  if (!constants.Has("knn_points", ElementType::kFloat)) return NotOurs("its points are no floats");
  TJ_ASSIGN_OR_RETURN(model->points, constants.Read<float>("knn_points", shape));
  return absl::OkStatus();
}

absl::Status ReadTargets(const Constants& constants, KnnModel* model) {
  const Shape shape = constants.ShapeOf("knn_targets");
  if (constants.Has("knn_targets", ElementType::kInt32)) {
    const Shape identity = constants.ShapeOf("knn_classes");
    if (identity.size() != 2 || identity[0] != identity[1] || identity[0] < 1) {
      return NotOurs("it has no classes");
    }
    model->class_count = identity[0];
    TJ_ASSIGN_OR_RETURN(model->classes, constants.Read<int32_t>("knn_targets", {model->rows}));
    const bool in_range = absl::c_all_of(model->classes, [model](int32_t label) {
      return label >= 0 && label < model->class_count;
    });
    return in_range ? absl::OkStatus() : NotOurs("a point's class is none of its classes");
  }
  if (shape.size() != 2 || shape[1] < 1 || !constants.Has("knn_targets", ElementType::kFloat)) {
    return NotOurs("it has no targets");
  }
  model->target_count = shape[1];
  TJ_ASSIGN_OR_RETURN(model->targets,
                      constants.Read<float>("knn_targets", {model->rows, shape[1]}));
  return absl::OkStatus();
}

// Whether two graphs have the same inputs, outputs and nodes, whatever their constants.
bool SameStructure(const onnx::GraphProto& a, const onnx::GraphProto& b) {
  const auto equal = [](const auto& left, const auto& right) {
    return absl::c_equal(left, right, [](const auto& x, const auto& y) {
      return x.SerializeAsString() == y.SerializeAsString();
    });
  };
  return equal(a.node(), b.node()) && equal(a.input(), b.input()) && equal(a.output(), b.output());
}

}  // namespace

onnx::ModelProto BuildKnnModel(const KnnModel& model) {
  OnnxBuilder builder = StartBuilder(model);
  AddConstants(model, &builder);
  return builder.Build();
}

bool IsKnnModel(const onnx::ModelProto& model) { return MetadataValue(model, kModelKey) == "knn"; }

absl::StatusOr<KnnModel> ReadKnnModel(const onnx::ModelProto& model) {
  TJ_RETURN_IF_ERROR(ValidateModel(model));
  KnnModel knn;
  const std::string weights = MetadataValue(model, kWeightsKey);
  if (weights != "uniform" && weights != "distance") return NotOurs("not how they are weighted");
  knn.weights = weights == "distance" ? KnnWeighting::kDistance : KnnWeighting::kUniform;
  const Constants constants(model.graph());
  TJ_RETURN_IF_ERROR(ReadPoints(constants, &knn));
  TJ_RETURN_IF_ERROR(ReadTargets(constants, &knn));
  TJ_ASSIGN_OR_RETURN(const std::vector<int64_t> k, constants.Read<int64_t>("knn_k", {1}));
  knn.k = k[0];
  if (knn.k < 1 || knn.k > knn.rows || MetadataValue(model, kCountKey) != absl::StrCat(knn.k)) {
    return NotOurs("k is not what they say, or more than there are points");
  }
  if (!SameStructure(model.graph(), StartBuilder(knn).Build().graph())) {
    return NotOurs("the graph is another one");
  }
  return knn;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/model_defaults.h"

#include <initializer_list>

#include "common/base/names.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

using Units = google::protobuf::RepeatedField<uint32_t>;

void DefaultUnits(Units& units, std::initializer_list<uint32_t> values) {
  if (!units.empty()) return;
  for (const uint32_t value : values) units.Add(value);
}

void ApplyCnnDefaults(v1::ModelSpec& model) {
  DefaultUnits(*model.mutable_conv(), {8, 16});
  if (!model.has_kernel()) model.set_kernel(3);
  if (model.pooling() == v1::POOLING_UNSPECIFIED) model.set_pooling(v1::POOLING_NONE);
  // Behind a global average the published layout goes straight to the output.
  if (model.pooling() == v1::POOLING_NONE) DefaultUnits(*model.mutable_dense(), {32});
}

v1::ModelType StudentType(const v1::ModelSpec& teacher, const v1::ModelSpec& student) {
  if (student.type() != v1::MODEL_TYPE_UNSPECIFIED) return student.type();
  if (!student.conv().empty() || !student.dense().empty()) return v1::MODEL_TYPE_TINYCNN;
  if (!student.hidden().empty()) return v1::MODEL_TYPE_TINYMLP;
  if (student.has_prototypes()) return v1::MODEL_TYPE_TINYKNN;
  return teacher.type();
}

}  // namespace

bool IsImageSet(v1::DatasetType type) {
  return type == v1::DATASET_TYPE_MNIST || type == v1::DATASET_TYPE_FASHION_MNIST ||
         type == v1::DATASET_TYPE_IDX || type == v1::DATASET_TYPE_CIFAR10 ||
         type == v1::DATASET_TYPE_SVHN;
}

bool ReadsPictures(v1::ModelType type) {
  return type == v1::MODEL_TYPE_RESNET8 || type == v1::MODEL_TYPE_DS_CNN ||
         type == v1::MODEL_TYPE_MOBILENET_V1;
}

bool LearnsClasses(v1::DatasetType dataset, v1::ModelType model) {
  return IsImageSet(dataset) && model != v1::MODEL_TYPE_AUTOENCODER;
}

void ApplyModelDefaults(v1::ModelSpec& model) {
  switch (model.type()) {
    case v1::MODEL_TYPE_TINYCNN:
      return ApplyCnnDefaults(model);
    case v1::MODEL_TYPE_TINYMLP:
      return DefaultUnits(*model.mutable_hidden(), {64, 32});
    case v1::MODEL_TYPE_TINYKNN:
      if (!model.has_k()) model.set_k(5);
      if (model.weights() == v1::KNN_WEIGHTS_UNSPECIFIED) {
        model.set_weights(v1::KNN_WEIGHTS_UNIFORM);
      }
      return;
    case v1::MODEL_TYPE_MOBILENET_V1:
      if (!model.has_width()) model.set_width(0.25);
      return;
    default:
      return;
  }
}

std::string DefaultModelName(v1::ModelType type) {
  return type == v1::MODEL_TYPE_UNSPECIFIED ? "" : WordOf(type);
}

v1::ModelSpec ResolveStudent(const v1::ModelSpec& teacher, const v1::ModelSpec& student) {
  const v1::ModelType type = StudentType(teacher, student);
  v1::ModelSpec resolved;
  if (type == teacher.type()) {
    resolved = teacher;
    // MergeFrom would append to the teacher's layers.
    if (!student.conv().empty()) resolved.clear_conv();
    if (!student.dense().empty()) resolved.clear_dense();
    if (!student.hidden().empty()) resolved.clear_hidden();
  }
  resolved.MergeFrom(student);
  resolved.set_type(type);
  ApplyModelDefaults(resolved);
  return resolved;
}

}  // namespace tinyjoule

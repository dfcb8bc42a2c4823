// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <initializer_list>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/config/model_defaults.h"
#include "common/config/sweep_check.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kMaxUnits = 65'536;
constexpr int kMaxLayers = 64;
constexpr uint32_t kMaxKernel = 1'023;
constexpr uint32_t kMaxEpochs = 1'000'000;

// Which keys belong to which type; `name` and `type` to all.
const std::map<std::string, v1::ModelType>& OwnersOfKeys() {
  static const auto* const owners = new std::map<std::string, v1::ModelType>{
      {"conv", v1::MODEL_TYPE_TINYCNN},    {"kernel", v1::MODEL_TYPE_TINYCNN},
      {"dense", v1::MODEL_TYPE_TINYCNN},   {"pooling", v1::MODEL_TYPE_TINYCNN},
      {"hidden", v1::MODEL_TYPE_TINYMLP},  {"k", v1::MODEL_TYPE_TINYKNN},
      {"weights", v1::MODEL_TYPE_TINYKNN}, {"prototypes", v1::MODEL_TYPE_TINYKNN},
      {"path", v1::MODEL_TYPE_ONNX},       {"width", v1::MODEL_TYPE_MOBILENET_V1}};
  return *owners;
}

void CheckUnits(const google::protobuf::RepeatedField<uint32_t>& units, const std::string& path,
                CheckReport& report) {
  if (units.size() > kMaxLayers) {
    report.Error(path, absl::StrCat("more than ", kMaxLayers, " layers"));
  }
  for (int i = 0; i < units.size(); ++i) {
    if (units[i] >= 1 && units[i] <= kMaxUnits) continue;
    report.Error(absl::StrCat(path, ".", i), absl::StrCat("a layer has from 1 to ", kMaxUnits,
                                                          " channels or units, not ", units[i]));
  }
}

void CheckForeignKeys(const v1::ModelSpec& model, const std::string& path, CheckReport& report) {
  for (const auto& [key, owner] : OwnersOfKeys()) {
    const std::string key_path = absl::StrCat(path, ".", key);
    if (owner == model.type() || !report.IsGiven(key_path)) continue;
    report.Error(key_path, absl::StrCat("\"", key, "\" belongs to models of type ", WordOf(owner),
                                        ", and this is a ", WordOf(model.type())));
  }
}

}  // namespace

std::string NotAvailable(const std::string& what, const std::string& instead) {
  return absl::StrCat(what, " is not available in this version; available: ", instead);
}

void CheckModel(const v1::ModelSpec& model, const std::string& path, CheckReport& report) {
  if (model.type() == v1::MODEL_TYPE_UNSPECIFIED) {
    if (!report.IsGiven(path + ".type")) {
      report.Error(path,
                   "a model needs \"type\": tinycnn | tinymlp | tinyknn | onnx | resnet8 | "
                   "ds_cnn | mobilenet_v1 | autoencoder");
    }
    return;
  }
  CheckForeignKeys(model, path, report);
  CheckUnits(model.conv(), path + ".conv", report);
  CheckUnits(model.dense(), path + ".dense", report);
  CheckUnits(model.hidden(), path + ".hidden", report);
  if (model.has_kernel() && (model.kernel() % 2 == 0 || model.kernel() > kMaxKernel)) {
    report.Error(path + ".kernel",
                 absl::StrCat("the kernel of a \"same\" convolution is odd, from 1 to ", kMaxKernel,
                              ", not ", model.kernel()));
  }
  if (model.has_k() && model.k() == 0) report.Error(path + ".k", "k is at least 1");
  if (model.has_width() && !(model.width() > 0 && model.width() <= 1)) {
    report.Error(path + ".width",
                 absl::StrCat("width is above 0 and at most 1, not ", model.width()));
  }
  if (model.type() == v1::MODEL_TYPE_ONNX && model.path().empty()) {
    report.Error(path, "a model of type onnx needs \"path\"");
  }
}

void CheckTrain(const v1::TrainSpec& train, const std::string& path, CheckReport& report) {
  if (train.epochs() < 1 || train.epochs() > kMaxEpochs) {
    report.Error(path + ".epochs", absl::StrCat("epochs is from 1 to ", kMaxEpochs));
  }
  if (!(train.lr() > 0)) report.Error(path + ".lr", "lr is above 0");
  if (train.batch_size() < 1) report.Error(path + ".batch_size", "batch_size is at least 1");
  if (train.weight_decay() < 0) report.Error(path + ".weight_decay", "weight_decay is at least 0");
  if (!(train.validation_fraction() > 0 && train.validation_fraction() < 1)) {
    report.Error(path + ".validation_fraction", "validation_fraction is between 0 and 1");
  } else if (report.IsGiven(path + ".validation_fraction") && train.patience() == 0) {
    report.Error(path + ".validation_fraction",
                 "\"validation_fraction\" is for early stopping: it needs \"patience\"");
  }
}

void CheckLearning(const v1::SweepSpec& spec, CheckReport& report) {
  const v1::DatasetType dataset = spec.dataset().type();
  if (dataset == v1::DATASET_TYPE_UNSPECIFIED) return;
  const bool cross_entropy = spec.train().loss() == v1::LOSS_CROSS_ENTROPY;
  bool any_classifies = false;
  for (int i = 0; i < spec.models_size(); ++i) {
    const v1::ModelType type = spec.models(i).type();
    any_classifies |= LearnsClasses(dataset, type);
    if (ReadsPictures(type) && !IsImageSet(dataset)) {
      report.Error(absl::StrCat("models.", i, ".type"),
                   absl::StrCat(WordOf(type), " reads pictures, and the data set is a table"));
    }
  }
  if (any_classifies && !cross_entropy) {
    report.Error("train.loss", "classes are learned with cross_entropy");
  } else if (!any_classifies && !spec.models().empty() && cross_entropy) {
    report.Error("train.loss",
                 "cross_entropy is for classes; a table's target, and what an autoencoder learns, "
                 "are numbers: mse, mae or huber");
  }
}

}  // namespace tinyjoule

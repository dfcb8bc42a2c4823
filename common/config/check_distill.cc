// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/check_distill.h"

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/config/model_defaults.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kMaxCentroids = 256;

bool ComparesHiddenLayers(const v1::DistillStep& distill) {
  return distill.kind() != v1::DISTILL_KIND_RESPONSE;
}

void CheckPrototypes(const v1::ModelSpec& student, const std::string& path, CheckReport& report) {
  if (student.has_prototypes() && student.prototypes() < student.k()) {
    report.Error(path + ".student.prototypes",
                 absl::StrCat("prototypes is at least k, which is ", student.k()));
  }
  for (const char* const key : {"epochs", "lr", "temperature", "beta"}) {
    if (!report.IsGiven(absl::StrCat(path, ".", key))) continue;
    report.Error(absl::StrCat(path, ".", key),
                 absl::StrCat("a tinyknn is not trained: \"", key, "\" says nothing to it"));
  }
}

void CheckStudent(const v1::DistillStep& distill, const std::string& path, CheckReport& report) {
  const v1::ModelSpec student = ResolveStudent({}, distill.student());
  if (student.type() == v1::MODEL_TYPE_ONNX) {
    return report.Error(path + ".student.type",
                        "a student is trained: type onnx brings its weights");
  }
  if (student.type() == v1::MODEL_TYPE_TINYKNN) {
    CheckPrototypes(student, path, report);
  }
  if (student.type() != v1::MODEL_TYPE_UNSPECIFIED) {
    CheckModel(student, path + ".student", report);
  }
}

void CheckTeacher(const v1::DistillStep& distill, const std::string& path, CheckReport& report) {
  const v1::ModelSpec teacher = ResolveStudent({}, distill.teacher());
  if (teacher.type() == v1::MODEL_TYPE_ONNX) {
    return report.Error(
        path + ".teacher.type",
        "a teacher is trained like the model: type onnx brings its weights; make it "
        "one of the models and name its students with \"student\"");
  }
  if (teacher.has_prototypes()) {
    report.Error(path + ".teacher.prototypes", "prototypes are what a student stores");
  }
  if (teacher.type() != v1::MODEL_TYPE_UNSPECIFIED) {
    CheckModel(teacher, path + ".teacher", report);
  }
}

void CheckModels(const v1::DistillStep& distill, const std::string& path, CheckReport& report) {
  if (distill.has_student() && distill.has_teacher()) {
    return report.Error(path + ".teacher",
                        "give \"student\", of which the sweep's model is the teacher, or "
                        "\"teacher\", of which it is the student, not both");
  }
  if (distill.has_student()) return CheckStudent(distill, path, report);
  if (distill.has_teacher()) return CheckTeacher(distill, path, report);
  report.Error(path, "distill needs \"student\", a smaller model, or \"teacher\", a larger one");
}

}  // namespace

void ApplyDistillDefaults(v1::DistillStep& distill) {
  if (distill.kind() == v1::DISTILL_KIND_UNSPECIFIED) {
    distill.set_kind(v1::DISTILL_KIND_RESPONSE);
  }
  if (!distill.has_alpha()) distill.set_alpha(0.5);
  if (!distill.has_temperature()) distill.set_temperature(4);
  if (!distill.has_epochs()) distill.set_epochs(60);
  if (!distill.has_beta() && ComparesHiddenLayers(distill)) distill.set_beta(0.1);
}

void CheckDistill(const v1::DistillStep& distill, const std::string& path, CheckReport& report) {
  CheckModels(distill, path, report);
  if (!(distill.alpha() >= 0 && distill.alpha() <= 1)) {
    report.Error(path + ".alpha", "alpha is from 0 to 1");
  }
  if (!(distill.temperature() > 0)) report.Error(path + ".temperature", "temperature is above 0");
  if (distill.epochs() < 1) report.Error(path + ".epochs", "epochs is at least 1");
  if (distill.has_lr() && !(distill.lr() > 0)) report.Error(path + ".lr", "lr is above 0");
  if (report.IsGiven(path + ".beta") && !ComparesHiddenLayers(distill)) {
    report.Error(path + ".beta", "beta weighs hidden layers: it needs kind: feature or relational");
  } else if (distill.has_beta() && !(distill.beta() > 0)) {
    report.Error(path + ".beta", "beta is above 0");
  }
}

void CheckCluster(const v1::ClusterStep& cluster, const std::string& path, CheckReport& report) {
  if (cluster.centroids() >= 2 && cluster.centroids() <= kMaxCentroids) return;
  report.Error(path + ".centroids", absl::StrCat("centroids is from 2 to ", kMaxCentroids, ", not ",
                                                 cluster.centroids()));
}

v1::ModelSpec TeacherOf(const v1::DistillStep& distill, const v1::ModelSpec& model) {
  return distill.has_teacher() ? ResolveStudent(model, distill.teacher()) : model;
}

v1::ModelSpec StudentOf(const v1::DistillStep& distill, const v1::ModelSpec& model) {
  return distill.has_teacher() ? model : ResolveStudent(model, distill.student());
}

std::string DistillRefused(const v1::DistillStep& distill, const v1::ModelSpec& model) {
  const v1::ModelType teacher = TeacherOf(distill, model).type();
  const v1::ModelSpec student = StudentOf(distill, model);
  if (distill.has_teacher() && student.type() == v1::MODEL_TYPE_TINYKNN) {
    return "a tinyknn that learns from a teacher stores prototypes: make the teacher the model and "
           "name it with student: {type: tinyknn, prototypes: N}";
  }
  if (distill.has_teacher() && student.type() == v1::MODEL_TYPE_ONNX) {
    return "a student is trained, and a model of type onnx brings its weights";
  }
  const bool input_taught = teacher == v1::MODEL_TYPE_AUTOENCODER;
  const bool input_learnt = student.type() == v1::MODEL_TYPE_AUTOENCODER;
  if (distill.has_teacher() ? input_taught != input_learnt : input_learnt && !input_taught) {
    return "an autoencoder learns its input, and the other model the target";
  }
  if (student.type() == v1::MODEL_TYPE_TINYKNN && !student.has_prototypes()) {
    return "a tinyknn as a student needs \"prototypes\", how many points it stores";
  }
  for (const v1::ModelType type : {teacher, student.type()}) {
    if (type != v1::MODEL_TYPE_TINYKNN || !ComparesHiddenLayers(distill)) continue;
    return absl::StrCat("kind ", WordOf(distill.kind()),
                        " compares hidden layers, and a tinyknn has none; use kind: response");
  }
  return "";
}

}  // namespace tinyjoule

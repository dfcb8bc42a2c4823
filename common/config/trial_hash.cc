// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Content hashes of work, and the files that work reads.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "common/config/model_defaults.h"
#include "common/config/sweep_expansion.h"
#include "common/config/sweep_file.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace tinyjoule {
namespace {

// Raise it when the same spec comes to mean other work.
constexpr char kHashVersion[] = "tinyjoule-1";

// Equal messages give equal bytes, also with maps.
std::string CanonicalBytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

// Each part behind its length, so that parts cannot run into one another.
std::string HashParts(const std::vector<std::string>& parts) {
  Sha256 hash;
  for (const std::string& part : parts) {
    hash.Update(absl::StrCat(part.size(), ":"));
    hash.Update(part);
  }
  return hash.HexDigest();
}

// "PREFIX" for the file itself, "PREFIX/rest" below a folder; empty when it is another file.
std::string NameUnder(const std::string& name, const std::string& root, const std::string& prefix) {
  if (root.empty()) return "";
  if (name == root) return prefix;
  const std::string folder = root.back() == '/' ? root : root + "/";
  return absl::StartsWith(name, folder) ? absl::StrCat(prefix, "/", name.substr(folder.size()))
                                        : "";
}

// What a file is to the trial, whatever its path: "dataset", "dataset.1", "model".
std::string RoleOf(const v1::InputFile& input, const v1::TrialSpec& trial) {
  std::string role = NameUnder(input.name(), trial.dataset().path(), "dataset");
  for (int i = 0; role.empty() && i < trial.dataset().paths_size(); ++i) {
    role = NameUnder(input.name(), trial.dataset().paths(i), absl::StrCat("dataset.", i));
  }
  return role.empty() ? NameUnder(input.name(), trial.model().path(), "model") : role;
}

std::vector<std::string> RolesAndHashes(const v1::TrialSpec& trial,
                                        const std::vector<v1::InputFile>& inputs) {
  std::vector<std::string> parts;
  for (const v1::InputFile& input : inputs) {
    const std::string role = RoleOf(input, trial);
    if (!role.empty()) parts.push_back(absl::StrCat(role, "=", input.sha256()));
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

bool StepTrains(const v1::CompressStep& step) {
  return step.has_finetune() || step.has_distill() ||
         step.quantize().mode() == v1::QUANTIZE_MODE_QAT ||
         step.prune().schedule() == v1::PRUNE_SCHEDULE_GRADUAL;
}

// Without what cannot change the bytes of the artifact.
v1::TrialSpec WithoutIdleSettings(const v1::TrialSpec& trial, bool paths_are_hashed) {
  v1::TrialSpec bare = trial;
  bare.mutable_model()->clear_name();
  for (v1::CompressStep& step : *bare.mutable_compress()) {
    if (!step.has_distill()) continue;
    step.mutable_distill()->mutable_student()->clear_name();
    if (step.distill().has_teacher()) step.mutable_distill()->mutable_teacher()->clear_name();
  }
  const bool untrained =
      bare.model().type() == v1::MODEL_TYPE_TINYKNN || bare.model().type() == v1::MODEL_TYPE_ONNX;
  if (untrained && std::none_of(bare.compress().begin(), bare.compress().end(), StepTrains)) {
    bare.clear_train();
  } else if (bare.train().patience() == 0) {
    bare.mutable_train()->clear_validation_fraction();
  }
  if (paths_are_hashed) {
    bare.mutable_dataset()->clear_path();
    bare.mutable_dataset()->clear_paths();
    bare.mutable_model()->clear_path();
  }
  return bare;
}

ReferencedFile DatasetFile(v1::DatasetType type, const std::string& path) {
  if (!IsImageSet(type) || absl::EndsWith(path, ".mat")) return {path, {}};
  if (type == v1::DATASET_TYPE_CIFAR10) return {path, {"data_batch_*", "test_batch*"}};
  if (type == v1::DATASET_TYPE_SVHN) return {path, {"train_32x32.mat", "test_32x32.mat"}};
  return {path,
          {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
           "t10k-labels-idx1-ubyte"}};
}

void AppendFiles(const v1::DatasetSpec& dataset, std::vector<ReferencedFile>& files) {
  if (!dataset.path().empty()) files.push_back(DatasetFile(dataset.type(), dataset.path()));
  for (const std::string& path : dataset.paths())
    files.push_back(DatasetFile(dataset.type(), path));
}

void AppendFiles(const v1::ModelSpec& model, std::vector<ReferencedFile>& files) {
  const auto is_known = [&](const ReferencedFile& file) { return file.name == model.path(); };
  if (model.path().empty() || std::any_of(files.begin(), files.end(), is_known)) return;
  files.push_back({model.path(), {}});
}

}  // namespace

v1::TrialSpec BaseTrial(const v1::TrialSpec& trial) {
  v1::TrialSpec base = trial;
  if (!trial.compress().empty() && trial.compress(0).distill().has_teacher()) {
    *base.mutable_model() = trial.compress(0).distill().teacher();
  }
  base.clear_compress();
  return base;
}

v1::TaskKind FinalTaskKind(const v1::TrialSpec& trial) {
  return trial.compress().empty() ? v1::TASK_KIND_BASE : v1::TASK_KIND_COMPRESS;
}

std::string TaskContentHash(v1::TaskKind kind, const v1::TrialSpec& trial,
                            const std::vector<v1::InputFile>& inputs) {
  const v1::TrialSpec work = kind == v1::TASK_KIND_BASE ? BaseTrial(trial) : trial;
  std::vector<std::string> parts = {kHashVersion, absl::StrCat("task ", static_cast<int>(kind))};
  const std::vector<std::string> files = RolesAndHashes(work, inputs);
  parts.push_back(CanonicalBytes(WithoutIdleSettings(work, !files.empty())));
  parts.insert(parts.end(), files.begin(), files.end());
  return HashParts(parts);
}

std::string TrialContentHash(const v1::TrialSpec& trial, const std::vector<v1::InputFile>& inputs) {
  return TaskContentHash(FinalTaskKind(trial), trial, inputs);
}

std::string SweepContentHash(const v1::SweepSpec& spec, const std::vector<v1::InputFile>& inputs) {
  v1::SweepSpec canonical = spec;
  ApplySweepDefaults(canonical);
  canonical.clear_name();
  std::vector<std::string> parts = {kHashVersion, "sweep", CanonicalBytes(canonical)};
  std::vector<std::string> files;
  for (const v1::InputFile& input : inputs) {
    files.push_back(absl::StrCat(input.name(), "=", input.sha256()));
  }
  std::sort(files.begin(), files.end());
  parts.insert(parts.end(), files.begin(), files.end());
  return HashParts(parts);
}

std::vector<ReferencedFile> ReferencedFiles(const v1::SweepSpec& spec) {
  std::vector<ReferencedFile> files;
  AppendFiles(spec.dataset(), files);
  for (const v1::ModelSpec& model : spec.models()) AppendFiles(model, files);
  return files;
}

std::vector<ReferencedFile> ReferencedFiles(const v1::TrialSpec& trial) {
  std::vector<ReferencedFile> files;
  AppendFiles(trial.dataset(), files);
  AppendFiles(trial.model(), files);
  return files;
}

std::vector<v1::InputFile> InputsOfTrial(const v1::TrialSpec& trial,
                                         const std::vector<v1::InputFile>& files) {
  std::vector<v1::InputFile> inputs;
  for (const v1::InputFile& file : files) {
    if (!RoleOf(file, trial).empty()) inputs.push_back(file);
  }
  return inputs;
}

}  // namespace tinyjoule

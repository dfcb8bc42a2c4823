// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_SWEEP_EXPANSION_H_
#define COMMON_CONFIG_SWEEP_EXPANSION_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tinyjoule/v1/sweep.pb.h"
#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// One point of a sweep.
struct ExpandedTrial {
  std::string model;
  std::string variant;
  // Fully resolved: the parameters are applied.
  v1::TrialSpec trial;
  // Swept parameters, path -> value as text, such as "compress.0.prune.sparsity" -> "0.4".
  std::map<std::string, std::string> parameters;
  // From 0; always 0 for holdout.
  uint32_t fold = 0;
  uint64_t seed = 0;
};

// Models x folds x seeds x variants x variant parameters x global parameters, without what
// `exclude` names; in this order, so that trials that share a base model stand together. The same
// spec gives the same list. A variant's own parameter wins over the sweep's of the same path.
// InvalidArgument: a parameter that does not fit, more than 100,000 trials, none left.
absl::StatusOr<std::vector<ExpandedTrial>> ExpandSweep(const v1::SweepSpec& spec);

// What a TASK_KIND_BASE trains: the trial without its compress steps, and with the teacher's model
// where its distillation names one.
v1::TrialSpec BaseTrial(const v1::TrialSpec& trial);

// Content hash (SHA-256, hexadecimal digits) of one piece of work: equal bytes are made by equal
// hashes. Names of models, paths of files (their hashes count) and settings without effect
// (training of a tinyknn) are not part of it. `inputs`: the files that the trial reads.
std::string TaskContentHash(v1::TaskKind kind, const v1::TrialSpec& trial,
                            const std::vector<v1::InputFile>& inputs);

// The same for a trial: the hash of the task that yields its artifact.
std::string TrialContentHash(const v1::TrialSpec& trial, const std::vector<v1::InputFile>& inputs);

// BASE for a trial without compress steps, else COMPRESS.
v1::TaskKind FinalTaskKind(const v1::TrialSpec& trial);

// A data or model file, or a folder, that a sweep names, as written there.
struct ReferencedFile {
  std::string name;
  // Only files with these names in it, when it is a folder: those of an image set, each with or
  // without ".gz"; "data_batch_*" stands for every file that begins so. Empty: a plain file.
  std::vector<std::string> folder_files;
};

std::vector<ReferencedFile> ReferencedFiles(const v1::SweepSpec& spec);
std::vector<ReferencedFile> ReferencedFiles(const v1::TrialSpec& trial);

// Those of `files` that the trial reads: names equal to a referenced one, or below its folder.
std::vector<v1::InputFile> InputsOfTrial(const v1::TrialSpec& trial,
                                         const std::vector<v1::InputFile>& files);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_SWEEP_EXPANSION_H_

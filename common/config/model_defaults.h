// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_MODEL_DEFAULTS_H_
#define COMMON_CONFIG_MODEL_DEFAULTS_H_

#include <string>

#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// Sets of pictures in classes, with their own test files.
bool IsImageSet(v1::DatasetType type);

// Whether it reads pictures [channels, height, width] and nothing else.
bool ReadsPictures(v1::ModelType type);

// Whether a model of the sweep learns classes: every one of an image set but an autoencoder, which
// learns its own input. False for tables.
bool LearnsClasses(v1::DatasetType dataset, v1::ModelType model);

// The layers of a model of that type that the file leaves out.
void ApplyModelDefaults(v1::ModelSpec& model);

// What a prune step leaves out. Again when a parameter has changed the schedule.
void ApplyPruneDefaults(v1::PruneStep& prune);

// The word of its type.
std::string DefaultModelName(v1::ModelType type);

// The student of a distillation as a complete model: its type is the given one, or the one that its
// keys belong to (conv: tinycnn, hidden: tinymlp, prototypes: tinyknn), or the teacher's; layers
// that are not given are the teacher's when the types are equal, else the type's defaults.
v1::ModelSpec ResolveStudent(const v1::ModelSpec& teacher, const v1::ModelSpec& student);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_MODEL_DEFAULTS_H_

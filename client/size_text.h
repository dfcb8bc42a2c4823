// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_SIZE_TEXT_H_
#define CLIENT_SIZE_TEXT_H_

#include <string>

#include "tinyjoule/v1/training.pb.h"

namespace tinyjoule {

// What a model takes, in lines for people: what it has, and its file in each layout. Empty for a
// size that nobody measured.
std::string SizeText(const v1::ModelSize& size);

}  // namespace tinyjoule

#endif  // CLIENT_SIZE_TEXT_H_

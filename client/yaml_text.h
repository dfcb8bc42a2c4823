// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_YAML_TEXT_H_
#define CLIENT_YAML_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// A JSON object as block YAML with the same content, keys in order. Texts stand in JSON's quotes,
// which are YAML's too.
std::string JsonToYaml(absl::string_view json);

}  // namespace tinyjoule

#endif  // CLIENT_YAML_TEXT_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/reference_engine.h"

#include <utility>

#include "common/base/status.h"

namespace tinyjoule {

absl::StatusOr<std::unique_ptr<ReferenceEngine>> ReferenceEngine::Create(
    const onnx::ModelProto& model) {
  TJ_ASSIGN_OR_RETURN(std::unique_ptr<ReferenceProgram> program, ReferenceProgram::Create(model));
  TJ_ASSIGN_OR_RETURN(const ElementCoding input, InputCodingOf(program->graph()));
  TJ_ASSIGN_OR_RETURN(const ElementCoding output, OutputCodingOf(program->graph()));
  return std::unique_ptr<ReferenceEngine>(new ReferenceEngine(std::move(program), input, output));
}

std::string ReferenceEngine::version() const { return "reference " TINYJOULE_VERSION; }

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/compress/given_model.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/model_file.h"
#include "server/trainer/nn/network_pass.h"

namespace tinyjoule {
namespace {

absl::Status CheckEnds(const OnnxGraph& graph) {
  const GraphValue& input = graph.value(graph.input());
  const GraphValue& output = graph.value(graph.output());
  if (input.shape.size() >= 2 && output.shape.size() == 2) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("it maps ", ShapeText(input.shape), " to ",
                                                 ShapeText(output.shape),
                                                 "; expected [N, ...] to [N, outputs]"));
}

float OutputStep(const OnnxGraph& graph, const ElementCoding& coding) {
  if (coding.type == ElementType::kInt8) return coding.scale;
  const int producer = graph.value(graph.output()).producer;
  if (producer < 0 || graph.node(producer).op_type != "DequantizeLinear") return 0;
  const GraphValue& scale = graph.value(graph.node(producer).inputs[1]);
  return scale.constant && scale.size() == 1 ? scale.elements<float>()[0] : 0;
}

}  // namespace

absl::StatusOr<GivenModel> ReadGivenModel(std::string bytes) {
  GivenModel model;
  TJ_ASSIGN_OR_RETURN(model.proto, ParseModel(bytes));
  TJ_ASSIGN_OR_RETURN(model.program, ReferenceProgram::Create(model.proto));
  const OnnxGraph& graph = model.program->graph();
  TJ_RETURN_IF_ERROR(CheckEnds(graph));
  TJ_ASSIGN_OR_RETURN(model.input_coding, InputCodingOf(graph));
  TJ_ASSIGN_OR_RETURN(model.output_coding, OutputCodingOf(graph));
  const Shape& input = graph.value(graph.input()).shape;
  model.sample_shape.assign(input.begin() + 1, input.end());
  model.output_count = graph.value(graph.output()).shape[1];
  model.output_step = OutputStep(graph, model.output_coding);
  model.bytes = std::move(bytes);
  return model;
}

std::vector<float> Predict(const GivenModel& model, absl::Span<const float> samples) {
  if (model.network.has_value()) return Predict(*model.network, samples);
  const size_t size = static_cast<size_t>(ElementCount(model.sample_shape));
  const size_t outputs = static_cast<size_t>(model.output_count);
  std::vector<float> predictions(samples.size() / size * outputs);
  // Room for one row of either type.
  std::vector<float> input(size);
  std::vector<float> output(outputs);
  for (size_t row = 0; row * size < samples.size(); ++row) {
    EncodeElements(model.input_coding, samples.subspan(row * size, size), input.data());
    model.program->Run(input.data(), output.data());
    DecodeElements(model.output_coding, output.data(),
                   absl::MakeSpan(predictions).subspan(row * outputs, outputs));
  }
  return predictions;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_TORCH_TORCH_OPERATORS_H_
#define AGENT_RUNNER_TORCH_TORCH_OPERATORS_H_

#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/runner/torch/quantized_layer.h"
#include "common/onnx/shape_inference.h"

namespace tinyjoule {

// An operator bound to the tensors that it reads and sets. May throw what LibTorch throws.
using TorchStep = std::function<void()>;

// A node, what is known of its operands, and the places of their tensors, which stay where they
// are. Null: absent.
struct TorchOperands {
  NodeOperands shapes;
  std::vector<const at::Tensor*> inputs;
  // Inputs that are the same in every inference and have their values already.
  std::vector<bool> constant;
  std::vector<at::Tensor*> outputs;

  const GraphNode& node() const { return *shapes.node; }
  bool Has(size_t index) const { return shapes.Has(index); }
  bool IsConstant(size_t index) const { return Has(index) && constant[index]; }
  const at::Tensor& in(size_t index) const { return *inputs[index]; }
  at::Tensor& out() const { return *outputs[0]; }
  const Shape& in_shape(size_t index) const { return shapes.in(index).shape; }
  const Shape& out_shape() const { return shapes.outputs[0]->shape; }
  ElementType type(size_t index) const { return shapes.in(index).type; }
};

// Unimplemented: an operator, or a form of it, that the torch engine has not. Throws what LibTorch
// throws.
absl::StatusOr<TorchStep> MakeTorchStep(const TorchOperands& operands);

// LibTorch's int8 layer; `weights` as they lie in the model, `bias` undefined or float32. Reads and
// sets quantised tensors of `output_zero_point`'s kind, quint8. Throws what LibTorch throws.
TorchStep MakeQuantizedLayerStep(const QuantizedLayer& layer, const at::Tensor& weights,
                                 const at::Tensor& bias, const at::Tensor& in, at::Tensor& out);

// LibTorch's int8 operators take unsigned activations only: the same steps, 128 higher.
int64_t UnsignedZeroPoint(const ActivationQuantization& quantization);

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_TORCH_TORCH_OPERATORS_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/algorithm/container.h"
#include "common/onnx/onnx_graph.h"

namespace tinyjoule {
namespace {

constexpr std::array<const char*, 6> kViews = {"Dropout", "Flatten", "Identity",
                                               "Reshape", "Squeeze", "Unsqueeze"};
constexpr std::array<const char*, 13> kInPlace = {
    "Abs",  "BatchNormalization", "Clip",    "Exp",     "LeakyRelu", "Log", "Neg",
    "Relu", "Reciprocal",         "Sigmoid", "Softmax", "Sqrt",      "Tanh"};

// Which buffer each value lies in, and from which node to which it is needed.
class BufferPlan {
 public:
  explicit BufferPlan(const OnnxGraph& graph) : graph_(graph), owner_(graph.values().size(), -1) {
    NewBuffer(graph.input(), -1);
    for (size_t i = 0; i < graph.nodes().size(); ++i) AddNode(static_cast<int>(i));
    if (Buffer* output = BufferOf(graph.output())) {
      output->last = static_cast<int>(graph.nodes().size());
    }
  }

  uint64_t Peak() const {
    uint64_t peak = 0;
    for (int step = 0; step <= static_cast<int>(graph_.nodes().size()); ++step) {
      uint64_t bytes = 0;
      for (const Buffer& buffer : buffers_) {
        if (buffer.first <= step && step <= buffer.last) bytes += buffer.bytes;
      }
      peak = std::max(peak, bytes);
    }
    return peak;
  }

 private:
  struct Buffer {
    uint64_t bytes = 0;
    int first = 0;
    int last = 0;
  };

  Buffer* BufferOf(int value) {
    const int owner = value < 0 ? -1 : owner_[static_cast<size_t>(value)];
    return owner < 0 ? nullptr : &buffers_[static_cast<size_t>(owner)];
  }

  void NewBuffer(int value, int step) {
    owner_[static_cast<size_t>(value)] = static_cast<int>(buffers_.size());
    buffers_.push_back({graph_.value(value).size_bytes(), step, step});
  }

  // Whether the node's result needs no buffer of its own beside its input's.
  bool SharesBuffer(const GraphNode& node) {
    const int input = node.input(0);
    if (BufferOf(input) == nullptr) return false;
    const bool only_reader = graph_.value(input).consumers.size() == 1;
    if (absl::c_linear_search(kViews, node.op_type)) return true;
    if (node.op_type == "DequantizeLinear") return node.outputs[0] != graph_.output();
    if (node.op_type == "QuantizeLinear") return only_reader && input != graph_.input();
    return only_reader && absl::c_linear_search(kInPlace, node.op_type);
  }

  void AddNode(int step) {
    const GraphNode& node = graph_.node(step);
    for (const int input : node.inputs) {
      if (Buffer* buffer = BufferOf(input)) buffer->last = step;
    }
    if (SharesBuffer(node)) {
      owner_[static_cast<size_t>(node.outputs[0])] = owner_[static_cast<size_t>(node.inputs[0])];
      Buffer* shared = BufferOf(node.outputs[0]);
      shared->bytes = std::min<uint64_t>(shared->bytes, graph_.value(node.outputs[0]).size_bytes());
      return;
    }
    // What is made of constants alone can be made once, at load.
    const bool varies =
        absl::c_any_of(node.inputs, [this](int input) { return BufferOf(input) != nullptr; });
    if (!varies) return;
    for (const int output : node.outputs) {
      if (output >= 0) NewBuffer(output, step);
    }
  }

  const OnnxGraph& graph_;
  std::vector<int> owner_;
  std::vector<Buffer> buffers_;
};

}  // namespace

uint64_t PeakActivationBytes(const OnnxGraph& graph) { return BufferPlan(graph).Peak(); }

}  // namespace tinyjoule

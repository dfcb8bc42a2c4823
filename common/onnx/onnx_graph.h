// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_ONNX_ONNX_GRAPH_H_
#define COMMON_ONNX_ONNX_GRAPH_H_

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/onnx/tensor_data.h"
#include "common/onnx/tensor_shape.h"

namespace tinyjoule {

// One tensor of the graph: an input, a constant or the output of a node.
struct GraphValue {
  std::string name;
  ElementType type = ElementType::kFloat;
  Shape shape;
  // Constants only (initialisers, Constant nodes, shapes, and what nodes make of those): the
  // elements, little-endian, row-major.
  bool constant = false;
  std::vector<uint8_t> data;
  // Of a constant: the tensors in the file that it is made of, with the bytes of their elements.
  std::map<std::string, size_t> stored;
  // Index of the node that makes it; -1: none.
  int producer = -1;
  // Indices of the nodes that read it, in topological order, each once.
  std::vector<int> consumers;

  int64_t size() const { return ElementCount(shape); }
  size_t size_bytes() const { return static_cast<size_t>(size()) * ElementSize(type); }
  size_t stored_bytes() const;
  // The elements of a constant. T must be the C++ type of `type`.
  template <typename T>
  absl::Span<const T> elements() const {
    return absl::Span<const T>(reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T));
  }
};

// One operator. Attributes are read with their ONNX defaults given by the caller.
class GraphNode {
 public:
  std::string name;
  std::string op_type;
  // Indices into OnnxGraph::values(); -1: an optional input or output that is absent.
  std::vector<int> inputs;
  std::vector<int> outputs;

  // -1 when the node has no such input.
  int input(size_t index) const { return index < inputs.size() ? inputs[index] : -1; }
  bool HasAttribute(absl::string_view attribute) const;
  int64_t Int(absl::string_view attribute, int64_t otherwise) const;
  float Float(absl::string_view attribute, float otherwise) const;
  std::string String(absl::string_view attribute, absl::string_view otherwise) const;
  std::vector<int64_t> Ints(absl::string_view attribute, std::vector<int64_t> otherwise) const;
  // Sorted.
  std::vector<std::string> AttributeNames() const;
  // "Conv node 'Conv_0'", for messages.
  std::string Describe() const;

 private:
  friend class GraphLoader;
  absl::flat_hash_map<std::string, onnx::AttributeProto> attributes_;
};

// A validated view of a model for those who run or measure it: one input, one output, nodes in
// topological order, every shape known, for one inference (a symbolic first dimension is 1).
// Constant nodes, and what FoldConstant computes, become constants. Immutable; owns its data.
class OnnxGraph {
 public:
  // InvalidArgument: as ValidateModel, or operands that do not fit the operator. Unimplemented: an
  // operator, element type or symbolic dimension that TinyJoule does not know, with the node's
  // name.
  static absl::StatusOr<OnnxGraph> Create(const onnx::ModelProto& model);

  const std::vector<GraphValue>& values() const { return values_; }
  const GraphValue& value(int index) const { return values_[static_cast<size_t>(index)]; }
  const std::vector<GraphNode>& nodes() const { return nodes_; }
  const GraphNode& node(int index) const { return nodes_[static_cast<size_t>(index)]; }
  int input() const { return input_; }
  int output() const { return output_; }

 private:
  friend class GraphLoader;
  std::vector<GraphValue> values_;
  std::vector<GraphNode> nodes_;
  int input_ = -1;
  int output_ = -1;
};

// Bytes of activations that must be in memory at once, input and output included, when the nodes
// run in topological order and nothing is kept longer than its last reader:
//
//   max over nodes of the sum of all buffers that the node reads or writes or that a later one
//   reads
//
// A buffer is shared by the values that need no second one: results of Reshape, Flatten, Squeeze,
// Unsqueeze, Identity, Dropout; of Relu, Clip, Sigmoid, Tanh, BatchNormalization and the like in
// place when nobody else reads their input; and in a quantised model the float values between
// DequantizeLinear and QuantizeLinear, which exist as int8 only. Constants are parameters, not
// activations.
uint64_t PeakActivationBytes(const OnnxGraph& graph);

// The operators that OnnxGraph infers shapes for, sorted.
const std::vector<std::string>& KnownOperators();

}  // namespace tinyjoule

#endif  // COMMON_ONNX_ONNX_GRAPH_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/model_size.h"

#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/onnx/knn_model.h"

namespace tinyjoule {
namespace {

// The default of zstd: 6 MB of stored points take 40 ms; level 19 took seconds for a fifth less.
constexpr int kZstdLevel = 3;
constexpr uint64_t kNegativeZero = 0x8000'0000;
constexpr uint64_t kNegativeHalfZero = 0x8000;

// The constant that a value is made of: itself, or what DequantizeLinear, Reshape or Transpose make
// of it. -1: none.
int ConstantBehind(const OnnxGraph& graph, int value) {
  static constexpr const char* kPassing[] = {"DequantizeLinear", "Reshape", "Transpose", "Cast"};
  while (value >= 0 && !graph.value(value).constant) {
    const int producer = graph.value(value).producer;
    if (producer < 0 || !absl::c_linear_search(kPassing, graph.node(producer).op_type)) return -1;
    value = graph.node(producer).input(0);
  }
  return value;
}

bool IsMatMulResult(const OnnxGraph& graph, int value) {
  const int producer = value < 0 ? -1 : graph.value(value).producer;
  return producer >= 0 && graph.node(producer).op_type == "MatMul";
}

// The inputs of a node that training sets.
std::vector<int> ParameterInputs(const OnnxGraph& graph, const GraphNode& node) {
  if (node.op_type == "Conv" || node.op_type == "Gemm" || node.op_type == "BatchNormalization") {
    return {node.input(1), node.input(2)};
  }
  if (node.op_type == "MatMul") return {node.input(0), node.input(1)};
  if (node.op_type == "Add" && IsMatMulResult(graph, node.input(0))) return {node.input(1)};
  if (node.op_type == "Add" && IsMatMulResult(graph, node.input(1))) return {node.input(0)};
  return {};
}

std::set<int> ParameterValues(const OnnxGraph& graph) {
  std::set<int> values;
  for (const GraphNode& node : graph.nodes()) {
    for (const int input : ParameterInputs(graph, node)) {
      const int constant = ConstantBehind(graph, input);
      if (constant >= 0) values.insert(constant);
    }
  }
  return values;
}

// How often each value occurs, by its bytes; -0.0 is 0.
using Occurrences = absl::flat_hash_map<uint64_t, uint64_t>;

Occurrences CountValues(const GraphValue& value) {
  Occurrences occurrences;
  const size_t element_bytes = ElementSize(value.type);
  for (size_t i = 0; i < value.data.size(); i += element_bytes) {
    uint64_t bits = 0;
    std::memcpy(&bits, value.data.data() + i, element_bytes);
    if (value.type == ElementType::kFloat && bits == kNegativeZero) bits = 0;
    if (value.type == ElementType::kFloat16 && bits == kNegativeHalfZero) bits = 0;
    ++occurrences[bits];
  }
  return occurrences;
}

// Bytes that count from 0 to `largest` takes.
uint64_t IndexBytes(uint64_t largest) {
  if (largest <= UINT8_MAX) return 1;
  return largest <= UINT16_MAX ? 2 : 4;
}

uint64_t SparseBytes(const GraphValue& value, uint64_t nonzero) {
  const uint64_t rows = value.shape.empty() ? 1 : static_cast<uint64_t>(value.shape[0]);
  if (rows == 0) return 0;
  const uint64_t columns = static_cast<uint64_t>(value.size()) / rows;
  const uint64_t element_bytes = ElementSize(value.type) + IndexBytes(columns - 1);
  return nonzero * element_bytes + (rows + 1) * IndexBytes(nonzero);
}

// Packed indices into a codebook of the distinct values, and the codebook.
uint64_t ClusteredBytes(const GraphValue& value, uint64_t distinct) {
  uint64_t index_bits = 0;
  while (index_bits < 64 && (uint64_t{1} << index_bits) < distinct) ++index_bits;
  return (static_cast<uint64_t>(value.size()) * index_bits + 7) / 8 +
         distinct * ElementSize(value.type);
}

// Multiplications with a weight in one run of the node.
uint64_t MacCount(const OnnxGraph& graph, const GraphNode& node) {
  const GraphValue& result = graph.value(node.outputs[0]);
  if (node.op_type == "Conv") {
    const GraphValue& weights = graph.value(node.inputs[1]);
    return static_cast<uint64_t>(result.size() * weights.size() / weights.shape[0]);
  }
  if (node.op_type == "Gemm") {
    const Shape& a = graph.value(node.inputs[0]).shape;
    return static_cast<uint64_t>(result.size() * a[node.Int("transA", 0) != 0 ? 0 : 1]);
  }
  if (node.op_type == "MatMul") {
    return static_cast<uint64_t>(result.size() * graph.value(node.inputs[0]).shape.back());
  }
  return 0;
}

// Adds one tensor of parameters; the sizes of the file begin as it is stored.
void AddParameters(const GraphValue& value, v1::ModelSize* size) {
  const Occurrences occurrences = CountValues(value);
  const auto zeros = occurrences.find(0);
  const uint64_t count = static_cast<uint64_t>(value.size());
  const uint64_t nonzero = count - (zeros == occurrences.end() ? 0 : zeros->second);
  const uint64_t dense = value.size_bytes();
  const uint64_t stored = value.stored_bytes();
  const uint64_t clustered = ClusteredBytes(value, occurrences.size());
  size->set_parameter_count(size->parameter_count() + count);
  size->set_nonzero_count(size->nonzero_count() + nonzero);
  size->set_model_bytes_dense(size->model_bytes_dense() - stored + dense);
  size->set_model_bytes_sparse(size->model_bytes_sparse() - stored +
                               std::min(dense, SparseBytes(value, nonzero)));
  size->set_model_bytes_clustered(size->model_bytes_clustered() - stored +
                                  std::min(dense, clustered));
}

void MeasureGraph(const OnnxGraph& graph, v1::ModelSize* size) {
  for (const int index : ParameterValues(graph)) AddParameters(graph.value(index), size);
  for (const GraphNode& node : graph.nodes()) {
    size->set_mac_count(size->mac_count() + MacCount(graph, node));
  }
  size->set_peak_activation_bytes(PeakActivationBytes(graph));
}

void MeasureKnn(const OnnxGraph& graph, const KnnModel& knn, v1::ModelSize* size) {
  const auto points = absl::c_find_if(
      graph.values(), [](const GraphValue& value) { return value.name == "knn_points"; });
  GraphValue matrix = *points;
  matrix.shape = {knn.rows, knn.features};
  AddParameters(matrix, size);
  size->set_mac_count(size->parameter_count());
  size->set_peak_activation_bytes(KnnActivationBytes(knn));
}

absl::StatusOr<uint64_t> CompressedSize(absl::string_view bytes) {
  std::string buffer(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size =
      ZSTD_compress(buffer.data(), buffer.size(), bytes.data(), bytes.size(), kZstdLevel);
  if (ZSTD_isError(size)) {
    return absl::InternalError(absl::StrCat("compress the model: ", ZSTD_getErrorName(size)));
  }
  return size;
}

}  // namespace

absl::StatusOr<v1::ModelSize> MeasureModel(const onnx::ModelProto& model,
                                           absl::string_view file_bytes) {
  TJ_ASSIGN_OR_RETURN(const OnnxGraph graph, OnnxGraph::Create(model));
  v1::ModelSize size;
  size.set_model_bytes(file_bytes.size());
  size.set_model_bytes_dense(file_bytes.size());
  size.set_model_bytes_sparse(file_bytes.size());
  size.set_model_bytes_clustered(file_bytes.size());
  TJ_ASSIGN_OR_RETURN(const uint64_t compressed, CompressedSize(file_bytes));
  size.set_model_bytes_zstd(compressed);
  if (IsKnnModel(model)) {
    TJ_ASSIGN_OR_RETURN(const KnnModel knn, ReadKnnModel(model));
    MeasureKnn(graph, knn, &size);
  } else {
    MeasureGraph(graph, &size);
  }
  if (size.parameter_count() > 0) {
    size.set_sparsity(1.0 - static_cast<double>(size.nonzero_count()) /
                                static_cast<double>(size.parameter_count()));
  }
  return size;
}

}  // namespace tinyjoule

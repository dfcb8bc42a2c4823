// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_REFERENCE_REFERENCE_KERNELS_H_
#define COMMON_REFERENCE_REFERENCE_KERNELS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/onnx/onnx_graph.h"
#include "common/onnx/shape_inference.h"
#include "common/onnx/tensor_shape.h"

namespace tinyjoule {

// An operator bound to its operands: computes its outputs from its inputs. Allocates nothing.
using ReferenceKernel = std::function<void()>;

// A node, what is known of its operands, and where their elements lie. Null: absent.
struct KernelOperands {
  NodeOperands shapes;
  std::vector<const void*> input_data;
  std::vector<void*> output_data;

  const GraphNode& node() const { return *shapes.node; }
  bool Has(size_t index) const { return shapes.Has(index); }
  const GraphValue& in(size_t index) const { return shapes.in(index); }
  const GraphValue& out(size_t index = 0) const { return *shapes.outputs[index]; }
  template <typename T>
  const T* input(size_t index) const {
    return static_cast<const T*>(input_data[index]);
  }
  // Null when the output is not wanted.
  template <typename T>
  T* output(size_t index = 0) const {
    return index < output_data.size() ? static_cast<T*>(output_data[index]) : nullptr;
  }
};

// Unimplemented: an operator, or an element type of it, that the reference engine has not.
absl::StatusOr<ReferenceKernel> MakeReferenceKernel(const KernelOperands& operands);

// The kernels by kind; each knows the operators that MakeReferenceKernel sends to it.
absl::StatusOr<ReferenceKernel> MakeUnaryKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeClipKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeCastKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeSoftmaxKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeBinaryKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeComparisonKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeWhereKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeQuantizeKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeDequantizeKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeDynamicQuantizeKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeCopyKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeTransposeKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeConcatKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeGatherKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeConvKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakePoolKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeGlobalPoolKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeBatchNormalizationKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeGemmKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeMatMulKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeReduceKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeArgMaxKernel(const KernelOperands& operands);
absl::StatusOr<ReferenceKernel> MakeTopKKernel(const KernelOperands& operands);

// "elements of int64", for Unimplemented messages.
absl::Status UnimplementedType(ElementType type);

// Goes through a shape in row-major order and follows up to three operands whose strides are given
// per dimension of the shape (0 where an operand is broadcast).
class StridedLoop {
 public:
  explicit StridedLoop(Shape shape) : shape_(std::move(shape)), size_(ElementCount(shape_)) {}

  // An operand of `shape`, broadcast to the loop's shape.
  void AddBroadcast(const Shape& shape);
  void AddStrides(Shape strides) { strides_.push_back(std::move(strides)); }

  // body(index, offsets): the place in the loop, and in each operand.
  template <typename Body>
  void Run(const Body& body) const {
    std::array<int64_t, kMaxRank> counters = {};
    std::array<int64_t, 3> offsets = {};
    for (int64_t index = 0; index < size_; ++index) {
      body(index, offsets);
      Advance(&counters, &offsets);
    }
  }

 private:
  void Advance(std::array<int64_t, kMaxRank>* counters, std::array<int64_t, 3>* offsets) const {
    for (size_t dim = shape_.size(); dim-- > 0;) {
      for (size_t i = 0; i < strides_.size(); ++i) (*offsets)[i] += strides_[i][dim];
      if (++(*counters)[dim] < shape_[dim]) return;
      for (size_t i = 0; i < strides_.size(); ++i) {
        (*offsets)[i] -= strides_[i][dim] * shape_[dim];
      }
      (*counters)[dim] = 0;
    }
  }

  Shape shape_;
  int64_t size_;
  std::vector<Shape> strides_;
};

// A tensor around one axis: element (o, a, i) lies at (o * axis + a) * inner + i.
struct AxisView {
  int64_t outer = 1;
  int64_t axis = 1;
  int64_t inner = 1;
};
AxisView ViewAround(const Shape& shape, size_t axis);

}  // namespace tinyjoule

#endif  // COMMON_REFERENCE_REFERENCE_KERNELS_H_

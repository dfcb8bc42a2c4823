// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_XNNPACK_PLAN_H_
#define AGENT_RUNNER_XNNPACK_PLAN_H_

#include <xnnpack.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/onnx/quantization.h"

namespace tinyjoule {

struct XnnOperatorDeleter {
  void operator()(xnn_operator_t op) const { xnn_delete_operator(op); }
};
using XnnOperator = std::unique_ptr<xnn_operator, XnnOperatorDeleter>;

struct ThreadPoolDeleter {
  void operator()(pthreadpool_t pool) const { pthreadpool_destroy(pool); }
};
using ThreadPool = std::unique_ptr<pthreadpool, ThreadPoolDeleter>;

// OK, or what XNNPACK refused, where `what` is "create convolution".
[[nodiscard]] absl::Status XnnStatus(xnn_status status, absl::string_view what);

// Quantization, found in each inference.
struct DynamicSteps {
  float scale = 1.0f;
  int32_t zero_point = 0;
};

// Where an activation lies while the model runs. Element (c, s) of the tensor, seen as `channels` x
// `pixels` in ONNX's order (c * pixels + s), is stored channels last, at s * channels + c. A tensor
// of one channel or one pixel is stored as ONNX does, and has channels == 1.
struct Activation {
  void* data = nullptr;
  int64_t size = 0;
  int64_t channels = 1;
  // float16 in memory.
  bool half = false;
  bool quantized = false;
  // With quantized: the graph sees the real value here (behind DequantizeLinear), of which int8 is
  // only the form in memory.
  bool stands_for_real = false;
  Quantization quantization;
  // With quantized: not null when the steps are found in each inference, in place of quantization.
  DynamicSteps* dynamic = nullptr;

  size_t element_bytes() const {
    if (quantized) return sizeof(int8_t);
    return half ? sizeof(uint16_t) : sizeof(float);
  }
  size_t size_bytes() const { return static_cast<size_t>(size) * element_bytes(); }
  int64_t pixels() const { return size / channels; }
  float* floats() const { return static_cast<float*>(data); }
  uint16_t* halves() const { return static_cast<uint16_t*>(data); }
  int8_t* bytes() const { return static_cast<int8_t*>(data); }
};

// What an engine does in one inference: steps in order, over buffers that were allocated at load.
class XnnPlan {
 public:
  explicit XnnPlan(ThreadPool pool) : pool_(std::move(pool)) {}

  // A new buffer of `size` elements behind which XNNPACK may read.
  Activation NewActivation(int64_t size, int64_t channels);
  Activation NewHalfActivation(int64_t size, int64_t channels);
  Activation NewQuantizedActivation(int64_t size, int64_t channels, Quantization quantization);
  Activation NewDynamicActivation(int64_t size, int64_t channels);
  // Memory that an operator works in; null where it asks for none.
  void* NewWorkspace(size_t bytes);

  // XNNPACK's operator, set up on its buffers.
  void AddStep(XnnOperator op);
  // What XNNPACK has no operator for.
  void AddStep(std::function<void()> step);

  pthreadpool_t pool() const { return pool_.get(); }
  void Run() const;

 private:
  struct Step {
    XnnOperator op;
    std::function<void()> function;
  };
  // `form`: of which the element is what the buffer is for.
  Activation New(int64_t size, int64_t channels, Activation form);
  void* NewBuffer(size_t bytes);

  ThreadPool pool_;
  struct BufferDeleter {
    void operator()(uint8_t* buffer) const;
  };
  std::vector<std::unique_ptr<uint8_t, BufferDeleter>> buffers_;
  std::vector<std::unique_ptr<DynamicSteps>> dynamic_steps_;
  std::vector<Step> steps_;
};

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_XNNPACK_PLAN_H_

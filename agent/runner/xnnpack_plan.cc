// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/xnnpack_plan.h"

#include <cstring>
#include <new>
#include <string>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

// A cache line, so that the same model takes the same time in every process.
constexpr std::align_val_t kAlignment{64};

absl::string_view StatusWords(xnn_status status) {
  switch (status) {
    case xnn_status_unsupported_parameter:
      return "unsupported parameter";
    case xnn_status_unsupported_hardware:
      return "unsupported hardware";
    case xnn_status_out_of_memory:
      return "out of memory";
    default:
      return "invalid parameter";
  }
}

}  // namespace

absl::Status XnnStatus(xnn_status status, absl::string_view what) {
  if (status == xnn_status_success) return absl::OkStatus();
  const std::string message = absl::StrCat("XNNPACK cannot ", what, ": ", StatusWords(status));
  if (status == xnn_status_out_of_memory) return absl::ResourceExhaustedError(message);
  return absl::UnimplementedError(message);
}

Activation XnnPlan::New(int64_t size, int64_t channels, Activation form) {
  form.size = size;
  form.channels = channels == size ? 1 : channels;
  form.data = NewBuffer(form.size_bytes());
  return form;
}

Activation XnnPlan::NewActivation(int64_t size, int64_t channels) {
  return New(size, channels, {});
}

Activation XnnPlan::NewHalfActivation(int64_t size, int64_t channels) {
  Activation form;
  form.half = true;
  return New(size, channels, form);
}

Activation XnnPlan::NewQuantizedActivation(int64_t size, int64_t channels,
                                           Quantization quantization) {
  Activation form;
  form.quantized = true;
  form.quantization = quantization;
  return New(size, channels, form);
}

Activation XnnPlan::NewDynamicActivation(int64_t size, int64_t channels) {
  Activation activation = NewQuantizedActivation(size, channels, {});
  dynamic_steps_.push_back(std::make_unique<DynamicSteps>());
  activation.dynamic = dynamic_steps_.back().get();
  return activation;
}

void* XnnPlan::NewWorkspace(size_t bytes) { return bytes == 0 ? nullptr : NewBuffer(bytes); }

void* XnnPlan::NewBuffer(size_t bytes) {
  const size_t size = bytes + XNN_EXTRA_BYTES;
  buffers_.emplace_back(static_cast<uint8_t*>(operator new(size, kAlignment)));
  // What XNNPACK reads behind the end does not enter a result, but must not be undefined.
  std::memset(buffers_.back().get(), 0, size);
  return buffers_.back().get();
}

void XnnPlan::BufferDeleter::operator()(uint8_t* buffer) const {
  operator delete(buffer, kAlignment);
}

void XnnPlan::AddStep(XnnOperator op) { steps_.push_back({std::move(op), nullptr}); }

void XnnPlan::AddStep(std::function<void()> step) { steps_.push_back({nullptr, std::move(step)}); }

void XnnPlan::Run() const {
  for (const Step& step : steps_) {
    if (step.op != nullptr) {
      // Cannot fail: the operator was set up with these buffers at load.
      (void)xnn_run_operator(step.op.get(), pool_.get());
    } else {
      step.function();
    }
  }
}

}  // namespace tinyjoule

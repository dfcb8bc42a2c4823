// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_RUNNER_TORCH_TORCH_BORDER_H_
#define AGENT_RUNNER_TORCH_TORCH_BORDER_H_

#include <ATen/ATen.h>

#include <exception>
#include <new>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tinyjoule {

// The border at which LibTorch's exceptions become statuses: what it refuses to compute is
// Unimplemented.
template <typename Function>
absl::Status Guarded(Function function) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("LibTorch: out of memory");
  } catch (const c10::Error& error) {
    const std::string text = absl::StrCat("LibTorch: ", error.what_without_backtrace());
    return absl::StrContains(text, "allocate memory") ? absl::ResourceExhaustedError(text)
                                                      : absl::UnimplementedError(text);
  } catch (const std::exception& error) {
    return absl::UnimplementedError(absl::StrCat("LibTorch: ", error.what()));
  }
}

}  // namespace tinyjoule

#endif  // AGENT_RUNNER_TORCH_TORCH_BORDER_H_

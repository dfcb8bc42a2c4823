// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/size_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tinyjoule {
namespace {

std::string Sparsity(const v1::ModelSize& size) {
  const std::string real = absl::StrFormat("sparsity %.4f", size.sparsity());
  if (!size.has_sparsity_nominal()) return real;
  return absl::StrFormat("%s (asked for: %g)", real, size.sparsity_nominal());
}

std::string FileLine(uint64_t bytes, absl::string_view layout) {
  return absl::StrFormat("  %12d B  %s\n", bytes, layout);
}

}  // namespace

std::string SizeText(const v1::ModelSize& size) {
  if (size.model_bytes() == 0) return "";
  return absl::StrCat("size: ", size.parameter_count(), " parameters, ", size.nonzero_count(),
                      " of them not 0; ", Sparsity(size), "; ", size.mac_count(), " MACs, at most ",
                      size.peak_activation_bytes(), " B of activations\nfile:\n",
                      FileLine(size.model_bytes(), "as stored (ONNX)"),
                      FileLine(size.model_bytes_zstd(), "compressed (zstd)"),
                      FileLine(size.model_bytes_dense(), "every parameter in full"),
                      FileLine(size.model_bytes_sparse(), "sparse, with its index"),
                      FileLine(size.model_bytes_clustered(), "clustered, with its codebook"));
}

}  // namespace tinyjoule

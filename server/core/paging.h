// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_PAGING_H_
#define SERVER_CORE_PAGING_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"

namespace tinyjoule {

// A part of a list: items [first, first + size).
struct Page {
  uint32_t first = 0;
  uint32_t size = 0;
};

// Size 0 means 100; more than 1000 means 1000. InvalidArgument for a token that no answer gave.
inline absl::StatusOr<Page> ParsePage(uint32_t page_size, const std::string& page_token) {
  Page page;
  page.size = page_size == 0 ? 100 : std::min<uint32_t>(page_size, 1000);
  if (!page_token.empty() && !absl::SimpleAtoi(page_token, &page.first)) {
    return absl::InvalidArgumentError("page_token: not one that an answer gave");
  }
  return page;
}

}  // namespace tinyjoule

#endif  // SERVER_CORE_PAGING_H_

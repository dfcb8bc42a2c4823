// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_SPARKLINE_H_
#define CLIENT_SPARKLINE_H_

#include <string>
#include <vector>

namespace tinyjoule {

// One character of eight heights for each value, from the least to the greatest of them.
std::string Sparkline(const std::vector<double>& values);

}  // namespace tinyjoule

#endif  // CLIENT_SPARKLINE_H_

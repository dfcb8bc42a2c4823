// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_DIGEST_H_
#define COMMON_BASE_DIGEST_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// SHA-256 of a stream of bytes (FIPS 180-4, by OpenSSL).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& Update(absl::string_view bytes);
  // 64 lower-case hexadecimal digits. Call once, last.
  std::string HexDigest();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string Sha256Hex(absl::string_view bytes);
// Reads the file in pieces.
absl::StatusOr<std::string> Sha256HexOfFile(const std::string& path);
// 64 lower-case hexadecimal digits.
bool IsSha256Hex(absl::string_view text);

// CRC-32C (Castagnoli, RFC 3720 appendix B.4): "123456789" gives 0xE3069283.
uint32_t Crc32c(absl::string_view bytes);

}  // namespace tinyjoule

#endif  // COMMON_BASE_DIGEST_H_

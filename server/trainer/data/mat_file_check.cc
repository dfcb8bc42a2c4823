// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/mat_file_check.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/file_system.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kHeaderBytes = 128;
constexpr uint64_t kTagBytes = 8;
constexpr uint32_t kMatrix = 14;
constexpr uint32_t kCompressed = 15;

absl::Status CheckHeader(absl::string_view header, const std::string& name) {
  if (absl::StartsWith(header, "MATLAB 7.3")) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, ": a MATLAB 7.3 file (HDF5); save it again with -v7, which is version 5"));
  }
  // "MI" as the writing machine's 16-bit number.
  const absl::string_view order = header.substr(126, 2);
  if (absl::StartsWith(header, "MATLAB 5.0") && (order == "IM" || order == "MI")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(name, ": not a MATLAB 5 file"));
}

uint32_t Word(const char* bytes, bool little_endian) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes[little_endian ? 3 - i : i]);
  }
  return value;
}

}  // namespace

absl::Status CheckMatFile(const std::string& path, const std::string& name) {
  TJ_ASSIGN_OR_RETURN(const uint64_t size, PosixFileSystem().FileSize(path));
  if (size < kHeaderBytes) return absl::InvalidArgumentError(name + ": not a MATLAB 5 file");
  std::ifstream file(path, std::ios::binary);
  std::array<char, kHeaderBytes> header{};
  file.read(header.data(), kHeaderBytes);
  TJ_RETURN_IF_ERROR(CheckHeader({header.data(), header.size()}, name));
  const bool little_endian = header[126] == 'I';
  uint64_t at = kHeaderBytes;
  while (at < size) {
    std::array<char, kTagBytes> tag{};
    file.seekg(static_cast<std::streamoff>(at));
    file.read(tag.data(), kTagBytes);
    const uint32_t type = Word(tag.data(), little_endian);
    const uint64_t end = at + kTagBytes + Word(tag.data() + 4, little_endian);
    if (!file || end > size) {
      return absl::DataLossError(absl::StrCat(name, ": truncated: ", size, " of at least ",
                                              std::max(end, at + kTagBytes), " bytes"));
    }
    if (type != kMatrix && type != kCompressed) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": at byte ", at, " stands no variable but type ", type));
    }
    at = end;
  }
  return absl::OkStatus();
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/svhn_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/file_system.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// MATLAB 5 files by the book ("MAT-File Format", The MathWorks), uncompressed.
std::string Number(uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  return bytes;
}

std::string Element(uint32_t type, std::string data) {
  std::string element = Number(type) + Number(static_cast<uint32_t>(data.size())) + data;
  element.resize((element.size() + 7) / 8 * 8);
  return element;
}

std::string Uint8Matrix(const std::string& name, const std::vector<uint32_t>& shape,
                        const std::string& values) {
  constexpr uint32_t kInt8 = 1, kUint8 = 2, kInt32 = 5, kUint32 = 6, kMatrix = 14, kClassUint8 = 9;
  std::string dimensions;
  for (const uint32_t size : shape) dimensions += Number(size);
  return Element(kMatrix, Element(kUint32, Number(kClassUint8) + Number(0)) +
                              Element(kInt32, dimensions) + Element(kInt8, name) +
                              Element(kUint8, values));
}

std::string MatFile(const std::string& elements) {
  std::string header = "MATLAB 5.0 MAT-file, by hand";
  header.resize(124, ' ');
  return header + std::string("\0\1IM", 4) + elements;
}

// Images whose pixel (row r, column c, channel k) of image n is r + 2 c + 64 k + n.
std::string Images(uint32_t count) {
  std::string values;
  for (uint32_t n = 0; n < count; ++n) {
    for (uint32_t k = 0; k < 3; ++k) {
      for (uint32_t c = 0; c < 32; ++c) {
        for (uint32_t r = 0; r < 32; ++r) {
          values.push_back(static_cast<char>(r + 2 * c + 64 * k + n));
        }
      }
    }
  }
  return Uint8Matrix("X", {32, 32, 3, count}, values);
}

std::string Labels(const std::string& labels) {
  return Uint8Matrix("y", {static_cast<uint32_t>(labels.size()), 1}, labels);
}

class SvhnFilesTest : public testing::Test {
 protected:
  SvhnFilesTest() { std::filesystem::create_directory(folder_); }
  ~SvhnFilesTest() override { std::filesystem::remove_all(folder_); }
  LocalFile Write(const std::string& name, const std::string& bytes) {
    const std::string path = JoinPath(folder_, name);
    EXPECT_TRUE(PosixFileSystem().WriteFileAtomically(path, bytes).ok());
    return {"svhn/" + name, path, ""};
  }

  // Of this process: tests run side by side.
  const std::string folder_ = absl::StrCat(testing::TempDir(), "/svhn_files_test-", getpid());
};

TEST_F(SvhnFilesTest, ColumnMajorImagesBecomeRowMajorAndTenIsZero) {
  const auto dataset =
      LoadSvhn({Write("test_32x32.mat", MatFile(Images(1) + Labels("\x03"))),
                Write("train_32x32.mat", MatFile(Images(2) + Labels("\x0a\x01")))});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(dataset->targets, ElementsAre(0, 1, 3));
  EXPECT_EQ(dataset->official_train_count, 2);
  EXPECT_THAT(dataset->sample_shape, ElementsAre(3, 32, 32));
  // Image 1, channel 2, row 5, column 7.
  EXPECT_EQ(dataset->pixels[3072 + 2 * 1024 + 5 * 32 + 7], 5 + 14 + 128 + 1);
}

TEST_F(SvhnFilesTest, OneFileOfAnotherNameHasNoTestImages) {
  const auto dataset = LoadSvhn({Write("some.mat", MatFile(Images(1) + Labels("\x01")))});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ(dataset->official_train_count, 0);
}

TEST_F(SvhnFilesTest, SaysWhatIsWrong) {
  const auto load = [&](const std::string& bytes) {
    return LoadSvhn({Write("some.mat", bytes)}).status();
  };
  EXPECT_THAT(std::string(load(MatFile(Images(2) + Labels("\x01\x0b"))).message()),
              HasSubstr("image 1 has the label 11, SVHN has 1 to 10"));
  EXPECT_EQ(load(MatFile(Images(1) + Labels(std::string(1, '\0')))).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(load(MatFile(Images(2) + Labels("\x01"))).message()),
              HasSubstr("y holds 1 labels"));
  EXPECT_THAT(std::string(load(MatFile(Labels("\x01"))).message()), HasSubstr("no variable X"));
  EXPECT_THAT(std::string(load("PK\3\4" + std::string(200, 'x')).message()),
              HasSubstr("not a MATLAB 5 file"));
  std::string hdf5 = "MATLAB 7.3 MAT-file";
  hdf5.resize(600, ' ');
  EXPECT_THAT(std::string(load(hdf5).message()), HasSubstr("HDF5"));
  const std::string whole = MatFile(Images(1) + Labels("\x01"));
  const absl::Status cut = load(whole.substr(0, 2000));
  EXPECT_EQ(cut.code(), absl::StatusCode::kDataLoss) << cut;
  EXPECT_THAT(std::string(cut.message()), HasSubstr("svhn/some.mat: truncated: 2000 of at least"));
  EXPECT_EQ(LoadSvhn({Write("train_32x32.mat", whole)}).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tinyjoule

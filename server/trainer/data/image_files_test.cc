// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/image_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Idx(const std::vector<uint8_t>& sizes, const std::string& data) {
  std::string bytes("\0\0\x08", 3);
  bytes.push_back(static_cast<char>(sizes.size()));
  for (const uint8_t size : sizes) bytes.append({'\0', '\0', '\0', static_cast<char>(size)});
  return bytes + data;
}

LocalFile Write(const std::string& name, const std::string& bytes) {
  const std::string path =
      absl::StrCat(::testing::TempDir(), "/image_files_test-", getpid(), "-", name);
  std::ofstream(path, std::ios::binary) << bytes;
  return {name, path, ""};
}

TEST(IdxTest, ShapeAndValues) {
  const auto array = ParseIdx(Idx({2, 1, 2}, "abcd"), "x");
  ASSERT_TRUE(array.ok());
  EXPECT_THAT(array->shape, ElementsAre(2, 1, 2));
  EXPECT_THAT(array->values, ElementsAre('a', 'b', 'c', 'd'));
}

TEST(IdxTest, WhatIsNoIdxFile) {
  EXPECT_EQ(ParseIdx("", "x").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseIdx("PNG!", "x").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseIdx(Idx({3}, "abcd"), "x").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(IdxTest, TruncatedFilesAreDataLoss) {
  const auto data = ParseIdx(Idx({2, 3}, "abcd"), "x");
  EXPECT_EQ(data.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(data.status().message(), "x: truncated: 4 of the 6 bytes that its header announces");
  EXPECT_EQ(ParseIdx(Idx({2, 3}, "").substr(0, 9), "x").status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(IdxTest, HugeSizesDoNotWrapAround) {
  std::string bytes("\0\0\x08\x04", 4);
  bytes.append(16, '\xff');
  EXPECT_EQ(ParseIdx(bytes, "x").status().code(), absl::StatusCode::kDataLoss);
}

v1::DatasetSpec IdxSpec() {
  v1::DatasetSpec spec;
  spec.set_type(v1::DATASET_TYPE_IDX);
  return spec;
}

TEST(LoadImagesTest, TrainAndTest) {
  const auto dataset =
      LoadImages(IdxSpec(), {Write("train-images-idx3-ubyte", Idx({2, 1, 2}, "abcd")),
                             Write("train-labels-idx1-ubyte", Idx({2}, {"\0\x02", 2})),
                             Write("t10k-images-idx3-ubyte", Idx({1, 1, 2}, "ef")),
                             Write("t10k-labels-idx1-ubyte", Idx({1}, "\x01"))});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(dataset->sample_shape, ElementsAre(1, 1, 2));
  EXPECT_THAT(dataset->targets, ElementsAre(0, 2, 1));
  EXPECT_EQ(dataset->class_count, 3);
  EXPECT_EQ(dataset->official_train_count, 2);
}

TEST(LoadImagesTest, WhatDoesNotFitTogether) {
  const LocalFile images = Write("train-images-idx3-ubyte", Idx({2, 1, 2}, "abcd"));
  EXPECT_THAT(std::string(LoadImages(IdxSpec(), {images}).status().message()),
              HasSubstr("no train-labels-idx1-ubyte[.gz]"));
  const auto counts =
      LoadImages(IdxSpec(), {images, Write("train-labels-idx1-ubyte", Idx({3}, "abc"))});
  EXPECT_THAT(std::string(counts.status().message()), HasSubstr("shape [3] for 2 images"));
  v1::DatasetSpec mnist;
  mnist.set_type(v1::DATASET_TYPE_MNIST);
  const auto untested =
      LoadImages(mnist, {images, Write("train-labels-idx1-ubyte", Idx({2}, {"\0\x02", 2}))});
  EXPECT_EQ(untested.status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tinyjoule

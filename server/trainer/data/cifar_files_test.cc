// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/cifar_files.h"

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

// A record whose red, green and blue planes hold one value each.
std::string Record(uint8_t label, uint8_t red, uint8_t green, uint8_t blue) {
  std::string record(1, static_cast<char>(label));
  for (const uint8_t value : {red, green, blue}) record.append(1024, static_cast<char>(value));
  return record;
}

class CifarFilesTest : public testing::Test {
 protected:
  CifarFilesTest() { std::filesystem::create_directory(folder_); }
  ~CifarFilesTest() override { std::filesystem::remove_all(folder_); }
  LocalFile Write(const std::string& name, const std::string& bytes) {
    const std::string path = JoinPath(folder_, name);
    EXPECT_TRUE(PosixFileSystem().WriteFileAtomically(path, bytes).ok());
    return {"cifar10/" + name, path, ""};
  }

  // Of this process: tests run side by side.
  const std::string folder_ = absl::StrCat(testing::TempDir(), "/cifar_files_test-", getpid());
};

TEST_F(CifarFilesTest, FilesInTheOrderOfTheirNames) {
  const auto dataset =
      LoadCifar10({Write("test_batch.bin", Record(9, 1, 2, 3)),
                   Write("data_batch_2.bin", Record(2, 20, 21, 22)),
                   Write("data_batch_1.bin", Record(0, 10, 11, 12) + Record(1, 13, 14, 15)),
                   Write("batches.meta.txt", "airplane\n")});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(dataset->targets, ElementsAre(0, 1, 2, 9));
  EXPECT_THAT(dataset->sample_shape, ElementsAre(3, 32, 32));
  EXPECT_EQ(dataset->official_train_count, 3);
  EXPECT_EQ(dataset->class_count, 10);
  EXPECT_EQ(dataset->pixels[2 * 3072 + 1023], 20);
  EXPECT_EQ(dataset->pixels[2 * 3072 + 1024], 21);
  EXPECT_EQ(dataset->pixels.back(), 3);
  EXPECT_THAT(dataset->facts.notes(0), HasSubstr("2 of its 5 training files"));
}

TEST_F(CifarFilesTest, SaysWhatIsWrong) {
  const LocalFile test = Write("test_batch.bin", Record(0, 1, 2, 3));
  const auto missing = LoadCifar10({test});
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("data_batch_1.bin"));
  const auto cut =
      LoadCifar10({test, Write("data_batch_1.bin", Record(0, 1, 2, 3).substr(0, 3072))});
  EXPECT_EQ(cut.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(cut.status().message()),
              HasSubstr("cifar10/data_batch_1.bin: truncated: 3072 bytes"));
  const auto label =
      LoadCifar10({test, Write("data_batch_1.bin", Record(3, 0, 0, 0) + Record(10, 1, 2, 3))});
  EXPECT_EQ(label.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(label.status().message()), HasSubstr("image 1 has the label 10"));
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/onnx/tensor_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/file_system.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// TensorProto by hand: dims 2 (field 1), FLOAT (field 2), name "x" (field 8), raw_data 1.0f, -2.0f
// (field 9), after onnx.proto.
const char kGolden[] = "\x08\x02\x10\x01\x42\x01x\x4a\x08\x00\x00\x80\x3f\x00\x00\x00\xc0";

class TensorFileTest : public ::testing::Test {
 protected:
  absl::Status Read(absl::string_view bytes) {
    EXPECT_TRUE(files_.WriteFileAtomically(path_, bytes).ok());
    absl::StatusOr<FloatTensor> tensor = ReadTensorFile(path_);
    if (tensor.ok()) tensor_ = *std::move(tensor);
    return tensor.status();
  }

  PosixFileSystem files_;
  const std::string path_ =
      absl::StrCat(::testing::TempDir(), "/tensor_file_test-", getpid(), ".pb");
  const std::string golden_ = std::string(kGolden, sizeof(kGolden) - 1);
  FloatTensor tensor_;
};

TEST_F(TensorFileTest, WritesTheBytesOfTheFormat) {
  ASSERT_TRUE(WriteTensorFile(path_, "x", {{2}, {1.0f, -2.0f}}).ok());
  EXPECT_EQ(*files_.ReadFile(path_), golden_);
}

TEST_F(TensorFileTest, ReadsWhatWasWritten) {
  FloatTensor tensor = {{100, 300}, std::vector<float>(30'000)};
  for (size_t i = 0; i < tensor.values.size(); ++i) tensor.values[i] = static_cast<float>(i) * 0.5f;
  ASSERT_TRUE(WriteTensorFile(path_, "inputs", tensor).ok());
  const auto read = ReadTensorFile(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->shape, tensor.shape);
  EXPECT_EQ(read->values, tensor.values);
}

// float_data (field 4) packed, as older writers do; dims packed too.
TEST_F(TensorFileTest, ReadsTypedFields) {
  const std::string bytes("\x0a\x02\x01\x02\x10\x01\x22\x08\x00\x00\x80\x3f\x00\x00\x00\xc0", 16);
  ASSERT_TRUE(Read(bytes).ok());
  EXPECT_THAT(tensor_.shape, ElementsAre(1, 2));
  EXPECT_THAT(tensor_.values, ElementsAre(1.0f, -2.0f));
}

TEST_F(TensorFileTest, RefusesEveryTruncation) {
  for (size_t length = 0; length < golden_.size(); ++length) {
    EXPECT_EQ(Read(golden_.substr(0, length)).code(), absl::StatusCode::kInvalidArgument) << length;
  }
}

TEST_F(TensorFileTest, RefusesWhatIsNotAFloatTensor) {
  std::string int8_tensor = golden_;
  int8_tensor[3] = 3;
  EXPECT_THAT(Read(int8_tensor).message(), HasSubstr("not float32"));
  std::string other_shape = golden_;
  other_shape[1] = 3;
  EXPECT_THAT(Read(other_shape).message(), HasSubstr("[3] says 3 values, the file has 2"));
  // Says 2 GiB of values and has 8 bytes.
  std::string liar =
      golden_.substr(0, 7) + std::string("\x4a\xfc\xff\xff\xff\x07", 6) + golden_.substr(9);
  EXPECT_EQ(Read(liar).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Read("hello, world").code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TensorFileTest, RefusesToWriteAShapeThatDoesNotFit) {
  EXPECT_EQ(WriteTensorFile(path_, "x", {{3}, {1.0f}}).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TensorFileTest, MissingFileIsNamed) {
  const auto tensor = ReadTensorFile("/nonexistent/x.pb");
  EXPECT_EQ(tensor.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(tensor.status().message(), HasSubstr("/nonexistent/x.pb"));
}

}  // namespace
}  // namespace tinyjoule

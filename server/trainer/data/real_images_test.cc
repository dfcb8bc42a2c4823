// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Figures of real image sets, computed once with numpy and scipy: see docs/datasets.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/base/file_system.h"
#include "server/trainer/data/image_files.h"
#include "server/trainer/data/real_data_fixture.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Share of test images whose nearest mean of a training class is their own class's.
double NearestClassMean(const Split& split) {
  const size_t size = split.sample_size();
  std::vector<double> means(split.class_count * size, 0.0);
  std::vector<double> counts(split.class_count, 0.0);
  for (size_t i = 0; i < split.train_count(); ++i) {
    const auto label = static_cast<size_t>(split.targets_train[i]);
    counts[label] += 1;
    for (size_t k = 0; k < size; ++k) means[label * size + k] += split.inputs_train[i * size + k];
  }
  for (size_t i = 0; i < means.size(); ++i) means[i] /= counts[i / size];
  size_t right = 0;
  for (size_t i = 0; i < split.test_count(); ++i) {
    size_t nearest = 0;
    double least = HUGE_VAL;
    for (size_t label = 0; label < split.class_count; ++label) {
      double distance = 0;
      for (size_t k = 0; k < size; ++k) {
        const double apart = split.inputs_test[i * size + k] - means[label * size + k];
        distance += apart * apart;
      }
      if (distance < least) {
        least = distance;
        nearest = label;
      }
    }
    right += nearest == static_cast<size_t>(split.targets_test[i]) ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(split.test_count());
}

TEST_F(RealDataTest, MnistCountsMeansAndNearestClassMean) {
  if (!Has("mnist")) GTEST_SKIP() << "mnist is absent";
  const auto dataset = Load(Spec("type: DATASET_TYPE_MNIST path: 'mnist'"));
  ASSERT_NE(dataset, nullptr);
  EXPECT_THAT(dataset->sample_shape, ElementsAre(1, 28, 28));
  EXPECT_EQ(dataset->official_train_count, 60000);
  EXPECT_EQ(dataset->sample_count(), 70000);
  const auto split = MakeSplit(*dataset, v1::SplitSpec(), 0, 42);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_THAT(std::vector<float>(split->targets_train.begin(), split->targets_train.begin() + 10),
              ElementsAre(5, 0, 4, 1, 9, 2, 1, 3, 1, 4));
  EXPECT_THAT(std::vector<float>(split->targets_test.begin(), split->targets_test.begin() + 10),
              ElementsAre(7, 2, 1, 0, 4, 1, 4, 9, 5, 9));
  EXPECT_EQ(std::count(split->targets_train.begin(), split->targets_train.end(), 1.0F), 6742);
  EXPECT_EQ(std::count(split->targets_test.begin(), split->targets_test.end(), 5.0F), 892);
  EXPECT_NEAR(split->scaler.mean[0], 0.1307, 5e-5);
  EXPECT_NEAR(split->scaler.std[0], 0.3081, 5e-5);
  EXPECT_NEAR(NearestClassMean(*split), 0.8203, 1e-9);
}

TEST_F(RealDataTest, FashionMnistMeansAndNearestClassMean) {
  if (!Has("fashion_mnist")) GTEST_SKIP() << "fashion_mnist is absent";
  const auto dataset = Load(Spec("type: DATASET_TYPE_FASHION_MNIST path: 'fashion_mnist'"));
  ASSERT_NE(dataset, nullptr);
  const auto split = MakeSplit(*dataset, v1::SplitSpec(), 0, 42);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_THAT(std::vector<float>(split->targets_train.begin(), split->targets_train.begin() + 10),
              ElementsAre(9, 0, 0, 3, 0, 2, 7, 2, 5, 5));
  EXPECT_NEAR(split->scaler.mean[0], 0.2860, 5e-5);
  EXPECT_NEAR(split->scaler.std[0], 0.3530, 5e-5);
  EXPECT_NEAR(NearestClassMean(*split), 0.6768, 1e-9);
}

TEST_F(RealDataTest, TruncatedDownloadIsDataLoss) {
  const std::string name = "mnist/bad/t10k-images-idx3-ubyte.TRUNCATED.gz";
  if (!Has(name)) GTEST_SKIP() << name << " is absent";
  const auto array = ReadIdxFile({name, JoinPath(folder_, name), ""});
  EXPECT_EQ(array.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(array.status().message()), HasSubstr("damaged gzip file"));
}

TEST_F(RealDataTest, PlainLabelsEqualTheirGzip) {
  if (!Has("mnist/t10k-labels-idx1-ubyte")) GTEST_SKIP() << "mnist is absent";
  const std::string path = JoinPath(folder_, "mnist/t10k-labels-idx1-ubyte");
  const auto plain = ReadIdxFile({"plain", path, ""});
  const auto packed = ReadIdxFile({"packed", path + ".gz", ""});
  ASSERT_TRUE(plain.ok() && packed.ok());
  EXPECT_EQ(plain->values, packed->values);
}

template <typename T>
std::vector<T> First(size_t count, const std::vector<T>& values) {
  return std::vector<T>(values.begin(), values.begin() + static_cast<ptrdiff_t>(count));
}

TEST_F(RealDataTest, Cifar10PixelsLabelsAndNearestClassMean) {
  if (!Has("cifar10/data_batch_1.bin")) GTEST_SKIP() << "cifar10 is absent";
  const auto dataset = Load(Spec("type: DATASET_TYPE_CIFAR10 path: 'cifar10'"));
  ASSERT_NE(dataset, nullptr);
  if (dataset->sample_count() != 11000) GTEST_SKIP() << "another part of CIFAR-10";
  const auto split = MakeSplit(*dataset, v1::SplitSpec(), 0, 42);
  ASSERT_TRUE(split.ok()) << split.status();
  ASSERT_EQ(split->train_count(), 10000);
  ASSERT_EQ(split->test_count(), 1000);
  EXPECT_THAT(First(10, split->targets_train), ElementsAre(6, 9, 9, 4, 1, 1, 2, 7, 8, 3));
  EXPECT_THAT(First(10, split->targets_test), ElementsAre(3, 8, 8, 0, 6, 6, 1, 6, 3, 1));
  EXPECT_EQ(std::count(split->targets_train.begin(), split->targets_train.end(), 5.0F), 937);
  EXPECT_EQ(std::count(split->targets_test.begin(), split->targets_test.end(), 6.0F), 112);
  // numpy: mean and std of the training pixels / 255, by channel.
  const double mean[] = {0.49345784, 0.48337516, 0.44717916};
  const double std[] = {0.24762117, 0.24458512, 0.262611};
  const float first_pixel[] = {-1.05841232F, -0.98222617F, -0.76204096F};
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(split->scaler.mean[c], mean[c], 5e-9);
    EXPECT_NEAR(split->scaler.std[c], std[c], 5e-8);
    EXPECT_NEAR(split->inputs_train[c * 1024], first_pixel[c], 1e-6);
  }
  // Row 31, column 0 of the last test image.
  EXPECT_NEAR(split->inputs_test[999 * 3072 + 31 * 32], -0.20321602, 1e-6);
  EXPECT_NEAR(split->inputs_test[999 * 3072 + 2048 + 31 * 32], 0.07420673, 1e-6);
  EXPECT_NEAR(NearestClassMean(*split), 0.290, 1e-9);
}

// scipy.io.loadmat of the same file, transposed to [image][channel][row][column].
TEST_F(RealDataTest, SvhnSampleIsWhatScipyReads) {
  if (!Has("svhn_sample/sample_32x32.mat")) GTEST_SKIP() << "svhn_sample is absent";
  const auto dataset = Load(Spec("type: DATASET_TYPE_SVHN path: 'svhn_sample/sample_32x32.mat'"));
  ASSERT_NE(dataset, nullptr);
  EXPECT_THAT(dataset->sample_shape, ElementsAre(3, 32, 32));
  EXPECT_THAT(dataset->targets, ElementsAre(5, 2, 1, 9, 8, 9, 4, 1, 9, 2, 3, 2, 5, 5, 2, 1, 0, 6, 4,
                                            7, 8, 7, 1, 1, 7, 4));
  ASSERT_EQ(dataset->pixels.size(), 26 * 3072);
  // Row 7, column 30 of the last image.
  EXPECT_EQ(dataset->pixels[25 * 3072 + 7 * 32 + 30], 115);
  EXPECT_EQ(dataset->pixels[25 * 3072 + 2048 + 7 * 32 + 30], 97);
  EXPECT_EQ(Sha256Hex({reinterpret_cast<const char*>(dataset->pixels.data()), 26 * 3072}),
            "9e3fb561c79b206be9a7c23b13bcc93e9c0d1a829e6f960271ab478ac757de6b");
  v1::SplitSpec holdout;
  holdout.set_method(v1::SPLIT_METHOD_HOLDOUT);
  const auto split = MakeSplit(*dataset, holdout, 0, 42);
  ASSERT_TRUE(split.ok()) << split.status();
  ASSERT_EQ(split->train_count(), 18);
  EXPECT_NEAR(split->scaler.mean[2], 0.49091435, 5e-9);
  EXPECT_NEAR(split->scaler.std[1], 0.20056252, 5e-8);
}

TEST_F(RealDataTest, SvhnCutShortIsDataLoss) {
  if (!Has("svhn_sample/sample_32x32.mat")) GTEST_SKIP() << "svhn_sample is absent";
  PosixFileSystem files;
  std::string bytes = *files.ReadFile(JoinPath(folder_, "svhn_sample/sample_32x32.mat"));
  const std::string path = JoinPath(testing::TempDir(), "cut_32x32.mat");
  v1::DatasetSpec spec;
  spec.set_type(v1::DATASET_TYPE_SVHN);
  spec.set_path(path);
  for (const size_t length : {bytes.size() - 1, size_t{62750}, size_t{30000}, size_t{140}}) {
    ASSERT_TRUE(files.WriteFileAtomically(path, bytes.substr(0, length)).ok());
    const auto cut = LoadDataset(spec, InputFiles(), 42);
    EXPECT_EQ(cut.status().code(), absl::StatusCode::kDataLoss) << length << cut.status();
    EXPECT_THAT(std::string(cut.status().message()), HasSubstr("truncated")) << length;
  }
  // One byte of the compressed pixels.
  bytes[30000] = static_cast<char>(bytes[30000] ^ 0x55);
  ASSERT_TRUE(files.WriteFileAtomically(path, bytes).ok());
  const auto damaged = LoadDataset(spec, InputFiles(), 42);
  EXPECT_EQ(damaged.status().code(), absl::StatusCode::kDataLoss) << damaged.status();
}

}  // namespace
}  // namespace tinyjoule

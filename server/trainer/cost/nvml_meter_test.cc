// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/trainer/cost/energy_meter.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class NvmlMeterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("CUDA_VISIBLE_DEVICES");
    library_ = dlopen(TINYJOULE_FAKE_NVML, RTLD_NOW);
    ASSERT_NE(library_, nullptr) << dlerror();
    set_ = reinterpret_cast<decltype(set_)>(dlsym(library_, "FakeNvmlSet"));
    Machine(1, 1, true, 5'000);
  }
  void TearDown() override {
    unsetenv("CUDA_VISIBLE_DEVICES");
    dlclose(library_);
  }
  void Machine(unsigned gpus, unsigned processes, bool counts, unsigned long long energy_mj) {
    set_(gpus, processes, counts, energy_mj);
  }
  static absl::StatusOr<std::unique_ptr<EnergyMeter>> Open() {
    return OpenNvmlMeter(TINYJOULE_FAKE_NVML);
  }

  void* library_ = nullptr;
  void (*set_)(unsigned, unsigned, bool, unsigned long long) = nullptr;
};

TEST_F(NvmlMeterTest, JoulesSinceTheLastReading) {
  auto meter = Open();
  ASSERT_TRUE(meter.ok()) << meter.status();
  EXPECT_EQ((*meter)->source(), "nvml:0");
  Machine(1, 1, true, 7'500);
  EXPECT_DOUBLE_EQ(*(*meter)->TakeJoules(), 2.5);
  EXPECT_DOUBLE_EQ(*(*meter)->TakeJoules(), 0);
  EXPECT_TRUE((*meter)->CheckAlone().ok());
  Machine(1, 3, true, 7'500);
  EXPECT_THAT(std::string((*meter)->CheckAlone().message()), HasSubstr("3 processes compute on"));
}

TEST_F(NvmlMeterTest, OneOfSeveralIsTakenByItsUuidOnly) {
  Machine(2, 1, true, 0);
  const auto any = Open();
  EXPECT_EQ(any.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(any.status().message()), HasSubstr("CUDA_VISIBLE_DEVICES"));
  setenv("CUDA_VISIBLE_DEVICES", "GPU-1234", 1);
  const auto one = Open();
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ((*one)->source(), "nvml:GPU-1234");
  setenv("CUDA_VISIBLE_DEVICES", "GPU-none", 1);
  EXPECT_THAT(std::string(Open().status().message()), HasSubstr("GPU-none: NVML says: Not Found"));
}

TEST_F(NvmlMeterTest, WhatCannotBeMeasuredSaysWhy) {
  Machine(0, 0, true, 0);
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kNotFound);
  Machine(1, 1, false, 0);
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(Open().status().message()), HasSubstr("Not Supported"));
  const auto no_driver = OpenNvmlMeter("libno-such-driver.so.1");
  EXPECT_EQ(no_driver.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(no_driver.status().message()), HasSubstr("libno-such-driver.so.1"));
  // A library that is there and is another one.
  EXPECT_THAT(std::string(OpenNvmlMeter("libc.so.6").status().message()), HasSubstr("nvmlInit_v2"));
}

}  // namespace
}  // namespace tinyjoule

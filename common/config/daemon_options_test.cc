// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/daemon_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DaemonOptionsTest : public ::testing::Test {
 protected:
  DaemonOptionsTest() {
    app_.add_option("--data-dir", data_dir_);
    app_.add_option("--trainers", trainers_);
    app_.add_option("--label", labels_);
    app_.add_flag("--insecure", insecure_);
    file_ = ::testing::TempDir() + "daemon_options_test_" + std::to_string(getpid()) + ".yaml";
  }
  ~DaemonOptionsTest() override {
    for (const char* const name : {"DATA_DIR", "TRAINERS", "LABEL", "CONFIG", "INSECURE"}) {
      unsetenv((std::string("TINYJOULE_") + name).c_str());
    }
    std::remove(file_.c_str());
  }
  void WriteConfig(const std::string& yaml) { std::ofstream(file_) << yaml; }

  std::optional<int> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "program");
    ::testing::internal::CaptureStderr();
    const auto result =
        ParseDaemonOptions(app_, static_cast<int>(arguments.size()), arguments.data());
    errors_ = ::testing::internal::GetCapturedStderr();
    return result;
  }

  CLI::App app_{"test", "program"};
  std::string data_dir_;
  int trainers_ = 0;
  std::vector<std::string> labels_;
  bool insecure_ = false;
  std::string file_;
  std::string errors_;
};

TEST_F(DaemonOptionsTest, FlagsWinOverEnvironmentOverFile) {
  WriteConfig("data-dir: from-file\ntrainers: 1\nlabel: [a=1, b=2]\ninsecure: true\n");
  setenv("TINYJOULE_TRAINERS", "2", 1);
  setenv("TINYJOULE_DATA_DIR", "from-environment", 1);
  EXPECT_EQ(Parse({"--config", file_.c_str(), "--data-dir", "from-flag"}), std::nullopt) << errors_;
  EXPECT_EQ(data_dir_, "from-flag");
  EXPECT_EQ(trainers_, 2);
  EXPECT_THAT(labels_, ElementsAre("a=1", "b=2"));
  EXPECT_TRUE(insecure_);
}

TEST_F(DaemonOptionsTest, FileMayComeFromTheEnvironment) {
  WriteConfig("data_dir: d\nlabel: {board: rpi4}\n");
  setenv("TINYJOULE_CONFIG", file_.c_str(), 1);
  EXPECT_EQ(Parse({}), std::nullopt) << errors_;
  EXPECT_EQ(data_dir_, "d");
  EXPECT_THAT(labels_, ElementsAre("board=rpi4"));
}

TEST_F(DaemonOptionsTest, ListsInTheEnvironmentHaveCommas) {
  setenv("TINYJOULE_LABEL", "a=1,b=2", 1);
  EXPECT_EQ(Parse({}), std::nullopt) << errors_;
  EXPECT_THAT(labels_, ElementsAre("a=1", "b=2"));
}

TEST_F(DaemonOptionsTest, UnknownKeyHasItsPlace) {
  WriteConfig("data-dir: d\ntrainer: 3\nlabel: [[1]]\n");
  EXPECT_EQ(Parse({"--config", file_.c_str()}), 2);
  EXPECT_THAT(errors_,
              HasSubstr(file_ + ":2:1: unknown key \"trainer\" (did you mean \"trainers\"?)"
                                "\n  trainer: 3\n  ^"));
  EXPECT_THAT(errors_, HasSubstr(file_ + ":3:8: \"label\" wants one value or a list"));
}

TEST_F(DaemonOptionsTest, BrokenFilesAndFlagsExitWith2) {
  EXPECT_EQ(Parse({"--config", "/nonexistent.yaml"}), 2);
  EXPECT_THAT(errors_, HasSubstr("/nonexistent.yaml"));
  WriteConfig("a: [\n");
  EXPECT_EQ(Parse({"--config", file_.c_str()}), 2);
  EXPECT_EQ(Parse({"--trainers", "many"}), 2);
  EXPECT_EQ(Parse({"--unknown"}), 2);
}

TEST_F(DaemonOptionsTest, HelpExitsWith0) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(Parse({"--help"}), 0);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("--data-dir"));
}

}  // namespace
}  // namespace tinyjoule

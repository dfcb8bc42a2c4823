// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_COORD_APP_FIXTURE_H_
#define CLIENT_COORD_APP_FIXTURE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/coord_app.h"
#include "client/fake_coordinator.h"

namespace tinyjoule {

// coord against a fake coordinator over loopback, with a folder of its own.
class CoordAppTest : public ::testing::Test {
 protected:
  CoordAppTest() {
    unsetenv("COORD_ADDR");
    folder_ = std::filesystem::path(::testing::TempDir()) /
              absl::StrCat("coord_test_", getpid(), "_",
                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  ~CoordAppTest() override { std::filesystem::remove_all(folder_); }

  std::string WriteFile(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }

  int Run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--coordinator", fake_.address()});
    return RunBare(arguments, input);
  }

  int RunBare(const std::vector<std::string>& arguments, const std::string& input = "") {
    std::istringstream in(input);
    out_.str("");
    err_.str("");
    Console console{in, out_, err_};
    console.err_is_terminal = terminal_;
    console.out_is_terminal = terminal_;
    return RunCoord(arguments, console, interrupts_);
  }

  v1::WatchSweepResponse Event(uint64_t sequence, v1::SweepState state, uint32_t failed = 0,
                               uint32_t invalid = 0) {
    v1::WatchSweepResponse event;
    event.set_sequence(sequence);
    event.set_state(state);
    event.mutable_counts()->set_runs(4);
    event.mutable_counts()->set_runs_failed(failed);
    event.mutable_counts()->set_runs_invalid(invalid);
    event.mutable_counts()->set_runs_succeeded(4 - failed - invalid);
    return event;
  }

  Interrupts interrupts_;
  FakeCoordinator fake_;
  std::filesystem::path folder_;
  bool terminal_ = false;
  std::ostringstream out_, err_;
};

}  // namespace tinyjoule

#endif  // CLIENT_COORD_APP_FIXTURE_H_

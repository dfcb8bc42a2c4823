// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// A disk that fills up under an agent or a coordinator: it is said, nothing acknowledged is lost,
// and with room the work goes on by itself.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/lab.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

// A folder on a disk of its own, in memory.
class SmallDisk {
 public:
  SmallDisk(std::string folder, int megabytes) : folder_(std::move(folder)) {
    EXPECT_TRUE(PosixFileSystem().CreateFolder(folder_).ok());
    mounted_ = mount("tinyjoule", folder_.c_str(), "tmpfs", 0,
                     absl::StrCat("size=", megabytes, "m").c_str()) == 0;
    if (!mounted_) error_ = std::strerror(errno);
  }
  ~SmallDisk() {
    // The programs that hold files on it may be about to end.
    if (!mounted_) return;
    EXPECT_EQ(umount2(folder_.c_str(), MNT_DETACH), 0) << std::strerror(errno);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::string& error() const { return error_; }

  // Takes everything but `left_bytes`.
  void Fill(uint64_t left_bytes) {
    struct statvfs space = {};
    ASSERT_EQ(statvfs(folder_.c_str(), &space), 0);
    const uint64_t free_bytes = space.f_bavail * space.f_bsize;
    ASSERT_GT(free_bytes, left_bytes);
    const int fd = open(ballast_path().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(posix_fallocate(fd, 0, static_cast<off_t>(free_bytes - left_bytes)), 0);
    close(fd);
  }
  void MakeRoom() { EXPECT_EQ(unlink(ballast_path().c_str()), 0); }

 private:
  std::string ballast_path() const { return JoinPath(folder_, "ballast"); }

  const std::string folder_;
  bool mounted_ = false;
  std::string error_;
};

class FullDiskTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kMegabyte = 1 << 20;

  std::string SubmitSweep(int repeat) {
    TinySweep sweep;
    // Long enough to be hit in the middle.
    sweep.window = "1s";
    sweep.windows = 6;
    sweep.repeat = repeat;
    return lab_.Submit(lab_.WriteFile("sweep.yaml", sweep.Yaml()));
  }
  void ExpectWhole(const std::string& id, size_t count) {
    EXPECT_EQ(lab_.WaitForEnd(id).state(), v1::SWEEP_STATE_SUCCEEDED) << lab_.Logs();
    EXPECT_EQ(lab_.Runs(id).size(), count);
    for (const v1::Run& run : lab_.Runs(id)) {
      EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED) << run.reason();
    }
    const Ended verified = lab_.Coord({"verify", id});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  }
  bool LogSays(const std::string& log, const std::string& words) {
    return lab_.Eventually([&] { return absl::StrContains(lab_.ReadFile(lab_.Path(log)), words); });
  }

  Lab lab_;
};

TEST_F(FullDiskTest, AnAgentWithoutRoomDeclinesNewWorkAndTakesItWhenThereIsRoom) {
  SmallDisk disk(lab_.Path("agent-pi-1"), 64);
  if (!disk.mounted()) GTEST_SKIP() << "no disk of its own can be mounted: " << disk.error();
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  ASSERT_NO_FATAL_FAILURE(disk.Fill(16 * kMegabyte));
  const std::string id = SubmitSweep(1);
  EXPECT_TRUE(lab_.Eventually([&] {
    return absl::StrContains(lab_.Coord({"show", id}).out, "pi-1 declined: ");
  })) << lab_.Coord({"show", id}).out;
  EXPECT_THAT(lab_.Coord({"show", id}).out, HasSubstr("bytes left"));
  disk.MakeRoom();
  ExpectWhole(id, 1);
}

TEST_F(FullDiskTest, AnAgentWhoseDiskFillsInMidRunSaysSoAndRetryHeals) {
  SmallDisk disk(lab_.Path("agent-pi-1"), 64);
  if (!disk.mounted()) GTEST_SKIP() << "no disk of its own can be mounted: " << disk.error();
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  const std::string id = SubmitSweep(1);
  ASSERT_NO_FATAL_FAILURE(lab_.WatchUntil(id, [](const v1::WatchSweepResponse& event) {
    return event.run().state() == v1::RUN_STATE_RUNNING && event.run().phase() == "window";
  }));
  ASSERT_NO_FATAL_FAILURE(disk.Fill(0));
  EXPECT_TRUE(LogSays("agent-pi-1.log", "No space left on device")) << lab_.Logs();
  disk.MakeRoom();
  EXPECT_EQ(lab_.WaitForEnd(id).state(), v1::SWEEP_STATE_FAILED) << lab_.Logs();
  EXPECT_THAT(lab_.Runs(id).at(0).reason(), HasSubstr("No space left on device"));
  EXPECT_EQ(lab_.Coord({"retry", id}).exit_code, 0);
  ExpectWhole(id, 1);
}

TEST_F(FullDiskTest, ACoordinatorWhoseDiskFillsAcknowledgesNothingAndGoesOnWithRoom) {
  SmallDisk disk(lab_.Path("data"), 64);
  if (!disk.mounted()) GTEST_SKIP() << "no disk of its own can be mounted: " << disk.error();
  ASSERT_NO_FATAL_FAILURE(lab_.StartCoordinator());
  ASSERT_NO_FATAL_FAILURE(lab_.StartAgent("pi-1"));
  const std::string id = SubmitSweep(2);
  ASSERT_NO_FATAL_FAILURE(lab_.WatchUntil(id, [](const v1::WatchSweepResponse& event) {
    return event.run().state() == v1::RUN_STATE_RUNNING && event.run().phase() == "window";
  }));
  ASSERT_NO_FATAL_FAILURE(disk.Fill(0));
  EXPECT_TRUE(LogSays("coordinator.log", "disk")) << lab_.Logs();
  disk.MakeRoom();
  ExpectWhole(id, 2);
}

}  // namespace
}  // namespace tinyjoule

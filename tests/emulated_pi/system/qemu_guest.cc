// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_pi/system/qemu_guest.h"

#include <signal.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

constexpr int64_t kAnswerNs = 180 * kNsPerSecond;
constexpr int64_t kPollNs = 300 * kNsPerMs;
// As guest/control writes it before the exit status.
constexpr char kEndMark = '\x04';

// clang-format off
std::vector<std::string> QemuArguments(const QemuGuest::Options& options) {
  const std::string& image = options.image_folder;
  return {
      "qemu-system-aarch64", "-M", "virt,gic-version=2", "-accel", "tcg,thread=multi",
      "-cpu", "cortex-a72", "-smp", "2", "-m", "1024", "-display", "none", "-monitor", "none",
      "-serial", absl::StrCat("file:", options.console_path),
      "-kernel", image + "/vmlinuz", "-initrd", image + "/initrd.gz",
      "-append", "console=ttyAMA0 quiet loglevel=4 systemd.show_status=0 mitigations=off net.ifnames=0",
      "-drive", absl::StrCat("file=", image, "/root.ext4,format=raw,if=virtio,snapshot=on,cache=unsafe"),
      "-virtfs", absl::StrCat("local,path=", options.share_folder,
                              ",mount_tag=share,security_model=none,readonly=on"),
      "-device", "virtio-rng-pci",
      "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=",
      "-chardev", "stdio,id=control,signal=off", "-device", "virtio-serial-pci",
      "-device", "virtserialport,chardev=control,name=control"};
}
// clang-format on

}  // namespace

QemuGuest::QemuGuest(Options options) : options_(std::move(options)) {}

void QemuGuest::Boot() {
  ProcessOptions qemu;
  qemu.arguments = QemuArguments(options_);
  qemu.stderr_path = options_.console_path + ".qemu";
  auto child = launcher_.Launch(qemu);
  ASSERT_TRUE(child.ok()) << child.status();
  qemu_ = *std::move(child);
  WaitUntilReady();
}

void QemuGuest::Reboot() {
  // The answer may come before the end or never.
  ASSERT_TRUE(qemu_->Write("systemctl --no-block reboot\n").ok());
  WaitUntilReady();
}

void QemuGuest::WaitUntilReady() {
  while (!absl::EndsWith(ReadAnswer().out, "ready")) {
    ASSERT_FALSE(qemu_->Poll()) << "no system; see " << options_.console_path;
  }
  Must("modprobe 9pnet_virtio && mount -t 9p -o trans=virtio,version=9p2000.L,ro share /mnt");
}

Ended QemuGuest::Run(const std::string& command) {
  const absl::Status written = qemu_->Write(command + "\n");
  EXPECT_TRUE(written.ok()) << written;
  return ReadAnswer();
}

std::string QemuGuest::Must(const std::string& command) {
  const Ended ended = Run(command);
  EXPECT_EQ(ended.exit_code, 0) << command << "\n" << ended.out;
  return std::string(absl::StripSuffix(ended.out, "\n"));
}

bool QemuGuest::Eventually(const std::string& command) {
  const int64_t deadline_ns = clock_.MonotonicNs() + kAnswerNs;
  Ended last;
  while (clock_.MonotonicNs() < deadline_ns && !qemu_->Poll()) {
    last = Run(command);
    if (last.exit_code == 0) return true;
    clock_.SleepUntil(clock_.MonotonicNs() + kPollNs);
  }
  ADD_FAILURE() << command << " never succeeds: " << last.out;
  return false;
}

Ended QemuGuest::ReadAnswer() {
  Ended ended;
  const int64_t deadline_ns = clock_.MonotonicNs() + kAnswerNs;
  for (;;) {
    const size_t mark = unread_.find(kEndMark);
    const size_t line_end = mark == std::string::npos ? mark : unread_.find('\n', mark);
    if (line_end != std::string::npos) {
      ended.out = unread_.substr(0, mark);
      EXPECT_TRUE(
          absl::SimpleAtoi(unread_.substr(mark + 1, line_end - mark - 1), &ended.exit_code));
      unread_.erase(0, line_end + 1);
      return ended;
    }
    const auto bytes = qemu_->Read(65536, std::max<int64_t>(0, deadline_ns - clock_.MonotonicNs()));
    if (!bytes.ok() || bytes->empty()) {
      ADD_FAILURE() << "the emulated system does not answer: " << bytes.status() << " " << unread_;
      // Whatever is asked from now on fails at once.
      qemu_->Kill(SIGKILL);
      return ended;
    }
    unread_ += *bytes;
  }
}

}  // namespace tinyjoule

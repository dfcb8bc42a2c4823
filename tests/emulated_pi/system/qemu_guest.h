// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_EMULATED_PI_SYSTEM_QEMU_GUEST_H_
#define TESTS_EMULATED_PI_SYSTEM_QEMU_GUEST_H_

#include <memory>
#include <string>

#include "common/base/child_process.h"
#include "common/base/clock.h"
#include "tests/e2e/lab.h"

namespace tinyjoule {

// An arm64 Debian in QEMU, without acceleration, with a disk that forgets: two cores of a
// Cortex-A72, a GPIO chip (PL061), and a network on which this machine's loopback is 10.0.2.2.
//   1. Boot() starts it and returns when its systemd has started the control service.
//   2. Run() runs a shell command in it, as root. Reboot() keeps what is on the disk.
//   3. The destructor switches it off.
// What takes too long fails the test. One thread.
class QemuGuest {
 public:
  struct Options {
    // With vmlinuz, initrd.gz and root.ext4, as system/build makes it.
    std::string image_folder;
    // Seen inside as /mnt, read-only.
    std::string share_folder;
    // What the kernel and systemd print.
    std::string console_path;
  };

  explicit QemuGuest(Options options);
  void Boot();
  void Reboot();
  // Output of both streams and the exit status of one line of bash.
  Ended Run(const std::string& command);
  // Fails the test unless the command ends with 0; returns its output without the last line end.
  std::string Must(const std::string& command);
  // Runs the command again and again until it ends with 0; fails the test when it never does.
  bool Eventually(const std::string& command);

 private:
  void WaitUntilReady();
  Ended ReadAnswer();

  const Options options_;
  SystemClock clock_;
  PosixProcessLauncher launcher_;
  std::unique_ptr<ChildProcess> qemu_;
  std::string unread_;
};

}  // namespace tinyjoule

#endif  // TESTS_EMULATED_PI_SYSTEM_QEMU_GUEST_H_

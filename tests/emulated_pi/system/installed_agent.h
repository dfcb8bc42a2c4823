// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_EMULATED_PI_SYSTEM_INSTALLED_AGENT_H_
#define TESTS_EMULATED_PI_SYSTEM_INSTALLED_AGENT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tests/emulated_pi/system/qemu_guest.h"

namespace tinyjoule {

// The agent's service in an emulated system, as its administrator handles it. What takes too long
// fails the test. One thread.
class InstalledAgent {
 public:
  static constexpr char kUnit[] = "tinyjoule-agent";

  // The guest outlives it.
  explicit InstalledAgent(QemuGuest& guest) : guest_(guest) {}

  void Install(const std::string& package);
  // Added to the configuration of the package.
  void Configure(const std::string& yaml_lines);
  // Settings of [Service], until the next boot or Restore(); then a restart.
  void Override(const std::string& lines);
  void Restore();

  // Of the unit, as systemctl show says it.
  std::string Property(absl::string_view name);
  std::string Pid() { return Property("MainPID"); }
  // Waits until systemd has started another process than that one, and it is ready.
  void WaitForProcessAfter(const std::string& pid);
  // Waits until the journal of this boot has a line that matches.
  void WaitForWords(const std::string& words);
  std::string Journal();
  // One file of the unit's cgroup, or of one below it.
  std::string Cgroup(absl::string_view file);

 private:
  QemuGuest& guest_;
};

}  // namespace tinyjoule

#endif  // TESTS_EMULATED_PI_SYSTEM_INSTALLED_AGENT_H_

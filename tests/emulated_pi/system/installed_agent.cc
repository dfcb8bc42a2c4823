// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_pi/system/installed_agent.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"

namespace tinyjoule {
namespace {

constexpr char kOverrides[] = "/run/systemd/system/tinyjoule-agent.service.d";

}  // namespace

void InstalledAgent::Install(const std::string& package) {
  guest_.Must(absl::StrCat("dpkg -i ", package));
}

void InstalledAgent::Configure(const std::string& yaml_lines) {
  guest_.Must(absl::Substitute("printf '$0' >> /etc/tinyjoule/agent.yaml", yaml_lines));
}

void InstalledAgent::Override(const std::string& lines) {
  guest_.Must(absl::Substitute(
      "mkdir -p $0 && printf '[Service]\\n$1' > $0/test.conf && systemctl daemon-reload && "
      "systemctl restart $2",
      kOverrides, lines, kUnit));
}

void InstalledAgent::Restore() {
  guest_.Must(absl::Substitute("rm -r $0 && systemctl daemon-reload && systemctl restart $1",
                               kOverrides, kUnit));
}

std::string InstalledAgent::Property(absl::string_view name) {
  return guest_.Must(absl::Substitute("systemctl show -p $0 --value $1", name, kUnit));
}

void InstalledAgent::WaitForProcessAfter(const std::string& pid) {
  guest_.Eventually(absl::Substitute(
      "test $$(systemctl show -p MainPID --value $0) != $1 && systemctl is-active --quiet $0",
      kUnit, pid));
}

void InstalledAgent::WaitForWords(const std::string& words) {
  guest_.Eventually(absl::Substitute("journalctl -b -o cat -u $0 | grep '$1'", kUnit, words));
}

std::string InstalledAgent::Journal() {
  return guest_.Run(absl::StrCat("journalctl -b -o short-monotonic -u ", kUnit)).out;
}

std::string InstalledAgent::Cgroup(absl::string_view file) {
  return guest_.Must(
      absl::Substitute("cat /sys/fs/cgroup/system.slice/$0.service/$1", kUnit, file));
}

}  // namespace tinyjoule

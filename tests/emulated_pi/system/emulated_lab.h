// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_EMULATED_PI_SYSTEM_EMULATED_LAB_H_
#define TESTS_EMULATED_PI_SYSTEM_EMULATED_LAB_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tests/e2e/lab.h"
#include "tests/emulated_pi/system/installed_agent.h"
#include "tests/emulated_pi/system/qemu_guest.h"

namespace tinyjoule {

// A coordinator on this machine, and an emulated system with the agent's service, a simulated
// INA219 under a load that is known, and a GPIO line for the marker. One thread.
class EmulatedLab {
 public:
  static constexpr char kAgent[] = "emulated-pi";
  // Sixty-four averages: conversions that come slowly enough for an emulated processor.
  static constexpr char kSensor[] = "i2c:/dev/i2c-1@0x40?shunt_uohm=100000&adc=x64";
  // QEMU's own GPIO chip; a line that nothing is on.
  static constexpr char kMarker[] = "gpio:9030000.pl061/2";

  // image_folder: as system/build makes it. share_folder: seen inside as /mnt.
  EmulatedLab(const std::string& image_folder, const std::string& share_folder)
      : guest_({image_folder, share_folder, lab_.Path("console.log")}) {}

  Lab& lab() { return lab_; }
  QemuGuest& guest() { return guest_; }
  InstalledAgent& agent() { return agent_; }

  // Trains nothing: every model is the same small one.
  void StartCoordinator();
  bool EventuallyConnected(bool connected);

  // The bus of /dev/i2c-1 with the chip on it appears, and udev has seen it.
  void PlugInBus();
  // A parameter of the kernel's module, docs/emulated-pi.md.
  void SetChip(absl::string_view parameter, int value);
  std::string Chip(absl::string_view parameter);

  // Submits a sweep of one run and returns its id in the middle of the run's window.
  std::string BeginRun(const std::string& name, const std::string& window);
  v1::Run OnlyRun(const std::string& sweep_id);
  // Of the run's window, which the edges of the marker enclose.
  void ExpectTheEnergyOfTheLoad(const std::string& sweep_id);

 private:
  Lab lab_;
  QemuGuest guest_;
  InstalledAgent agent_{guest_};
};

}  // namespace tinyjoule

#endif  // TESTS_EMULATED_PI_SYSTEM_EMULATED_LAB_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_RAPL_MACHINE_H_
#define TESTS_SUPPORT_FAKE_RAPL_MACHINE_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {

// A PC of two packages below /pc: its energy counters and its processor time, for tests.
struct FakeRaplMachine {
  static constexpr int64_t kRangeUj = 262'143'328'850;
  static constexpr char kRoot[] = "/pc";

  FakeRaplMachine() {
    for (const char* package : {"0", "1"}) {
      const std::string zone = absl::StrCat("/pc/sys/class/powercap/intel-rapl:", package);
      Write(zone + "/name", absl::StrCat("package-", package));
      Write(zone + "/max_energy_range_uj", absl::StrCat(kRangeUj));
    }
    SetEnergyUj(0, 0);
    SetTicks(0, 0);
  }
  void Write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(files.WriteFileAtomically(path, text + "\n").ok());
  }
  static std::string Counter(int package) {
    return absl::StrCat("/pc/sys/class/powercap/intel-rapl:", package, "/energy_uj");
  }
  void SetEnergyUj(int64_t first, int64_t second) {
    Write(Counter(0), absl::StrCat(first));
    Write(Counter(1), absl::StrCat(second));
  }
  // Processor time since boot: of all processes, and of this one.
  void SetTicks(int64_t busy, int64_t own) {
    Write("/pc/proc/stat", absl::StrCat("cpu  ", busy, " 0 0 9999 0 0 0 0 0 0"));
    Write("/pc/proc/self/stat",
          absl::StrCat("7 (tinyjoule) train) R 1 1 1 0 -1 0 0 0 0 0 ", own, " 0 0 0 20 0"));
  }

  FakeClock clock;
  FaultFileSystem files;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_FAKE_RAPL_MACHINE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_BOARD_STATE_H_
#define AGENT_CORE_BOARD_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/file_system.h"
#include "tinyjoule/v1/measurement.pb.h"

namespace tinyjoule {

// What the board is. Empty: it does not tell.
struct BoardFacts {
  // "Raspberry Pi 4 Model B Rev 1.5"; a PC's product name.
  std::string board;
  // "brcm,bcm2711"; a PC's processor name.
  std::string soc;
  // "Debian GNU/Linux 12 (bookworm)".
  std::string os;
  std::string kernel;
};

// What the board does right now. Absent: it does not tell.
struct BoardReading {
  // Of every core; "ondemand,performance" where they differ.
  std::optional<std::string> governor;
  // The clock cannot follow the load: every core's governor is performance or userspace, or its
  // lowest and highest frequency are set to one value.
  std::optional<bool> clock_is_fixed;
  std::optional<double> temp_c;
  // Slowest and fastest core.
  std::optional<uint64_t> freq_min_hz;
  std::optional<uint64_t> freq_max_hz;
  // What the supply's monitor says (rpi_volt): too low now, or in the last two seconds.
  std::optional<bool> undervoltage;
  // The firmware's bits: 0 under-voltage, 1 frequency capped, 2 throttled, 3 soft temperature
  // limit; 16 to 19: the same, at any time since boot.
  std::optional<uint32_t> throttled;
};

// The board's firmware. Thread-safe.
class Firmware {
 public:
  virtual ~Firmware() = default;
  // The bits of BoardReading::throttled; nothing when the firmware does not answer.
  virtual std::optional<uint32_t> Throttled() const = 0;
};

inline constexpr uint32_t kUndervoltBits = 0x1;
inline constexpr uint32_t kThrottledBits = 0xE;
inline constexpr int kSinceBootShift = 16;

// Reads /sys, /proc and /etc below a root folder, so that a test can give a tree of its own.
// Thread-safe.
class BoardReader {
 public:
  // The file system outlives the reader, and so does the firmware, which is asked where /sys has no
  // get_throttled (null: none to ask). root: "" is the machine itself.
  BoardReader(FileSystem& file_system, std::string root, const Firmware* firmware = nullptr)
      : file_system_(file_system), root_(std::move(root)), firmware_(firmware) {}

  BoardFacts ReadFacts() const;
  BoardReading Read() const;
  // Numbers of the cores that run; empty: not told.
  std::vector<int> OnlineCpus() const;
  // Whether every core adds and multiplies numbers of 16 bits as such (ARMv8.2's FEAT_FP16).
  bool HasHalfArithmetic() const;

 private:
  // Without surrounding blanks and zero bytes; nothing when the file cannot be read or is empty.
  std::optional<std::string> ReadText(const std::string& path) const;
  std::optional<std::string> ReadOsName() const;
  std::optional<std::string> ReadCpuModel() const;
  std::optional<uint64_t> ReadNumber(const std::string& path) const;
  void ReadClocks(BoardReading* reading) const;
  std::optional<uint32_t> ReadThrottled() const;
  std::optional<bool> ReadUndervoltage() const;

  FileSystem& file_system_;
  const std::string root_;
  const Firmware* const firmware_;
};

// The board over one run: first and highest temperature, slowest and fastest frequency, the union
// of the throttled bits that were set while it ran.
class BoardHistory {
 public:
  void Add(const BoardReading& reading);
  v1::BoardState ToProto() const;
  // The newest; absent where the board does not tell.
  std::optional<double> temp_c() const { return temp_c_; }
  // Bits 0 to 3 that were set at any reading, or that turned up among the since-boot bits.
  uint32_t events() const { return events_; }

 private:
  bool first_ = true;
  v1::BoardState state_;
  // The since-boot bits of the reading before: the kernel may clear them in between.
  uint32_t since_boot_before_ = 0;
  uint32_t events_ = 0;
  std::optional<double> temp_c_;
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_BOARD_STATE_H_

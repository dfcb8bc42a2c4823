// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// A library for LD_PRELOAD: gives a program a /dev/i2c-1 with an emulated INA219 that converts in
// real time, so that the unchanged agent can be tested without a board. Nothing that is measured
// through it is real, and it says so on standard error.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <optional>

#include "tests/emulated_pi/preload/bus_settings.h"
#include "tests/support/fake_clock.h"
#include "tests/support/ina219_model.h"

namespace tinyjoule {
namespace {

constexpr char kBusPath[] = "/dev/i2c-1";
constexpr uint16_t kAddress = 0x40;
constexpr uint16_t kResetBit = 0x8000;

int64_t NowNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &time);
  return time.tv_sec * kNsPerSecond + time.tv_nsec;
}

// Short ones by spinning: a sleep overshoots by more than they take.
void SleepNs(int64_t ns) {
  constexpr int64_t kShortNs = 50'000;
  if (ns < kShortNs) {
    for (const int64_t end_ns = NowNs() + ns; NowNs() < end_ns;) {
    }
    return;
  }
  const timespec time{ns / kNsPerSecond, ns % kNsPerSecond};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

template <typename Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// The adapter and its chip. All members are guarded by `mutex`.
class Bus {
 public:
  std::mutex mutex;

  // A descriptor for the bus; -1 with errno.
  int Open() {
    if (const char* text = getenv(kBusVariable)) settings_.Read(text);
    if (settings_.open_error != 0) return Fail(static_cast<int>(settings_.open_error));
    if (fd_ < 0) Begin();
    return fd_;
  }
  bool Owns(int fd) const { return fd >= 0 && fd == fd_; }
  void Close() { fd_ = -1; }

  int Control(unsigned long request, void* argument) {
    switch (request) {
      case I2C_FUNCS:
        *static_cast<unsigned long*>(argument) =
            ((settings_.functions & 1) != 0 ? I2C_FUNC_I2C : 0) |
            ((settings_.functions & 2) != 0 ? I2C_FUNC_SMBUS_EMUL : 0);
        return 0;
      case I2C_SLAVE:
        if (settings_.busy != 0) return Fail(EBUSY);
        chosen_ = static_cast<uint16_t>(reinterpret_cast<uintptr_t>(argument));
        return 0;
      case I2C_SMBUS:
        return Smbus(*static_cast<i2c_smbus_ioctl_data*>(argument));
      case I2C_RDWR:
        return ReadWrite(*static_cast<i2c_rdwr_ioctl_data*>(argument));
      default:
        return Fail(ENOTTY);
    }
  }

 private:
  static int Fail(int error_number) {
    errno = error_number;
    return -1;
  }

  void Begin() {
    std::fputs("emulated bus: /dev/i2c-1 is a test's; nothing that it measures is real\n", stderr);
    fd_ = Next<int (*)(const char*, int, ...)>("open")("/dev/null", O_RDWR | O_CLOEXEC);
    opened_ns_ = NowNs();
    clock_.SleepUntil(opened_ns_);
    load_.emplace(settings_.Load());
    Ina219Model::Options options;
    options.swapped_leads = settings_.swapped_leads != 0;
    chip_.emplace(clock_, *load_, options);
    if (settings_.brown_out_ms > 0) {
      chip_->At(opened_ns_ + settings_.brown_out_ms * kNsPerMs,
                [](Ina219Model& chip) { chip.BrownOut(); });
    }
    if (settings_.halt_ms > 0) {
      chip_->At(opened_ns_ + settings_.halt_ms * kNsPerMs, [](Ina219Model& chip) { chip.Halt(); });
    }
  }

  // 0, or -1 with errno when nobody answers.
  int Address(uint16_t address) {
    ++transfers_;
    const int64_t open_ms = (NowNs() - opened_ns_) / kNsPerMs;
    const bool dead = settings_.dead_for_ms > 0 && open_ms >= settings_.dead_from_ms &&
                      open_ms < settings_.dead_from_ms + settings_.dead_for_ms;
    const bool missed = settings_.nak_every > 0 && transfers_ % settings_.nak_every == 0;
    if (address == kAddress && settings_.absent == 0 && !dead && !missed) return 0;
    Pass(10);
    return Fail(EREMOTEIO);
  }
  void Pass(int64_t bits) { SleepNs(bits * kNsPerSecond / settings_.bus_hz); }

  int Read(uint16_t address, uint8_t reg, uint16_t* word) {
    if (Address(address) != 0) return -1;
    Pass(48);
    clock_.SleepUntil(NowNs());
    *word = chip_->Read(reg);
    const bool other_chip = settings_.reset_word != 0 && reg == Ina219Model::kConfig &&
                            *word == Ina219Model::kResetConfig;
    if (other_chip) *word = static_cast<uint16_t>(settings_.reset_word);
    return 0;
  }
  int Write(uint16_t address, uint8_t reg, uint16_t word) {
    if (Address(address) != 0) return -1;
    Pass(38);
    clock_.SleepUntil(NowNs());
    chip_->Write(reg, word);
    if (++writes_ == settings_.brown_out_writes) chip_->BrownOut();
    return 0;
  }

  int Smbus(const i2c_smbus_ioctl_data& transfer) {
    if ((settings_.functions & 2) == 0 || transfer.size != I2C_SMBUS_WORD_DATA) {
      return Fail(EOPNOTSUPP);
    }
    // The low byte travels first, and the chip means the high one.
    const auto swap = [](uint16_t word) { return static_cast<uint16_t>(word << 8 | word >> 8); };
    if (transfer.read_write == I2C_SMBUS_WRITE) {
      return Write(chosen_, transfer.command, swap(transfer.data->word));
    }
    uint16_t word = 0;
    if (Read(chosen_, transfer.command, &word) != 0) return -1;
    transfer.data->word = swap(word);
    return 0;
  }

  // As i2c-bcm2835: at most one message reads, and it is the last.
  int ReadWrite(const i2c_rdwr_ioctl_data& transfer) {
    const auto* messages = transfer.msgs;
    const auto count = transfer.nmsgs;
    if ((settings_.functions & 1) == 0 || count == 0 || count > 2) return Fail(EOPNOTSUPP);
    if ((messages[0].flags & I2C_M_RD) != 0) return Fail(EOPNOTSUPP);
    if (count == 1 && messages[0].len == 3) {
      const uint8_t* bytes = messages[0].buf;
      const auto word = static_cast<uint16_t>(bytes[1] << 8 | bytes[2]);
      return Write(messages[0].addr, bytes[0], word) == 0 ? 1 : -1;
    }
    const bool reads = count == 2 && messages[0].len == 1 && messages[1].len == 2 &&
                       (messages[1].flags & I2C_M_RD) != 0;
    if (!reads) return Fail(EOPNOTSUPP);
    uint16_t word = 0;
    if (Read(messages[0].addr, messages[0].buf[0], &word) != 0) return -1;
    messages[1].buf[0] = static_cast<uint8_t>(word >> 8);
    messages[1].buf[1] = static_cast<uint8_t>(word);
    return 2;
  }

  BusSettings settings_;
  // The model's time, which follows the real one.
  FakeClock clock_;
  std::optional<LoadProfile> load_;
  std::optional<Ina219Model> chip_;
  int fd_ = -1;
  int64_t opened_ns_ = 0;
  uint16_t chosen_ = 0;
  int64_t transfers_ = 0;
  int64_t writes_ = 0;
};

// Never destroyed: the program's threads may outlive main.
Bus& TheBus() {
  static Bus* const bus = new Bus;
  return *bus;
}

bool IsBus(const char* path) { return path != nullptr && strcmp(path, kBusPath) == 0; }

int OpenBus() {
  Bus& bus = TheBus();
  const std::lock_guard<std::mutex> lock(bus.mutex);
  return bus.Open();
}

mode_t ModeOf(int flags, va_list arguments) {
  const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace
}  // namespace tinyjoule

#define TINYJOULE_EXPORT extern "C" __attribute__((visibility("default")))

#define TINYJOULE_OPEN(name)                                                          \
  TINYJOULE_EXPORT int name(const char* path, int flags, ...) {                       \
    if (tinyjoule::IsBus(path)) return tinyjoule::OpenBus();                          \
    va_list arguments;                                                                \
    va_start(arguments, flags);                                                       \
    const mode_t mode = tinyjoule::ModeOf(flags, arguments);                          \
    va_end(arguments);                                                                \
    return tinyjoule::Next<int (*)(const char*, int, ...)>(#name)(path, flags, mode); \
  }
#define TINYJOULE_OPENAT(name)                                                                     \
  TINYJOULE_EXPORT int name(int folder, const char* path, int flags, ...) {                        \
    if (tinyjoule::IsBus(path)) return tinyjoule::OpenBus();                                       \
    va_list arguments;                                                                             \
    va_start(arguments, flags);                                                                    \
    const mode_t mode = tinyjoule::ModeOf(flags, arguments);                                       \
    va_end(arguments);                                                                             \
    return tinyjoule::Next<int (*)(int, const char*, int, ...)>(#name)(folder, path, flags, mode); \
  }

TINYJOULE_OPEN(open)
TINYJOULE_OPEN(open64)
TINYJOULE_OPENAT(openat)
TINYJOULE_OPENAT(openat64)

TINYJOULE_EXPORT int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  tinyjoule::Bus& bus = tinyjoule::TheBus();
  {
    const std::lock_guard<std::mutex> lock(bus.mutex);
    if (bus.Owns(fd)) return bus.Control(request, argument);
  }
  return tinyjoule::Next<int (*)(int, unsigned long, ...)>("ioctl")(fd, request, argument);
}

TINYJOULE_EXPORT int close(int fd) {
  tinyjoule::Bus& bus = tinyjoule::TheBus();
  {
    const std::lock_guard<std::mutex> lock(bus.mutex);
    if (bus.Owns(fd)) bus.Close();
  }
  return tinyjoule::Next<int (*)(int)>("close")(fd);
}

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The GPIO system on libgpiod 1 (Debian 12).
#include <gpiod.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "agent/gpio/gpio_system.h"
#include "agent/gpio/gpiod_paths.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

struct CloseChip {
  // Releases the chip's lines too.
  void operator()(gpiod_chip* chip) const { gpiod_chip_close(chip); }
};
using ChipHandle = std::unique_ptr<gpiod_chip, CloseChip>;

std::string TextOf(const char* text) { return text == nullptr ? "" : text; }

absl::StatusOr<ChipHandle> OpenChip(const std::string& path) {
  ChipHandle chip(gpiod_chip_open(path.c_str()));
  if (chip == nullptr) return ErrnoStatus(errno, absl::StrCat("cannot open ", path));
  return chip;
}

class GpiodMarkerLine final : public MarkerLine {
 public:
  GpiodMarkerLine(ChipHandle chip, gpiod_line* line) : chip_(std::move(chip)), line_(line) {}
  absl::Status Set(bool high) override {
    if (gpiod_line_set_value(line_, high ? 1 : 0) == 0) return absl::OkStatus();
    return ErrnoStatus(errno, "cannot set the marker line");
  }

 private:
  const ChipHandle chip_;
  gpiod_line* const line_;
};

class GpiodSystem final : public GpioSystem {
 public:
  std::vector<std::string> ListPaths() override { return GpioDevicePaths(); }

  absl::StatusOr<GpioChip> ReadChip(const std::string& path) override {
    TJ_ASSIGN_OR_RETURN(const ChipHandle chip, OpenChip(path));
    return GpioChip{path, TextOf(gpiod_chip_label(chip.get()))};
  }

  absl::StatusOr<std::vector<GpioLine>> ReadLines(const std::string& path) override {
    TJ_ASSIGN_OR_RETURN(const ChipHandle chip, OpenChip(path));
    std::vector<GpioLine> lines;
    for (unsigned number = 0; number < gpiod_chip_num_lines(chip.get()); ++number) {
      gpiod_line* const line = gpiod_chip_get_line(chip.get(), number);
      if (line == nullptr) {
        return ErrnoStatus(errno, absl::StrCat("cannot read line ", number, " of ", path));
      }
      lines.push_back({TextOf(gpiod_line_name(line)), gpiod_line_is_used(line),
                       TextOf(gpiod_line_consumer(line))});
    }
    return lines;
  }

  absl::StatusOr<std::unique_ptr<MarkerLine>> RequestOutput(const std::string& path,
                                                            unsigned number) override {
    TJ_ASSIGN_OR_RETURN(ChipHandle chip, OpenChip(path));
    gpiod_line* const line = gpiod_chip_get_line(chip.get(), number);
    if (line == nullptr || gpiod_line_request_output(line, "tinyjoule", 0) != 0) {
      return ErrnoStatus(errno, absl::StrCat("cannot take line ", number, " of ", path));
    }
    return std::make_unique<GpiodMarkerLine>(std::move(chip), line);
  }
};

}  // namespace

std::unique_ptr<GpioSystem> MakeGpioSystem() { return std::make_unique<GpiodSystem>(); }

}  // namespace tinyjoule

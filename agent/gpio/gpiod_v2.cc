// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The GPIO system on libgpiod 2 (Debian 13, Raspberry Pi OS trixie).
#include <gpiod.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "agent/gpio/gpio_system.h"
#include "agent/gpio/gpiod_paths.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

// One deleter for the library's opaque objects.
template <auto Free>
struct Freer {
  template <typename Object>
  void operator()(Object* object) const {
    Free(object);
  }
};
using ChipHandle = std::unique_ptr<gpiod_chip, Freer<gpiod_chip_close>>;
using ChipInfoHandle = std::unique_ptr<gpiod_chip_info, Freer<gpiod_chip_info_free>>;
using LineInfoHandle = std::unique_ptr<gpiod_line_info, Freer<gpiod_line_info_free>>;
using SettingsHandle = std::unique_ptr<gpiod_line_settings, Freer<gpiod_line_settings_free>>;
using LineConfigHandle = std::unique_ptr<gpiod_line_config, Freer<gpiod_line_config_free>>;
using RequestConfigHandle = std::unique_ptr<gpiod_request_config, Freer<gpiod_request_config_free>>;
using RequestHandle = std::unique_ptr<gpiod_line_request, Freer<gpiod_line_request_release>>;

std::string TextOf(const char* text) { return text == nullptr ? "" : text; }

absl::StatusOr<ChipHandle> OpenChip(const std::string& path) {
  ChipHandle chip(gpiod_chip_open(path.c_str()));
  if (chip == nullptr) return ErrnoStatus(errno, absl::StrCat("cannot open ", path));
  return chip;
}

absl::StatusOr<ChipInfoHandle> InfoOf(const ChipHandle& chip, const std::string& path) {
  ChipInfoHandle info(gpiod_chip_get_info(chip.get()));
  if (info == nullptr) return ErrnoStatus(errno, absl::StrCat("cannot read ", path));
  return info;
}

class GpiodMarkerLine final : public MarkerLine {
 public:
  GpiodMarkerLine(RequestHandle request, unsigned number)
      : request_(std::move(request)), number_(number) {}
  absl::Status Set(bool high) override {
    const auto value = high ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
    if (gpiod_line_request_set_value(request_.get(), number_, value) == 0) return absl::OkStatus();
    return ErrnoStatus(errno, "cannot set the marker line");
  }

 private:
  const RequestHandle request_;
  const unsigned number_;
};

// An output line that is low; null with errno when there is no memory.
LineConfigHandle OutputConfig(unsigned number) {
  SettingsHandle settings(gpiod_line_settings_new());
  LineConfigHandle config(gpiod_line_config_new());
  if (settings == nullptr || config == nullptr) return nullptr;
  gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_OUTPUT);
  gpiod_line_settings_set_output_value(settings.get(), GPIOD_LINE_VALUE_INACTIVE);
  if (gpiod_line_config_add_line_settings(config.get(), &number, 1, settings.get()) != 0) {
    return nullptr;
  }
  return config;
}

class GpiodSystem final : public GpioSystem {
 public:
  std::vector<std::string> ListPaths() override { return GpioDevicePaths(); }

  absl::StatusOr<GpioChip> ReadChip(const std::string& path) override {
    TJ_ASSIGN_OR_RETURN(const ChipHandle chip, OpenChip(path));
    TJ_ASSIGN_OR_RETURN(const ChipInfoHandle info, InfoOf(chip, path));
    return GpioChip{path, TextOf(gpiod_chip_info_get_label(info.get()))};
  }

  absl::StatusOr<std::vector<GpioLine>> ReadLines(const std::string& path) override {
    TJ_ASSIGN_OR_RETURN(const ChipHandle chip, OpenChip(path));
    TJ_ASSIGN_OR_RETURN(const ChipInfoHandle info, InfoOf(chip, path));
    std::vector<GpioLine> lines;
    for (unsigned number = 0; number < gpiod_chip_info_get_num_lines(info.get()); ++number) {
      const LineInfoHandle line(gpiod_chip_get_line_info(chip.get(), number));
      if (line == nullptr) {
        return ErrnoStatus(errno, absl::StrCat("cannot read line ", number, " of ", path));
      }
      lines.push_back({TextOf(gpiod_line_info_get_name(line.get())),
                       gpiod_line_info_is_used(line.get()),
                       TextOf(gpiod_line_info_get_consumer(line.get()))});
    }
    return lines;
  }

  absl::StatusOr<std::unique_ptr<MarkerLine>> RequestOutput(const std::string& path,
                                                            unsigned number) override {
    TJ_ASSIGN_OR_RETURN(const ChipHandle chip, OpenChip(path));
    const LineConfigHandle lines = OutputConfig(number);
    RequestConfigHandle config(gpiod_request_config_new());
    if (lines == nullptr || config == nullptr) {
      return ErrnoStatus(errno, absl::StrCat("cannot describe line ", number, " of ", path));
    }
    gpiod_request_config_set_consumer(config.get(), "tinyjoule");
    RequestHandle request(gpiod_chip_request_lines(chip.get(), config.get(), lines.get()));
    if (request == nullptr) {
      return ErrnoStatus(errno, absl::StrCat("cannot take line ", number, " of ", path));
    }
    return std::make_unique<GpiodMarkerLine>(std::move(request), number);
  }
};

}  // namespace

std::unique_ptr<GpioSystem> MakeGpioSystem() { return std::make_unique<GpiodSystem>(); }

}  // namespace tinyjoule

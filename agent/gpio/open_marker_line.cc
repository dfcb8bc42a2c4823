// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/gpio/open_marker_line.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

constexpr char kGroupAdvice[] =
    "; add this user to group gpio (or the group that owns the device) and log in again";

absl::Status Advised(const absl::Status& status) {
  if (!absl::IsPermissionDenied(status)) return status;
  return absl::PermissionDeniedError(absl::StrCat(status.message(), kGroupAdvice));
}

absl::StatusOr<GpioChip> FindChip(const std::string& label, GpioSystem& system) {
  std::vector<std::string> labels;
  absl::Status unreadable;
  for (const std::string& path : system.ListPaths()) {
    absl::StatusOr<GpioChip> chip = system.ReadChip(path);
    if (!chip.ok()) {
      unreadable.Update(chip.status());
    } else if (chip->label == label) {
      return chip;
    } else {
      labels.push_back(chip->label);
    }
  }
  // The chip may be the one that could not be read.
  TJ_RETURN_IF_ERROR(Advised(unreadable));
  return absl::NotFoundError(absl::StrCat(
      "no GPIO chip has the label \"", label, "\"; there ",
      labels.empty() ? "is no GPIO chip" : absl::StrCat("are: ", absl::StrJoin(labels, ", "))));
}

absl::StatusOr<unsigned> FindLine(const MarkerAddress& address,
                                  const std::vector<GpioLine>& lines) {
  for (unsigned number = 0; number < lines.size(); ++number) {
    if (lines[number].name == address.line) return number;
  }
  unsigned number = 0;
  if (absl::SimpleAtoi(address.line, &number) && number < lines.size()) return number;
  return absl::NotFoundError(absl::StrCat("chip \"", address.label, "\" has no line \"",
                                          address.line, "\"; it has the numbers 0 to ",
                                          lines.size() - 1, " and names (gpioinfo shows them)"));
}

absl::Status CheckFree(const GpioLine& line) {
  if (!line.used) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the line is in use by ", line.consumer.empty() ? "the kernel" : line.consumer,
                   "; stop it or take another line"));
}

}  // namespace

absl::StatusOr<MarkerAddress> ParseMarkerAddress(absl::string_view text) {
  absl::string_view rest = text;
  MarkerAddress address;
  const bool has_scheme = absl::ConsumePrefix(&rest, "gpio:");
  const size_t slash = rest.rfind('/');
  if (slash != absl::string_view::npos) {
    address.label = std::string(rest.substr(0, slash));
    address.line = std::string(rest.substr(slash + 1));
  }
  if (has_scheme && !address.label.empty() && !address.line.empty()) return address;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text,
                   "\" is not gpio:LABEL/LINE, such as gpio:pinctrl-bcm2711/17 or "
                   "gpio:pinctrl-bcm2711/GPIO17"));
}

absl::StatusOr<std::unique_ptr<MarkerLine>> OpenMarkerLine(absl::string_view text,
                                                           GpioSystem* system) {
  TJ_ASSIGN_OR_RETURN(const MarkerAddress address, ParseMarkerAddress(text));
  if (system == nullptr) {
    return absl::UnimplementedError(
        "this build has no GPIO: install libgpiod-dev, configure with -DTINYJOULE_GPIO=ON and "
        "build again; without a line the windows are marked in the data alone");
  }
  TJ_ASSIGN_OR_RETURN(const GpioChip chip, FindChip(address.label, *system));
  const absl::StatusOr<std::vector<GpioLine>> lines = system->ReadLines(chip.path);
  if (!lines.ok()) return Advised(lines.status());
  TJ_ASSIGN_OR_RETURN(const unsigned number, FindLine(address, *lines));
  TJ_RETURN_IF_ERROR(CheckFree((*lines)[number]));
  absl::StatusOr<std::unique_ptr<MarkerLine>> line = system->RequestOutput(chip.path, number);
  if (!line.ok()) return Advised(line.status());
  return line;
}

absl::StatusOr<std::unique_ptr<MarkerLine>> OpenMarkerLine(absl::string_view text) {
  const std::unique_ptr<GpioSystem> system = MakeGpioSystem();
  absl::StatusOr<std::unique_ptr<MarkerLine>> line = OpenMarkerLine(text, system.get());
  if (!line.ok()) return Annotate(line.status(), absl::StrCat("the marker ", text));
  return line;
}

}  // namespace tinyjoule

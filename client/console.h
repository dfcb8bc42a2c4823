// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_CONSOLE_H_
#define CLIENT_CONSOLE_H_

#include <istream>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"

namespace tinyjoule {

// Where coord writes: data on `out`, progress and errors on `err`. One thread.
struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  // Only on a terminal, and never with NO_COLOR.
  bool colour = false;
  int width = 80;
};

// The process's own streams.
Console SystemConsole();

enum class Colour { kRed, kGreen, kYellow, kGrey, kBold };
// The text in the colour, or plain when the console has none.
std::string Painted(const Console& console, Colour colour, absl::string_view text);

// The text when it takes at most `width` places, else as much as fits with "…" at its end.
std::string CutToWidth(const std::string& text, int width);

}  // namespace tinyjoule

#endif  // CLIENT_CONSOLE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/logging.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace tinyjoule {
namespace {

// spdlog's patterns do not escape, so the message is made safe on its way into the JSON line.
class JsonFormatter final : public spdlog::formatter {
 public:
  explicit JsonFormatter(std::string program) : program_(std::move(program)) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(message.time.time_since_epoch())
            .count();
    const std::string line = absl::StrCat(
        "{\"time_unix_ns\":", ns, ",\"level\":\"",
        std::string(spdlog::level::to_string_view(message.level).data()), "\",\"program\":\"",
        program_, "\",\"message\":\"",
        Escape(absl::string_view(message.payload.data(), message.payload.size())), "\"}\n");
    out.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>(program_);
  }

 private:
  static std::string Escape(absl::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        escaped += {'\\', c};
      } else if (byte < 0x20) {
        constexpr char kDigits[] = "0123456789abcdef";
        absl::StrAppend(&escaped, "\\u00", std::string{kDigits[byte >> 4], kDigits[byte & 15]});
      } else {
        escaped += c;
      }
    }
    return escaped;
  }

  std::string program_;
};

}  // namespace

absl::Status SetUpLogging(const std::string& program, const std::string& format,
                          const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>(
      program, std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  if (format == "json") {
    logger->set_formatter(std::make_unique<JsonFormatter>(program));
  } else if (format == "text") {
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %n: %v");
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("--log-format ", format, ": must be text or json"));
  }
  const auto parsed = spdlog::level::from_str(level == "warn" ? "warning" : level);
  if (parsed == spdlog::level::off) {
    return absl::InvalidArgumentError(
        absl::StrCat("--log-level ", level, ": must be trace, debug, info, warn or error"));
  }
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
  return absl::OkStatus();
}

}  // namespace tinyjoule

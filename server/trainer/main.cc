// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/logging.h"
#include "server/trainer/task_stream.h"
#include "server/trainer/torch/torch_engine.h"
#include "server/trainer/trainer.h"

namespace {

int RunFile(tinyjoule::Trainer& trainer, const std::string& path) {
  tinyjoule::PosixFileSystem files;
  const absl::StatusOr<std::string> json = files.ReadFile(path);
  if (!json.ok()) {
    std::cerr << json.status() << '\n';
    return 2;
  }
  return tinyjoule::RunTask(trainer, *json, std::cout).ok() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Trains and compresses the models of TinyJoule. Reads training tasks as JSON lines from "
      "standard input, writes events as JSON lines to standard output.",
      "tinyjoule-trainer"};
  std::string task_file;
  std::string engine = "native";
  std::string log_format = "text";
  std::string log_level = "info";
  app.set_version_flag("--version", absl::StrCat("tinyjoule-trainer ", TINYJOULE_VERSION,
                                                 " (LibTorch ", tinyjoule::TorchVersion(), ")"));
  app.add_option("--task", task_file, "Run the one task in this JSON file and leave");
  app.add_option("--engine", engine, "What trains networks on the processor")
      ->check(CLI::IsMember({"native", "torch"}))
      ->capture_default_str();
  app.add_option("--log-format", log_format, "text or json")->capture_default_str();
  app.add_option("--log-level", log_level, "trace, debug, info, warn or error")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (const auto status = tinyjoule::SetUpLogging("tinyjoule-trainer", log_format, log_level);
      !status.ok()) {
    std::cerr << status << '\n';
    return 2;
  }
  const tinyjoule::SystemClock clock;
  tinyjoule::Trainer trainer(
      engine == "torch" ? tinyjoule::EngineChoice::kTorch : tinyjoule::EngineChoice::kNative,
      clock);
  if (!task_file.empty()) return RunFile(trainer, task_file);
  tinyjoule::RunTaskStream(trainer, std::cin, std::cout);
  return 0;
}

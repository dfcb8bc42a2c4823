// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/commands.h"
#include "client/sweep_input.h"
#include "client/upload.h"
#include "client/watching.h"
#include "client/words.h"
#include "common/base/random_source.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

struct SubmitOptions {
  std::string file;
  std::vector<std::string> overrides;
  bool wait = false;
  bool detach = false;
};

v1::CreateSweepRequest MakeRequest(const SweepInput& input,
                                   const std::vector<std::string>& overrides,
                                   const std::vector<v1::InputFile>& files) {
  SystemRandom random;
  v1::CreateSweepRequest request;
  request.set_request_id(RandomId(random));
  request.set_sweep_yaml(input.yaml);
  request.set_file_name(input.file_name == "-" ? "<stdin>" : input.file_name);
  for (const std::string& text : overrides) request.add_overrides(text);
  for (v1::InputFile file : files) {
    file.clear_local_path();
    *request.add_files() = std::move(file);
  }
  return request;
}

absl::Status UploadMissing(Session& session, const v1::CreateSweepResponse& answer,
                           const std::vector<v1::InputFile>& files) {
  std::map<std::string, const v1::InputFile*> by_hash;
  for (const v1::InputFile& file : files) by_hash[file.sha256()] = &file;
  for (const v1::InputFile& missing : answer.missing_files()) {
    const auto found = by_hash.find(missing.sha256());
    if (found == by_hash.end()) {
      return absl::InternalError("the coordinator asks for a file that the sweep does not name: " +
                                 missing.name());
    }
    TJ_RETURN_IF_ERROR(UploadFile(session, *found->second));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::CreateSweepResponse> Create(Session& session, v1::CreateSweepRequest request,
                                               const std::vector<v1::InputFile>& files) {
  const auto create = &v1::SweepService::Stub::CreateSweep;
  TJ_ASSIGN_OR_RETURN(v1::CreateSweepResponse answer, session.connection.Call(create, request));
  if (answer.missing_files().empty()) return answer;
  TJ_RETURN_IF_ERROR(UploadMissing(session, answer, files));
  TJ_ASSIGN_OR_RETURN(answer, session.connection.Call(create, request));
  if (answer.missing_files().empty()) return answer;
  return absl::InternalError("the coordinator still lacks files after they were sent");
}

int AfterSubmission(Session& session, const SubmitOptions& options,
                    const v1::CreateSweepResponse& answer) {
  const Console& console = session.console;
  const v1::Sweep& sweep = answer.sweep();
  for (const std::string& warning : answer.warnings()) {
    console.err << Painted(console, Colour::kYellow, "warning:") << " " << warning << "\n";
  }
  if (answer.existed()) console.err << "this sweep was there already\n";
  console.out << sweep.sweep_id() << "\n" << std::flush;
  const bool ended = sweep.state() != v1::SWEEP_STATE_RUNNING;
  if (answer.matching_agents().empty() && !ended && !options.wait) {
    return Fail(session, kExitCannotBePlaced,
                "stored, but no agent matches now; it starts when one comes");
  }
  if (options.wait || (console.err_is_terminal && !options.detach)) {
    return WatchUntilTheEnd(session, sweep.sweep_id());
  }
  return kExitOk;
}

int Submit(Session& session, const SubmitOptions& options) {
  const auto input = ReadSweep(session, options.file, options.overrides);
  if (!input.ok()) return Fail(session, kExitUsage, input.status().message());
  if (!input->parsed.ok()) return kExitUsage;
  const auto files = CollectFiles(*input);
  if (!files.ok()) return Fail(session, kExitUsage, files.status().message());
  const auto answer = Create(session, MakeRequest(*input, options.overrides, *files), *files);
  if (!answer.ok()) return Fail(session, answer.status());
  return AfterSubmission(session, options, *answer);
}

}  // namespace

void AddSubmit(CLI::App& root, Command& chosen) {
  const auto options = std::make_shared<SubmitOptions>();
  CLI::App* verb = root.add_subcommand(
      "submit", "Hands a sweep in and prints its id; shows progress on a terminal");
  verb->add_option("FILE", options->file, "sweep.yaml; - is standard input")->required();
  verb->add_option("--set", options->overrides, "path=value, as if the file said so; repeatable")
      ->allow_extra_args(false);
  CLI::Option* wait = verb->add_flag("--wait", options->wait, "Return when the sweep has ended");
  verb->add_flag("--detach", options->detach, "Return at once, on a terminal too")->excludes(wait);
  verb->callback([options, &chosen] {
    chosen = [options](Session& session) { return Submit(session, *options); };
  });
}

}  // namespace tinyjoule

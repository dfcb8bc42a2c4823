// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/words.h"

namespace tinyjoule {
namespace {

int Verify(Session& session, const std::string& sweep) {
  v1::VerifySweepRequest request;
  request.set_sweep_id(sweep);
  uint32_t verified = 0, different = 0;
  Console& console = session.console;
  const absl::Status status =
      session.connection
          .Stream<v1::RunService::Stub, v1::VerifySweepRequest, v1::VerifySweepResponse>(
              &v1::RunService::Stub::VerifySweep, request,
              [&](const v1::VerifySweepResponse& response) {
                verified = response.verified();
                different += response.differences().empty() ? 0 : 1;
                for (const std::string& difference : response.differences()) {
                  console.out << ShortId(response.run_id()) << ": " << difference << "\n";
                }
                if (console.err_is_terminal) {
                  console.err << "\r\x1b[2K" << verified << "/" << response.total() << std::flush;
                }
                return true;
              });
  if (console.err_is_terminal) console.err << "\r\x1b[2K";
  if (!status.ok()) return Fail(session, status);
  console.out << verified << " runs recomputed from raw data, " << different << " differ\n";
  return different == 0 ? kExitOk : kExitInvalidMeasurements;
}

}  // namespace

void AddVerify(CLI::App& root, Command& chosen) {
  const auto sweep = std::make_shared<std::string>();
  CLI::App* verb =
      root.add_subcommand("verify", "Recomputes every energy and metric and says what differs");
  verb->add_option("SWEEP", *sweep, "An id, a prefix of one, or a name")->required();
  verb->callback(
      [sweep, &chosen] { chosen = [sweep](Session& session) { return Verify(session, *sweep); }; });
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/commands.h"

namespace tinyjoule {
namespace {

int Version(Session& session) {
  session.console.out << "coord " << TINYJOULE_VERSION << "\n";
  session.connection.set_timeout_ns(2'000'000'000);
  const auto server =
      session.connection.Call(&v1::FleetService::Stub::GetServerInfo, v1::GetServerInfoRequest());
  if (server.ok()) {
    session.console.out << "coordinator " << server->version() << " at "
                        << session.connection.address() << "\n";
  } else {
    session.console.err << "no coordinator at " << session.connection.address() << "\n";
  }
  return kExitOk;
}

}  // namespace

void AddVersion(CLI::App& root, Command& chosen) {
  root.add_subcommand("version", "The versions of coord and of the coordinator")
      ->callback([&chosen] { chosen = Version; });
}

}  // namespace tinyjoule

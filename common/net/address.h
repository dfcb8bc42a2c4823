// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_NET_ADDRESS_H_
#define COMMON_NET_ADDRESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tinyjoule {

// "HOST:PORT" in two; an IPv6 address stands in brackets.
struct HostPort {
  std::string host;
  std::string port;
};

// InvalidArgument unless there is a host and a port from 0 to 65535.
absl::StatusOr<HostPort> ParseHostPort(absl::string_view text);

// What the system's resolver (getaddrinfo: files, DNS, mDNS) says about a name.
struct ResolvedAddress {
  // Numeric addresses of one family, IPv4 when there is one.
  std::vector<std::string> addresses;
  bool ipv6 = false;
  // Every address of the name, of either family, is on this machine.
  bool loopback = false;
};

// Blocks. Unavailable when the name does not resolve (yet).
absl::StatusOr<ResolvedAddress> ResolveHost(const std::string& host);

}  // namespace tinyjoule

#endif  // COMMON_NET_ADDRESS_H_

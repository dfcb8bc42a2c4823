// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

bool IsLoopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(address);
    return (ntohl(ipv4->sin_addr.s_addr) >> 24) == 127;
  }
  const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(address);
  return IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr);
}

std::string NumericName(const addrinfo& entry) {
  char name[NI_MAXHOST];
  const int error =
      getnameinfo(entry.ai_addr, entry.ai_addrlen, name, sizeof(name), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? name : std::string();
}

absl::StatusOr<AddressList> LookUp(const std::string& host) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(
        absl::StrCat("the name \"", host, "\" does not resolve: ", gai_strerror(error)));
  }
  return AddressList(found, &freeaddrinfo);
}

}  // namespace

absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  const auto invalid = [text](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not HOST:PORT: ", why));
  };
  if (colon == absl::string_view::npos) return invalid("there is no port");
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port = text.substr(colon + 1);
  int number = 0;
  const bool digits = !port.empty() && absl::ascii_isdigit(static_cast<unsigned char>(port[0]));
  if (!digits || !absl::SimpleAtoi(port, &number) || number > 65535) {
    return invalid("the port is not a number from 0 to 65535");
  }
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty()) return invalid("there is no host");
  if (!bracketed && host.find(':') != absl::string_view::npos) {
    return invalid("an IPv6 address needs brackets");
  }
  return HostPort{std::string(host), std::string(port)};
}

absl::StatusOr<ResolvedAddress> ResolveHost(const std::string& host) {
  absl::StatusOr<AddressList> list = LookUp(host);
  if (!list.ok()) return list.status();
  ResolvedAddress result;
  result.loopback = true;
  std::vector<std::string> ipv6;
  for (const addrinfo* entry = list->get(); entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    result.loopback = result.loopback && IsLoopback(entry->ai_addr);
    (entry->ai_family == AF_INET ? result.addresses : ipv6).push_back(NumericName(*entry));
  }
  if (result.addresses.empty()) {
    result.ipv6 = true;
    result.addresses = std::move(ipv6);
  }
  if (result.addresses.empty()) {
    return absl::UnavailableError(absl::StrCat("the name \"", host, "\" has no IP address"));
  }
  return result;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/net/address.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(AddressTest, ParsesHostAndPort) {
  EXPECT_EQ(ParseHostPort("pi.local:50051")->host, "pi.local");
  EXPECT_EQ(ParseHostPort("pi.local:50051")->port, "50051");
  EXPECT_EQ(ParseHostPort("[fe80::1]:0")->host, "fe80::1");
}

TEST(AddressTest, SaysWhatIsWrong) {
  const auto error = [](absl::string_view text) {
    const auto parts = ParseHostPort(text);
    EXPECT_EQ(parts.status().code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(parts.status().message());
  };
  EXPECT_THAT(error("host"), HasSubstr("no port"));
  EXPECT_THAT(error(":1"), HasSubstr("no host"));
  EXPECT_THAT(error("host:"), HasSubstr("0 to 65535"));
  EXPECT_THAT(error("host:65536"), HasSubstr("0 to 65535"));
  EXPECT_THAT(error("host:-1"), HasSubstr("0 to 65535"));
  EXPECT_THAT(error("host: 1"), HasSubstr("0 to 65535"));
  EXPECT_THAT(error("::1:50051"), HasSubstr("brackets"));
}

TEST(AddressTest, LoopbackIsKnown) {
  EXPECT_TRUE(ResolveHost("localhost")->loopback);
  EXPECT_TRUE(ResolveHost("127.9.9.9")->loopback);
  EXPECT_TRUE(ResolveHost("::1")->loopback);
  EXPECT_TRUE(ResolveHost("::1")->ipv6);
  EXPECT_FALSE(ResolveHost("0.0.0.0")->loopback) << "listens to everyone";
  EXPECT_FALSE(ResolveHost("::")->loopback);
  // RFC 5737 and 3849: addresses for documentation.
  EXPECT_FALSE(ResolveHost("192.0.2.1")->loopback);
  EXPECT_FALSE(ResolveHost("2001:db8::1")->loopback);
  EXPECT_THAT(ResolveHost("192.0.2.1")->addresses, ElementsAre("192.0.2.1"));
}

TEST(AddressTest, AnUnknownNameMayCome) {
  // RFC 2606: never resolves.
  EXPECT_EQ(ResolveHost("pi.invalid").status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tinyjoule

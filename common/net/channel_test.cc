// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/net/channel.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "common/base/file_system.h"
#include "common/net/status.h"
#include "gmock/gmock.h"
#include "grpcpp/server.h"
#include "gtest/gtest.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

class AnsweringFleet final : public v1::FleetService::Service {
 public:
  grpc::Status GetServerInfo(grpc::ServerContext*, const v1::GetServerInfoRequest*,
                             v1::GetServerInfoResponse* response) override {
    if (fail) return ToGrpcStatus(absl::InvalidArgumentError(std::string(100'000, 'x')));
    response->set_version("answered");
    response->set_data_dir(std::string(bytes, 'x'));
    return grpc::Status::OK;
  }
  bool fail = false;
  size_t bytes = 0;
};

std::string ToPem(const std::function<void(BIO*)>& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  write(bio.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

void AddExtension(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// A self-signed certificate for localhost, valid for an hour, and its key, as PEM files.
TlsFiles MakeCertificate(const std::string& folder, const std::string& name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  AddExtension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate.get(), NID_subject_alt_name, "DNS:localhost");
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  TlsFiles files;
  files.certificate = files.ca = folder + "/" + name + ".pem";
  files.key = folder + "/" + name + ".key";
  PosixFileSystem system;
  EXPECT_TRUE(system
                  .WriteFileAtomically(files.certificate, ToPem([&](BIO* bio) {
                                         PEM_write_bio_X509(bio, certificate.get());
                                       }))
                  .ok());
  EXPECT_TRUE(system
                  .WriteFileAtomically(files.key, ToPem([&](BIO* bio) {
                                         PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr,
                                                                  0, nullptr, nullptr);
                                       }))
                  .ok());
  return files;
}

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    std::string pattern = ::testing::TempDir() + "/channel_test_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~ChannelTest() override { std::filesystem::remove_all(folder_); }

  void Serve(const TlsFiles& tls) {
    auto credentials = MakeServerCredentials("127.0.0.1:0", tls, /*insecure=*/false);
    ASSERT_TRUE(credentials.ok()) << credentials.status();
    grpc::ServerBuilder builder;
    ApplyServerLimits(builder);
    builder.AddListeningPort("127.0.0.1:0", *credentials, &port_);
    builder.RegisterService(&fleet_);
    server_ = builder.BuildAndStart();
  }
  absl::Status Ask(const ChannelOptions& options) {
    auto channel = MakeChannel("localhost:" + std::to_string(port_), options);
    if (!channel.ok()) return channel.status();
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::GetServerInfoResponse response;
    return FromGrpcStatus(
        v1::FleetService::NewStub(*channel)->GetServerInfo(&context, {}, &response));
  }

  std::string folder_;
  AnsweringFleet fleet_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(ChannelTest, LoopbackIsPlainText) {
  Serve({});
  EXPECT_TRUE(Ask({}).ok()) << Ask({});
}

TEST_F(ChannelTest, OtherAddressesAskForTlsOrForInsecureSaidAloud) {
  const auto status = MakeChannel("192.0.2.1:50051", {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--insecure"));
  ChannelOptions insecure;
  insecure.insecure = true;
  EXPECT_TRUE(MakeChannel("192.0.2.1:50051", insecure).ok());
  for (const char* address : {"0.0.0.0:50051", "[::]:50051", "192.0.2.1:50051"}) {
    EXPECT_EQ(MakeServerCredentials(address, {}, false).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
    EXPECT_TRUE(MakeServerCredentials(address, {}, true).ok());
  }
  EXPECT_TRUE(MakeServerCredentials("127.0.0.1:0", {}, false).ok());
}

TEST_F(ChannelTest, MutualTlsConnects) {
  const TlsFiles server = MakeCertificate(folder_, "server");
  const TlsFiles agent = MakeCertificate(folder_, "agent");
  Serve({agent.certificate, server.certificate, server.key});
  ChannelOptions options;
  options.tls = {server.certificate, agent.certificate, agent.key};
  EXPECT_TRUE(Ask(options).ok()) << Ask(options);
}

TEST_F(ChannelTest, TlsRefusesStrangers) {
  const TlsFiles server = MakeCertificate(folder_, "server");
  const TlsFiles agent = MakeCertificate(folder_, "agent");
  const TlsFiles stranger = MakeCertificate(folder_, "stranger");
  Serve({agent.certificate, server.certificate, server.key});
  ChannelOptions options;
  EXPECT_FALSE(Ask(options).ok()) << "plain text";
  options.tls = {stranger.certificate, agent.certificate, agent.key};
  EXPECT_FALSE(Ask(options).ok()) << "another server than expected";
  options.tls = {server.certificate, stranger.certificate, stranger.key};
  EXPECT_FALSE(Ask(options).ok()) << "an unknown client";
  options.tls = {server.certificate, "", ""};
  EXPECT_FALSE(Ask(options).ok()) << "no client certificate";
}

TEST_F(ChannelTest, TlsFilesAreChecked) {
  const TlsFiles files = MakeCertificate(folder_, "server");
  const auto client = [](const TlsFiles& tls, bool insecure = false) {
    ChannelOptions options;
    options.tls = tls;
    options.insecure = insecure;
    return std::string(MakeChannel("localhost:1", options).status().message());
  };
  EXPECT_THAT(client({"", files.certificate, files.key}), HasSubstr("needs --tls-ca"));
  EXPECT_THAT(client({files.ca, files.certificate, ""}), HasSubstr("go together"));
  EXPECT_THAT(client({files.ca, "", ""}, true), HasSubstr("exclude one another"));
  EXPECT_THAT(client({folder_ + "/missing.pem", "", ""}), HasSubstr("missing.pem"));
  ASSERT_TRUE(PosixFileSystem().WriteFileAtomically(folder_ + "/text", "no pem").ok());
  EXPECT_THAT(client({folder_ + "/text", "", ""}), HasSubstr("is not a PEM file"));
  const auto server = MakeServerCredentials("0.0.0.0:1", {files.ca, "", ""}, false).status();
  EXPECT_THAT(std::string(server.message()), HasSubstr("--tls-cert"));
}

TEST_F(ChannelTest, LongErrorsArriveWhole) {
  Serve({});
  fleet_.fail = true;
  EXPECT_EQ(Ask({}).message().size(), 100'000u);
}

TEST_F(ChannelTest, MessagesAreLimited) {
  Serve({});
  fleet_.bytes = 4'000'000;
  EXPECT_TRUE(Ask({}).ok());
  fleet_.bytes = 4'200'000;
  EXPECT_EQ(Ask({}).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// The bytes of the protocol, for ever: what an older agent sends, and an older store holds, still
// reads as the same message. tests/golden/wire holds each message as text and as bytes. Files of a
// released version are never changed: a new field gets a new message file beside the old ones.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "tests/golden/fill_message.h"
#include "tests/golden/golden_file.h"
#include "tinyjoule/v1/agent_link_service.pb.h"
#include "tinyjoule/v1/run.pb.h"
#include "tinyjoule/v1/runner.pb.h"

namespace tinyjoule {
namespace {

using google::protobuf::Message;
using google::protobuf::TextFormat;

std::string BytesOf(const Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    EXPECT_TRUE(message.SerializeToCodedStream(&coded));
  }
  return bytes;
}

std::string HexOf(const std::string& bytes) {
  const std::string digits = absl::BytesToHexString(bytes);
  std::string lines;
  for (size_t begin = 0; begin < digits.size(); begin += 96) {
    lines += digits.substr(begin, 96) + "\n";
  }
  return lines;
}

std::string BytesOfHex(const std::string& hex) {
  std::string digits = hex;
  digits.erase(std::remove(digits.begin(), digits.end(), '\n'), digits.end());
  return absl::HexStringToBytes(digits);
}

// Only what is not there yet is written: released bytes stay.
void WriteMissing(const std::string& text_path, const std::string& hex_path, Message& example) {
  if (!UpdatesGolden() || ReadSourceFile(text_path).has_value()) return;
  int next = 1;
  FillDistinct(example, next);
  std::string text;
  ASSERT_TRUE(TextFormat::PrintToString(example, &text));
  WriteSourceFile(text_path, text);
  WriteSourceFile(hex_path, HexOf(BytesOf(example)));
}

template <typename M>
void ExpectWire(const std::string& name) {
  SCOPED_TRACE(name);
  const std::string text_path = "tests/golden/wire/" + name + ".txtpb";
  const std::string hex_path = "tests/golden/wire/" + name + ".hex";
  M example;
  WriteMissing(text_path, hex_path, example);
  const auto text = ReadSourceFile(text_path);
  const auto hex = ReadSourceFile(hex_path);
  ASSERT_TRUE(text.has_value() && hex.has_value()) << "TINYJOULE_UPDATE_GOLDEN=1 writes it";
  M expected;
  ASSERT_TRUE(TextFormat::ParseFromString(*text, &expected)) << "a field was renamed or removed";
  const std::string bytes = BytesOfHex(*hex);
  M received;
  ASSERT_TRUE(received.ParseFromString(bytes));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(received, expected));
  EXPECT_EQ(HexOf(BytesOf(expected)), *hex);
}

TEST(Wire, MessagesOfTheLinkKeepTheirBytes) {
  ExpectWire<v1::Hello>("hello");
  ExpectWire<v1::Welcome>("welcome");
  ExpectWire<v1::Offer>("offer");
  ExpectWire<v1::OfferReply>("offer_reply");
  ExpectWire<v1::RunProgress>("run_progress");
  ExpectWire<v1::ChunkAck>("chunk_ack");
  ExpectWire<v1::CancelRun>("cancel_run");
  ExpectWire<v1::LivePower>("live_power");
  ExpectWire<v1::Chunk>("chunk");
  ExpectWire<v1::Calibrate>("calibrate");
  ExpectWire<v1::Calibrated>("calibrated");
}

TEST(Wire, WhatIsStoredKeepsItsBytes) {
  ExpectWire<v1::CalibrationFile>("calibration_file");
  ExpectWire<v1::SampleBlock>("sample_block");
  ExpectWire<v1::PredictionBlock>("prediction_block");
  ExpectWire<v1::RunResult>("run_result");
  ExpectWire<v1::RunAssembly>("run_assembly");
  ExpectWire<v1::TrainingOutcome>("training_outcome");
  ExpectWire<v1::Run>("run");
}

// Field numbers of the oneofs that carry the protocol.
TEST(Wire, EnvelopesKeepTheirNumbers) {
  v1::ConnectRequest request;
  request.mutable_chunk();
  EXPECT_EQ(absl::BytesToHexString(request.SerializeAsString()), "2200");
  request.mutable_hello();
  EXPECT_EQ(absl::BytesToHexString(request.SerializeAsString()), "0a00");
  v1::ConnectResponse response;
  response.mutable_chunk_ack();
  EXPECT_EQ(absl::BytesToHexString(response.SerializeAsString()), "1a00");
  response.mutable_offer();
  EXPECT_EQ(absl::BytesToHexString(response.SerializeAsString()), "1200");
}

// A newer peer's field is kept, not lost, when an older one stores the message and sends it on.
TEST(Wire, UnknownFieldsSurvive) {
  const std::string newer = v1::ChunkAck().SerializeAsString() + "\xfa\x7f\x03new";
  v1::ChunkAck ack;
  ASSERT_TRUE(ack.ParseFromString(newer));
  EXPECT_EQ(ack.SerializeAsString(), newer);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/assembly/run_assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "common/base/digest.h"
#include "common/energy/chunk.h"
#include "common/energy/energy_report.h"
#include "tests/support/delivered_attempt.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> FlagNames(const AssembledRun& run) {
  std::vector<std::string> names;
  for (const v1::Flag& flag : run.assembly.flags()) names.push_back(flag.name());
  return names;
}

TEST(AssembleRun, MakesEveryFigure) {
  const auto run = DeliveredAttempt().Assemble();
  ASSERT_TRUE(run.ok()) << run.status();
  const v1::RunAssembly& assembly = run->assembly;
  EXPECT_TRUE(assembly.valid());
  EXPECT_THAT(assembly.flags(), IsEmpty());
  // 5 V x 0.8 A x 24 s, over 5 V x 0.5 A; errors 0.5, 0, -1 of targets with SS_tot 2.
  EXPECT_NEAR(assembly.energy().energy_j(), 96, 0.01);
  EXPECT_NEAR(assembly.energy().energy_net_j(), 36, 0.01);
  EXPECT_EQ(assembly.windows_size(), 2);
  EXPECT_EQ(assembly.inference_count(), 1000U);
  EXPECT_DOUBLE_EQ(assembly.inference_total_s(), 24);
  EXPECT_DOUBLE_EQ(assembly.quality().mae(), 0.5);
  EXPECT_DOUBLE_EQ(assembly.quality().r2(), 1 - 1.25 / 2);
  EXPECT_EQ(assembly.prediction_max_abs_diff(), 0);
  EXPECT_EQ(run->result.sample_count(), DeliveredAttempt().samples().size());
}

TEST(AssembleRun, RawHashIsThatOfThePayloadsInOrder) {
  const DeliveredAttempt attempt;
  std::vector<v1::Chunk> chunks = attempt.Chunks();
  std::string payloads;
  for (const v1::Chunk& chunk : chunks) payloads += chunk.payload();
  const std::string expected = Sha256Hex(payloads);
  EXPECT_EQ(attempt.Assemble(chunks)->assembly.raw_sha256(), expected);
  std::shuffle(chunks.begin(), chunks.end(), std::mt19937_64(5));
  EXPECT_EQ(attempt.Assemble(chunks)->assembly.raw_sha256(), expected);
}

TEST(AssembleRun, EveryMissingChunkIsNamed) {
  const DeliveredAttempt attempt;
  const std::vector<v1::Chunk> all = attempt.Chunks();
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<v1::Chunk> chunks = all;
    chunks.erase(chunks.begin() + static_cast<int64_t>(i));
    const absl::Status status = attempt.Assemble(chunks).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << i;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat(v1::ChunkStream_Name(all[i].stream()), " chunk ",
                                       all[i].sequence(), " of ")));
  }
}

TEST(AssembleRun, RefusesForeignDoubleAndBrokenChunks) {
  const DeliveredAttempt attempt;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  std::vector<v1::Chunk> chunks = attempt.Chunks();
  chunks.push_back(chunks[1]);
  EXPECT_EQ(attempt.Assemble(chunks).status().code(), kInvalid);
  chunks = attempt.Chunks();
  chunks[1].set_attempt(1);
  EXPECT_EQ(attempt.Assemble(chunks).status().code(), kInvalid);
  chunks = attempt.Chunks();
  (*chunks[0].mutable_payload())[5] ^= 1;
  EXPECT_EQ(attempt.Assemble(chunks).status().code(), absl::StatusCode::kDataLoss);
  chunks = attempt.Chunks();
  chunks[0] = *MakeChunk("run-1", 2, v1::CHUNK_STREAM_SAMPLES, 0, "\xff\xff\xff");
  EXPECT_EQ(attempt.Assemble(chunks).status().code(), kInvalid);
  EXPECT_EQ(attempt.Assemble({}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(AssembleRun, AgentsEnergyIsCheckedToABillionth) {
  DeliveredAttempt attempt;
  const auto honest = attempt.Assemble();
  ASSERT_TRUE(honest.ok());
  const double energy_j = honest->assembly.windows(1).energy_j();
  attempt.result().mutable_windows(2)->set_energy_j(energy_j * (1 + 0.9e-9));
  EXPECT_THAT(FlagNames(*attempt.Assemble()), IsEmpty());
  attempt.result().mutable_windows(2)->set_energy_j(energy_j * (1 + 1.1e-9));
  const auto different = attempt.Assemble();
  EXPECT_THAT(FlagNames(*different), ElementsAre("MISMATCH"));
  EXPECT_FALSE(different->assembly.valid());
}

TEST(AssembleRun, PredictionsBeyondTheToleranceAreFatal) {
  DeliveredAttempt attempt;
  attempt.predictions() = {1.5F, 2.00009F, 2};
  EXPECT_TRUE(attempt.Assemble()->assembly.valid());
  attempt.predictions() = {1.5F, 2.0002F, 2};
  const auto run = attempt.Assemble();
  EXPECT_THAT(FlagNames(*run), ElementsAre("PREDICTION_MISMATCH"));
  EXPECT_FALSE(run->assembly.valid());
  EXPECT_NEAR(run->assembly.prediction_max_abs_diff(), 2e-4, 1e-7);
  EXPECT_TRUE(run->assembly.has_quality());
}

// A sixteenth of 2, the largest of the trainer's.
TEST(AssembleRun, Float16IsHeldToWhatItsSumsCanKeep) {
  DeliveredAttempt attempt;
  attempt.set_engine(v1::ENGINE_XNNPACK_F16);
  attempt.predictions() = {1.5F, 2.12F, 2};
  EXPECT_TRUE(attempt.Assemble()->assembly.valid());
  attempt.predictions() = {1.5F, 2.13F, 2};
  EXPECT_THAT(FlagNames(*attempt.Assemble()), ElementsAre("PREDICTION_MISMATCH"));
}

TEST(AssembleRun, MissingOrMeaninglessPredictionsAreFatal) {
  DeliveredAttempt attempt;
  attempt.predictions() = {1.5F, 2};
  EXPECT_THAT(FlagNames(*attempt.Assemble()), ElementsAre("PREDICTION_MISMATCH"));
  attempt.predictions() = {1.5F, std::nanf(""), 2};
  const auto run = attempt.Assemble();
  EXPECT_THAT(FlagNames(*run), ElementsAre("PREDICTION_MISMATCH"));
  EXPECT_FALSE(run->assembly.has_quality());
}

TEST(AssembleRun, AFailedAttemptIsKeptButNotValid) {
  DeliveredAttempt attempt;
  attempt.result().set_state(v1::ATTEMPT_STATE_FAILED);
  attempt.result().set_reason("the runner was killed by signal 9");
  attempt.predictions().clear();
  const auto run = attempt.Assemble();
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(FlagNames(*run), IsEmpty());
  EXPECT_FALSE(run->assembly.valid());
}

TEST(AssembleRun, FlagsOfBothSidesAreKept) {
  DeliveredAttempt attempt;
  v1::Flag& steady = *attempt.result().add_flags();
  steady.set_name("NO_STEADY_STATE");
  v1::Flag& newer = *attempt.result().add_flags();
  newer.set_name("OF_A_NEWER_AGENT");
  newer.set_fatal(true);
  attempt.samples().erase(attempt.samples().begin() + 4000, attempt.samples().begin() + 4003);
  const auto run = attempt.Assemble();
  EXPECT_THAT(FlagNames(*run), ElementsAre("NO_STEADY_STATE", "OF_A_NEWER_AGENT", "GAP"));
  EXPECT_FALSE(run->assembly.valid());
}

TEST(AssembleRun, TheSamplersReportIsJudgedAgain) {
  DeliveredAttempt attempt;
  attempt.result().mutable_sampler()->set_reset_seen(true);
  attempt.result().mutable_sampler()->set_configuration_found(0x399F);
  const auto run = attempt.Assemble();
  EXPECT_THAT(FlagNames(*run), ElementsAre("SENSOR_RESET"));
  EXPECT_FALSE(run->assembly.valid());
}

TEST(AssembleRun, WithoutASensorQualityAndLatencyStay) {
  DeliveredAttempt attempt;
  attempt.samples().clear();
  attempt.result().clear_sensor();
  const auto run = attempt.Assemble();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_TRUE(run->assembly.valid());
  EXPECT_EQ(run->assembly.energy().power_source(), "none");
  EXPECT_FALSE(run->assembly.energy().has_energy_j());
  EXPECT_TRUE(run->assembly.quality().has_mae());
}

TEST(AssembleRun, ConflictingChunksAreFlaggedAndAddNothing) {
  const DeliveredAttempt attempt;
  const std::vector<v1::Chunk> chunks = attempt.Chunks();
  AssemblyInputs inputs = attempt.Inputs(chunks);
  inputs.conflicting_chunks = 2;
  const auto run = AssembleRun(inputs);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_THAT(FlagNames(*run), ElementsAre("CHUNK_CONFLICT"));
  EXPECT_TRUE(run->assembly.valid());
  v1::Run stored;
  *stored.mutable_result() = run->result;
  *stored.mutable_assembly() = run->assembly;
  EXPECT_THAT(VerifyRun(stored, inputs), IsEmpty());
}

TEST(VerifyRun, FindsEveryChangedFigure) {
  const DeliveredAttempt attempt;
  const std::vector<v1::Chunk> chunks = attempt.Chunks();
  const AssembledRun assembled = *attempt.Assemble(chunks);
  v1::Run stored;
  *stored.mutable_result() = assembled.result;
  *stored.mutable_assembly() = assembled.assembly;
  EXPECT_THAT(VerifyRun(stored, attempt.Inputs(chunks)), IsEmpty());

  stored.mutable_assembly()->mutable_energy()->set_energy_j(96.1);
  stored.mutable_assembly()->mutable_quality()->clear_r2();
  const std::vector<std::string> differences = VerifyRun(stored, attempt.Inputs(chunks));
  ASSERT_EQ(differences.size(), 2U) << ::testing::PrintToString(differences);
  EXPECT_THAT(differences[0] + differences[1], HasSubstr("quality.r2"));
  EXPECT_THAT(differences[0] + differences[1], HasSubstr("energy.energy_j: 96.1"));
}

// Samples, predictions and result alike: with the checksum that was stored, and with one that fits
// the changed bytes.
TEST(VerifyRun, AFlippedBitOfRawDataIsFound) {
  DeliveredAttempt attempt;
  attempt.samples().resize(400);
  const std::vector<v1::Chunk> chunks = attempt.Chunks();
  const AssembledRun assembled = *attempt.Assemble(chunks);
  v1::Run stored;
  *stored.mutable_result() = assembled.result;
  *stored.mutable_assembly() = assembled.assembly;
  ASSERT_THAT(VerifyRun(stored, attempt.Inputs(chunks)), IsEmpty());
  size_t flips = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    for (size_t byte = 0; byte < chunks[i].payload().size(); byte += 7) {
      std::vector<v1::Chunk> flipped = chunks;
      std::string payload = chunks[i].payload();
      payload[byte] = static_cast<char>(payload[byte] ^ (1 << (byte % 8)));
      flipped[i].set_payload(payload);
      EXPECT_FALSE(VerifyRun(stored, attempt.Inputs(flipped)).empty()) << i << " " << byte;
      const auto forged = MakeChunk("run-1", 2, chunks[i].stream(), chunks[i].sequence(), payload);
      flipped[i] = *forged;
      EXPECT_FALSE(VerifyRun(stored, attempt.Inputs(flipped)).empty()) << i << " " << byte;
      ++flips;
    }
  }
  EXPECT_GT(flips, 150U);
}

// What is stored beside the raw data is made from it: a changed figure is found, too.
TEST(VerifyRun, AnyChangedFigureOfTheEnergyIsFound) {
  const DeliveredAttempt attempt;
  const std::vector<v1::Chunk> chunks = attempt.Chunks();
  const AssembledRun assembled = *attempt.Assemble(chunks);
  const v1::EnergySummary& energy = assembled.assembly.energy();
  const auto* const reflection = energy.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(energy, &fields);
  int changed = 0;
  for (const auto* const field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE) continue;
    v1::Run stored;
    *stored.mutable_result() = assembled.result;
    *stored.mutable_assembly() = assembled.assembly;
    v1::EnergySummary* const summary = stored.mutable_assembly()->mutable_energy();
    reflection->SetDouble(summary, field, reflection->GetDouble(energy, field) * 1.0001 + 1e-6);
    EXPECT_FALSE(VerifyRun(stored, attempt.Inputs(chunks)).empty()) << field->name();
    ++changed;
  }
  EXPECT_GE(changed, 16);
}

}  // namespace
}  // namespace tinyjoule

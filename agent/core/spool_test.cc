// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/core/spool.h"

#include <string>
#include <vector>

#include "common/base/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::JobSpec Job(const std::string& run_id, uint32_t attempt = 1) {
  v1::JobSpec job;
  job.set_run_id(run_id);
  job.set_attempt(attempt);
  return job;
}

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() {
    options_.folder = "/spool";
    options_.segment_bytes = 200;
    Reopen();
  }
  void Reopen() {
    spool_.reset();
    auto spool = Spool::Open(files_, options_);
    ASSERT_TRUE(spool.ok()) << spool.status();
    spool_ = *std::move(spool);
  }
  absl::Status Append(const std::string& payload,
                      v1::ChunkStream stream = v1::CHUNK_STREAM_SAMPLES) {
    return spool_->Append(key_, stream, payload);
  }
  void AppendAll(int count, const std::string& prefix = "chunk ") {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(Append(prefix + std::to_string(i)).ok());
  }
  std::vector<std::string> Payloads() {
    std::vector<std::string> payloads;
    Spool::Cursor cursor;
    while (true) {
      auto chunk = spool_->Next(&cursor);
      EXPECT_TRUE(chunk.ok()) << chunk.status();
      if (!chunk.ok() || !chunk->has_value()) return payloads;
      EXPECT_EQ((*chunk)->crc32c(), Crc32c((*chunk)->payload()));
      payloads.push_back((*chunk)->payload());
    }
  }
  std::vector<std::string> Segments() {
    std::vector<std::string> segments;
    const auto names = files_.ListFolder("/spool/0000000001");
    for (const std::string& name : names.value_or(std::vector<std::string>())) {
      if (name != "job") segments.push_back("/spool/0000000001/" + name);
    }
    return segments;
  }

  FaultFileSystem files_;
  Spool::Options options_;
  std::unique_ptr<Spool> spool_;
  const AttemptKey key_{"r1", 1};
};

TEST_F(SpoolTest, GivesChunksInTheOrderOfAppendWithSequencesPerStream) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  ASSERT_TRUE(Append("p0", v1::CHUNK_STREAM_PREDICTIONS).ok());
  ASSERT_TRUE(Append("s0").ok());
  ASSERT_TRUE(Append("s1").ok());
  ASSERT_TRUE(Append("result", v1::CHUNK_STREAM_RESULT).ok());
  Spool::Cursor cursor;
  std::vector<uint64_t> sequences;
  while (auto chunk = *spool_->Next(&cursor)) sequences.push_back(chunk->sequence());
  EXPECT_THAT(sequences, ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(Payloads(), ElementsAre("p0", "s0", "s1", "result"));
  EXPECT_EQ(Append("late").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SpoolTest, AttemptsComeInTheOrderOfBegin) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  ASSERT_TRUE(Append("first").ok());
  ASSERT_TRUE(Append("result", v1::CHUNK_STREAM_RESULT).ok());
  ASSERT_TRUE(spool_->Begin(Job("a", 3)).ok());
  ASSERT_TRUE(spool_->Append({"a", 3}, v1::CHUNK_STREAM_SAMPLES, "second").ok());
  EXPECT_EQ(spool_->Begin(Job("a", 3)).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Payloads(), ElementsAre("first", "result", "second"));
  Reopen();
  EXPECT_THAT(Payloads(), ElementsAre("first", "result", "second"));
  EXPECT_EQ(spool_->Unfinished(), std::vector<AttemptKey>({{"a", 3}}));
}

TEST_F(SpoolTest, AcknowledgementIsCumulativePerStreamAndFreesSegments) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  AppendAll(20);
  const size_t before = Segments().size();
  ASSERT_GT(before, 3u);
  spool_->Acknowledge(key_, v1::CHUNK_STREAM_PREDICTIONS, 100);
  EXPECT_EQ(Payloads().size(), 20u) << "another stream";
  spool_->Acknowledge(key_, v1::CHUNK_STREAM_SAMPLES, 17);
  EXPECT_THAT(Payloads(), ElementsAre("chunk 18", "chunk 19"));
  spool_->Acknowledge(key_, v1::CHUNK_STREAM_SAMPLES, 3);
  EXPECT_EQ(Payloads().size(), 2u) << "an old acknowledgement";
  EXPECT_LT(Segments().size(), before);
  spool_->Acknowledge(key_, v1::CHUNK_STREAM_SAMPLES, 1000);
  EXPECT_EQ(Payloads().size(), 2u) << "what was never written cannot be acknowledged";
}

TEST_F(SpoolTest, AnAttemptGoesWhenItsResultAndEverythingElseIsAcknowledged) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  AppendAll(2);
  ASSERT_TRUE(Append("result", v1::CHUNK_STREAM_RESULT).ok());
  spool_->Acknowledge(key_, v1::CHUNK_STREAM_RESULT, 0);
  EXPECT_TRUE(spool_->Contains(key_)) << "samples are still missing";
  spool_->Acknowledge(key_, v1::CHUNK_STREAM_SAMPLES, 1);
  EXPECT_FALSE(spool_->Contains(key_));
  EXPECT_TRUE(spool_->empty());
  EXPECT_FALSE(files_.Exists("/spool/0000000001/job"));
}

// A folder that is half removed must not come back as an attempt without a result: its LOST result
// would contradict the one that was delivered.
TEST_F(SpoolTest, ADeliveredAttemptThatCannotBeRemovedWholeDoesNotComeBack) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  AppendAll(20);
  ASSERT_TRUE(Append("result", v1::CHUNK_STREAM_RESULT).ok());
  files_.set_remove_tree_error(absl::UnavailableError("the power went"));
  spool_->Acknowledge(key_, v1::CHUNK_STREAM_SAMPLES, 19);
  spool_->Acknowledge(key_, v1::CHUNK_STREAM_RESULT, 0);
  EXPECT_FALSE(Segments().empty());
  files_.set_remove_tree_error(absl::OkStatus());
  Reopen();
  EXPECT_TRUE(spool_->empty());
  EXPECT_TRUE(Segments().empty());
}

TEST_F(SpoolTest, TheWalkWaitsForTheResultOfAnInterruptedAttempt) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  ASSERT_TRUE(Append("first").ok());
  ASSERT_TRUE(spool_->Begin(Job("r2")).ok());
  ASSERT_TRUE(spool_->Append({"r2", 1}, v1::CHUNK_STREAM_SAMPLES, "second").ok());
  Spool::Cursor cursor;
  EXPECT_EQ((*spool_->Next(&cursor))->payload(), "first");
  EXPECT_FALSE((*spool_->Next(&cursor)).has_value());
  ASSERT_TRUE(Append("result", v1::CHUNK_STREAM_RESULT).ok());
  EXPECT_EQ((*spool_->Next(&cursor))->payload(), "result");
  EXPECT_EQ((*spool_->Next(&cursor))->payload(), "second");
}

TEST_F(SpoolTest, SequencesGoOnAfterARestartEvenWhenAllWasTrimmed) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  AppendAll(20);
  spool_->Acknowledge(key_, v1::CHUNK_STREAM_SAMPLES, 19);
  Reopen();
  EXPECT_EQ(spool_->CountOf(key_, v1::CHUNK_STREAM_SAMPLES), 20u);
  ASSERT_TRUE(Append("twenty").ok());
  EXPECT_EQ(Payloads().back(), "twenty");
}

// Every length of torn tail: nothing that was appended is lost, nothing else appears.
TEST_F(SpoolTest, EveryTornTailIsCut) {
  options_.segment_bytes = 1 << 20;
  Reopen();
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  AppendAll(3);
  const std::string path = Segments().at(0);
  const std::string whole = *files_.ReadFile(path);
  ASSERT_TRUE(Append("torn").ok());
  const std::string longer = *files_.ReadFile(path);
  for (size_t size = whole.size(); size < longer.size(); ++size) {
    ASSERT_TRUE(files_.WriteFileAtomically(path, longer.substr(0, size)).ok());
    Reopen();
    EXPECT_THAT(Payloads(), ElementsAre("chunk 0", "chunk 1", "chunk 2")) << size;
    EXPECT_EQ(spool_->recovered_tail_bytes(), size - whole.size());
    EXPECT_EQ(*files_.FileSize(path), whole.size());
  }
}

TEST_F(SpoolTest, PowerLossKeepsEveryAppendThatReturned) {
  for (uint64_t kept : {0, 1, 9, 40, 1000}) {
    SCOPED_TRACE(kept);
    files_ = FaultFileSystem();
    Reopen();
    ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
    AppendAll(7);
    files_.LosePower(kept);
    Reopen();
    EXPECT_EQ(Payloads().size(), 7u);
  }
}

// The disk fails at the n-th write, for every n: what was appended stays, the failure is told, and
// with room again the spool goes on under the same sequence.
TEST_F(SpoolTest, AFullDiskAtEveryWriteLosesNothing) {
  for (uint64_t fault_at = 0; fault_at < 30; ++fault_at) {
    SCOPED_TRACE(fault_at);
    files_ = FaultFileSystem();
    Reopen();
    files_.FailWritesAfter(fault_at, absl::ResourceExhaustedError("No space left on device"));
    std::vector<std::string> written;
    absl::Status status = spool_->Begin(Job("r1"));
    for (int i = 0; status.ok() && i < 20; ++i) {
      status = Append("chunk " + std::to_string(i));
      if (status.ok()) written.push_back("chunk " + std::to_string(i));
    }
    ASSERT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    ASSERT_GT(files_.faults_fired(), 0u);
    EXPECT_THAT(std::string(status.message()), HasSubstr("No space left on device"));
    files_.ClearFault();
    EXPECT_EQ(Payloads(), written);
    if (!spool_->Contains(key_)) {
      ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
    }
    ASSERT_TRUE(Append("after").ok());
    written.push_back("after");
    EXPECT_EQ(Payloads(), written);
    files_.LosePower();
    Reopen();
    EXPECT_EQ(Payloads(), written);
  }
}

// A record that was written but not synced, and whose cut was lost with the power: the segment
// after it says that it never counted.
TEST_F(SpoolTest, AWriteThatWasGivenUpDoesNotComeBack) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  ASSERT_TRUE(Append("kept").ok());
  const std::string path = Segments().at(0);
  ASSERT_TRUE(Append("given up").ok());
  const std::string with_ghost = *files_.ReadFile(path);
  spool_->Acknowledge(key_, v1::CHUNK_STREAM_SAMPLES, 0);
  files_ = FaultFileSystem();
  Reopen();
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  ASSERT_TRUE(Append("kept").ok());
  files_.FailWritesAfter(1, absl::InternalError("sync failed"));
  ASSERT_FALSE(Append("given up").ok());
  files_.ClearFault();
  ASSERT_TRUE(Append("real").ok());
  ASSERT_TRUE(files_.WriteFileAtomically(path, with_ghost).ok());
  Reopen();
  EXPECT_THAT(Payloads(), ElementsAre("kept", "real"));
}

TEST_F(SpoolTest, ADamagedMiddleIsNeverPassedOverInSilence) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  AppendAll(20);
  ASSERT_GT(Segments().size(), 2u);
  files_.Corrupt(Segments().at(1), kSegmentHeaderBytes + kRecordHeaderBytes + 2);
  Reopen();
  EXPECT_FALSE(spool_->Contains(key_)) << "kept aside: a hole must not pass for complete";
  EXPECT_TRUE(files_.Exists("/spool/0000000001/job"));
}

TEST_F(SpoolTest, AByteThatFlipsOnDiskIsAnErrorWhenRead) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  AppendAll(1);
  files_.Corrupt(Segments().at(0), kSegmentHeaderBytes + kRecordHeaderBytes + 5);
  Spool::Cursor cursor;
  EXPECT_EQ(spool_->Next(&cursor).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SpoolTest, AFolderWithoutItsJobIsForgotten) {
  ASSERT_TRUE(files_.CreateFolder("/spool/0000000009").ok());
  Reopen();
  EXPECT_TRUE(spool_->empty());
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  EXPECT_TRUE(files_.Exists("/spool/0000000010/job"));
}

TEST_F(SpoolTest, NewWorkIsRefusedAtNinetyPercentAndDataNever) {
  options_.limit_bytes = 1000;
  Reopen();
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  EXPECT_TRUE(spool_->CheckRoom().ok());
  while (spool_->size_bytes() < 900) ASSERT_TRUE(Append(std::string(50, 'x')).ok());
  EXPECT_EQ(spool_->CheckRoom().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(spool_->CheckRoom().message()), HasSubstr("90 %"));
  while (spool_->size_bytes() < 2000) ASSERT_TRUE(Append(std::string(50, 'x')).ok());
}

TEST_F(SpoolTest, AChunkOver64KiBIsRefused) {
  ASSERT_TRUE(spool_->Begin(Job("r1")).ok());
  EXPECT_EQ(Append(std::string(64 * 1024, 'x')).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Payloads(), IsEmpty());
}

}  // namespace
}  // namespace tinyjoule

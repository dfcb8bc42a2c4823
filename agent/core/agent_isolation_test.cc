// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Nothing that a coordinator or a watcher does changes a measurement: an hour of simulated time,
// once with a coordinator that takes everything at once and once with one that takes nothing
// while somebody watches as fast as the agent can.
#include <cstddef>
#include <string>
#include <vector>

#include "agent/core/chunk_delivery.h"
#include "agent/core/power_feed.h"
#include "common/base/sanitizers.h"
#include "gtest/gtest.h"
#include "tests/support/agent_core_fixture.h"

namespace tinyjoule {
namespace {

// Five minutes each. A sanitizer sees in one third of an hour what it sees in the whole.
constexpr uint32_t kWindows = TINYJOULE_SANITIZED ? 4 : 12;

// An agent with a measurement of an hour ahead.
class LongRun : private AgentRig {
 public:
  LongRun() { link_.Connect(); }

  void Watch() {
    v1::ConnectResponse message;
    message.mutable_live_power_request()->set_active(true);
    message.mutable_live_power_request()->mutable_interval()->set_nanos(PowerFeed::kMinIntervalNs);
    link_.Deliver(message);
  }
  void Measure() {
    v1::JobSpec job = Job("r1");
    job.mutable_window_min()->set_seconds(300);
    job.mutable_idle()->set_seconds(60);
    job.set_window_count(kWindows);
    link_.Offer(job);
    AgentRig::Measure();
  }
  size_t sent_chunks() const { return link_.SentChunks().size(); }
  size_t live_points() const {
    size_t points = 0;
    for (const v1::ConnectRequest& message : link_.sent) {
      points += static_cast<size_t>(message.live_power().points_size());
    }
    return points;
  }

  // Every chunk of the attempt, once the coordinator takes them.
  std::vector<std::string> TakeAll() {
    AcknowledgeAll();
    EXPECT_TRUE(spool_->empty());
    std::vector<std::string> bytes;
    for (const v1::Chunk& chunk : link_.SentChunks()) bytes.push_back(chunk.SerializeAsString());
    return bytes;
  }
  v1::RunResult Result() const { return ResultOf(link_.SentChunks().back()); }
};

TEST(AgentIsolationTest, AStalledCoordinatorAndAWatcherChangeNoBitOfTheResult) {
  LongRun quiet;
  quiet.Measure();
  const std::vector<std::string> expected = quiet.TakeAll();
  ASSERT_EQ(quiet.Result().state(), v1::ATTEMPT_STATE_SUCCEEDED) << quiet.Result().reason();
  ASSERT_TRUE(quiet.Result().windows(kWindows).has_energy_j())
      << quiet.Result().energy_absent_reason();
  ASSERT_GT(expected.size(), 300u * kWindows) << "a chunk a second";

  LongRun disturbed;
  disturbed.Watch();
  disturbed.Measure();
  EXPECT_GT(disturbed.live_points(), 0u) << "somebody did watch";
  EXPECT_LE(disturbed.sent_chunks(), ChunkDelivery::kMaxInFlight) << "the rest waits on the disk";
  EXPECT_EQ(disturbed.TakeAll(), expected);
}

}  // namespace
}  // namespace tinyjoule

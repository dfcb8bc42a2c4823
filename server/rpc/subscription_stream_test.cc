// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/subscription_stream.h"

#include <deque>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

// Holds what gRPC's threads post until the test runs it, in the order that the test wants: they
// post in any.
class HeldTasks final : public TaskRunner {
 public:
  void Post(Task task) override {
    const absl::MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
  }
  void PostDelayed(int64_t, Task task) override { Post(std::move(task)); }
  bool RunsTasksOnCurrentThread() const override { return true; }

  // Waits until so many are there; false after a while.
  bool Await(size_t count) {
    const auto there = [this, count] { return tasks_.size() >= count; };
    mutex_.LockWhenWithTimeout(absl::Condition(&there), kPatience);
    const bool enough = there();
    mutex_.Unlock();
    return enough;
  }
  void RunOldest() { Take(/*newest=*/false)(); }
  void RunNewest() { Take(/*newest=*/true)(); }

 private:
  Task Take(bool newest) {
    const absl::MutexLock lock(&mutex_);
    Task task = std::move(newest ? tasks_.back() : tasks_.front());
    newest ? tasks_.pop_back() : tasks_.pop_front();
    return task;
  }

  absl::Mutex mutex_;
  std::deque<Task> tasks_;
};

// Has so many messages, then nothing for the time being.
class FewMessages final : public SweepSubscription {
 public:
  explicit FewMessages(int count) : left_(count) {}
  absl::StatusOr<std::optional<v1::WatchSweepResponse>> Next() override {
    if (left_ == 0) return std::nullopt;
    --left_;
    return v1::WatchSweepResponse();
  }

 private:
  int left_;
};

class WatchedService final : public v1::SweepService::CallbackService {
 public:
  explicit WatchedService(TaskRunner& core) : core_(core) {}
  grpc::ServerWriteReactor<v1::WatchSweepResponse>* WatchSweep(
      grpc::CallbackServerContext*, const v1::WatchSweepRequest*) override {
    return SubscriptionStream<v1::WatchSweepResponse>::Start(
        core_, [this](const std::function<void()>&) {
          ++opened;
          return std::make_unique<FewMessages>(1);
        });
  }

  // On the test's thread, which runs the tasks.
  int opened = 0;

 private:
  TaskRunner& core_;
};

class SubscriptionStreamTest : public ::testing::Test {
 protected:
  SubscriptionStreamTest() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::SweepService::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                          grpc::InsecureChannelCredentials()));
  }

  using Reader = std::unique_ptr<grpc::ClientReader<v1::WatchSweepResponse>>;

  // A client that has read the only message; what is held is that it was written.
  void WatchAndRead(Reader& reader) {
    reader = stub_->WatchSweep(&context_, {});
    ASSERT_TRUE(core_.Await(1));
    core_.RunOldest();
    EXPECT_EQ(service_.opened, 1);
    ASSERT_TRUE(reader->Read(&message_));
    ASSERT_TRUE(core_.Await(1)) << "written";
  }
  void ExpectTheEnd() {
    ASSERT_TRUE(core_.Await(1)) << "gRPC is done with the stream";
    core_.RunOldest();
  }

  HeldTasks core_;
  WatchedService service_{core_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::SweepService::Stub> stub_;
  grpc::ClientContext context_;
  v1::WatchSweepResponse message_;
};

// The client leaves with a message in its hands of which the stream does not know yet that it was
// written. A stream that forgets to end then is one that a coordinator waits for when it stops.
TEST_F(SubscriptionStreamTest, EndsWhenTheClientLeavesBeforeTheWriteIsNoticed) {
  Reader reader;
  ASSERT_NO_FATAL_FAILURE(WatchAndRead(reader));
  context_.TryCancel();
  ASSERT_TRUE(core_.Await(2)) << "cancelled";
  core_.RunNewest();
  core_.RunOldest();
  ExpectTheEnd();
}

TEST_F(SubscriptionStreamTest, EndsWhenTheClientLeavesBetweenTwoMessages) {
  Reader reader;
  ASSERT_NO_FATAL_FAILURE(WatchAndRead(reader));
  core_.RunOldest();
  context_.TryCancel();
  ASSERT_TRUE(core_.Await(1)) << "cancelled";
  core_.RunOldest();
  ExpectTheEnd();
}

TEST_F(SubscriptionStreamTest, ClientThatLeavesBeforeTheBeginningOpensNothing) {
  const Reader reader = stub_->WatchSweep(&context_, {});
  ASSERT_TRUE(core_.Await(1));
  context_.TryCancel();
  ASSERT_TRUE(core_.Await(2)) << "cancelled";
  core_.RunNewest();
  core_.RunOldest();
  ExpectTheEnd();
  EXPECT_EQ(service_.opened, 0);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_CORE_SUBSCRIPTION_H_
#define SERVER_CORE_SUBSCRIPTION_H_

#include <optional>

#include "absl/status/statusor.h"
#include "tinyjoule/v1/run_service.pb.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// A reader's place in a flow that the reader paces: 1. call Next until it gives nothing; 2. wait
// for the on_ready callback; 3. again. on_ready is called once after a Next that gave nothing.
// Memory is bounded however slow the reader is. Lives on the core sequence; its destruction ends
// the subscription. The coordinator may be gone before it: Next gives Cancelled then.
template <typename Message>
class Subscription {
 public:
  virtual ~Subscription() = default;
  // The next message; nothing when there is none now; OutOfRange when there will be none any more
  // (the sweep is terminal and everything was given).
  virtual absl::StatusOr<std::optional<Message>> Next() = 0;
};

// Durable events are read from the store by sequence, so none is dropped; of live progress only
// the newest of each task and run is kept. Progress carries the sequence of the last event.
using SweepSubscription = Subscription<v1::WatchSweepResponse>;
// Thinned to the asked rate (means, with minimum and maximum); what the reader is too slow for is
// dropped, oldest first, and counted.
using PowerSubscription = Subscription<v1::WatchPowerResponse>;

}  // namespace tinyjoule

#endif  // SERVER_CORE_SUBSCRIPTION_H_

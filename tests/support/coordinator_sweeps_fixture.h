// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_COORDINATOR_SWEEPS_FIXTURE_H_
#define TESTS_SUPPORT_COORDINATOR_SWEEPS_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>

#include "tests/support/coordinator_fixture.h"
#include "tests/support/fake_agent_session.h"

namespace tinyjoule {

// A coordinator with two agents at hand, neither of them attached.
class CoordinatorSweepsTest : public CoordinatorFixture {
 protected:
  v1::CancelSweepResponse Cancel(const std::string& id, bool now = false) {
    v1::CancelSweepRequest request;
    request.set_sweep_id(id);
    request.set_now(now);
    const auto response = coordinator_->CancelSweep(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::CancelSweepResponse();
  }
  v1::RetrySweepResponse Retry(const std::string& id) {
    v1::RetrySweepRequest request;
    request.set_sweep_id(id);
    const auto response = coordinator_->RetrySweep(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::RetrySweepResponse();
  }

  FakeAgentSession pi_{"pi"};
  FakeAgentSession other_{"other"};
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_COORDINATOR_SWEEPS_FIXTURE_H_

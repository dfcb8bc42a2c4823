// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_BENCH_LOAD_BENCH_H_
#define TESTS_BENCH_LOAD_BENCH_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/task_runner.h"
#include "tests/bench/fake_agent.h"
#include "tests/e2e/lab.h"
#include "tinyjoule/v1/sweep_service.pb.h"

namespace tinyjoule {

// A real coordinator process with fake agents before it. One thread; failures end the program.
class LoadBench {
 public:
  LoadBench();
  ~LoadBench();
  LoadBench(const LoadBench&) = delete;
  LoadBench& operator=(const LoadBench&) = delete;

  // Starts the coordinator and connects the agents.
  void Start(int agents, int seconds);
  // Hands in a sweep of one trial that every agent measures `repeat` times, and returns its id.
  std::string Submit(int repeat);
  // The sweep at its end.
  v1::Sweep WaitForEnd(const std::string& sweep_id) { return lab_.WaitForEnd(sweep_id); }
  // Rows of the sweep's samples table, as the coordinator streams them.
  uint64_t CountStoredSamples(const std::string& sweep_id);
  int64_t CoordinatorRssBytes() { return lab_.CoordinatorRssBytes(); }
  // Disconnects the agents and gives what they measured.
  LinkFigures Stop();

 private:
  Lab lab_;
  SystemClock clock_;
  LinkFigures figures_;
  std::vector<std::unique_ptr<FakeAgent>> agents_;
  // Tasks of theirs may still wait on the sequence.
  std::vector<std::unique_ptr<FakeAgent>> stopped_;
  // Destroyed first: no task of an agent runs after that.
  ThreadTaskRunner sequence_;
};

// The value below which a share of the values lies; 0 of none.
int64_t Percentile(std::vector<int64_t> values, double share);

}  // namespace tinyjoule

#endif  // TESTS_BENCH_LOAD_BENCH_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// How much the coordinator takes and how long it needs, over real gRPC on loopback, in a process of
// its own. TINYJOULE_BENCH_AGENTS and TINYJOULE_BENCH_SECONDS make it the full size (100 and 60).
#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "tests/bench/load_bench.h"

namespace tinyjoule {
namespace {

constexpr int kSamplesPerSecond = 209;

int FromEnvironment(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  int value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

double Milliseconds(int64_t ns) { return static_cast<double>(ns) / kNsPerMs; }

TEST(CoordinatorLoad, ManyAgentsWithoutLoss) {
  const int agents = FromEnvironment("TINYJOULE_BENCH_AGENTS", 100);
  const int seconds = FromEnvironment("TINYJOULE_BENCH_SECONDS", 5);
  LoadBench bench;
  ASSERT_NO_FATAL_FAILURE(bench.Start(agents, seconds));
  const std::string sweep = bench.Submit(1);
  const v1::Sweep ended = bench.WaitForEnd(sweep);
  const int64_t rss_bytes = bench.CoordinatorRssBytes();
  const uint64_t stored = bench.CountStoredSamples(sweep);
  const LinkFigures figures = bench.Stop();
  const int64_t p99_ns = Percentile(figures.acknowledgement_ns, 0.99);
  std::cout << agents << " agents at " << kSamplesPerSecond << " samples/s for " << seconds
            << " s: " << figures.sent_samples << " samples sent, " << stored
            << " stored; acknowledgement p50 "
            << Milliseconds(Percentile(figures.acknowledgement_ns, 0.5)) << " ms, p99 "
            << Milliseconds(p99_ns) << " ms; coordinator " << rss_bytes / 1'000'000 << " MB\n";
  EXPECT_EQ(figures.sent_samples, static_cast<uint64_t>(agents * seconds * kSamplesPerSecond));
  EXPECT_EQ(stored, figures.sent_samples);
  EXPECT_EQ(figures.acknowledgement_ns.size(), figures.sent_chunks);
  EXPECT_EQ(figures.finished_runs, static_cast<uint64_t>(agents));
  EXPECT_EQ(figures.broken_streams, 0u);
  EXPECT_EQ(ended.counts().runs_failed(), 0u) << "the raw data of a run is not whole";
  EXPECT_LE(p99_ns, 250 * kNsPerMs);
  EXPECT_LE(rss_bytes, 512'000'000);
}

TEST(CoordinatorLoad, OverheadPerRun) {
  constexpr int kRuns = 100;
  LoadBench bench;
  ASSERT_NO_FATAL_FAILURE(bench.Start(1, 0));
  bench.WaitForEnd(bench.Submit(kRuns));
  const LinkFigures figures = bench.Stop();
  const int64_t p50_ns = Percentile(figures.next_offer_ns, 0.5);
  std::cout << "end of a run to the next offer: p50 " << Milliseconds(p50_ns) << " ms, p99 "
            << Milliseconds(Percentile(figures.next_offer_ns, 0.99)) << " ms over "
            << figures.next_offer_ns.size() << " runs\n";
  ASSERT_GE(figures.next_offer_ns.size(), kRuns - 1u);
  EXPECT_LT(p50_ns, 50 * kNsPerMs);
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// Every flag that the coordinator finds by itself is provoked with a hundred seeds, and raised
// every time; the same attempt without the fault raises none.
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/energy/flag_catalog.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/drift.h"
#include "tests/support/delivered_attempt.h"
#include "tests/support/ina219_rig.h"
#include "tests/support/repetitions.h"

namespace tinyjoule {
namespace {

using ::testing::Contains;

constexpr uint64_t kProvocations = Repetitions(100);

double Between(SeededRandom& random, double least, double most) {
  return least + (most - least) * Uniform(random);
}

// An attempt with the seed's own load, and the agent's own energies.
DeliveredAttempt Honest(SeededRandom& random) {
  DeliveredAttempt attempt(random(), static_cast<int32_t>(Between(random, 5200, 15'000)));
  const auto run = attempt.Assemble();
  for (int i = 0; i < 2; ++i) {
    attempt.result().mutable_windows(i + 1)->set_energy_j(run->assembly.windows(i).energy_j());
  }
  return attempt;
}

using Disturbance = std::function<void(DeliveredAttempt&, SeededRandom&)>;

void Provoke(const std::string& flag, const Disturbance& within, const Disturbance& beyond) {
  for (uint64_t seed = 0; seed < kProvocations; ++seed) {
    SeededRandom random(seed);
    DeliveredAttempt attempt = Honest(random);
    within(attempt, random);
    const auto clean = attempt.Assemble();
    ASSERT_TRUE(clean.ok()) << clean.status();
    ASSERT_EQ(clean->assembly.flags_size(), 0)
        << "seed " << seed << ": " << clean->assembly.flags(0).ShortDebugString();
    ASSERT_TRUE(clean->assembly.valid());
    beyond(attempt, random);
    const auto run = attempt.Assemble();
    ASSERT_TRUE(run.ok()) << run.status();
    ASSERT_EQ(run->assembly.flags_size(), 1) << "seed " << seed;
    ASSERT_EQ(run->assembly.flags(0).name(), flag) << "seed " << seed;
    ASSERT_TRUE(run->assembly.flags(0).fatal()) << "seed " << seed;
    ASSERT_FALSE(run->assembly.valid()) << "seed " << seed;
  }
}

// The agent's figure of one window is off by a factor of 1 + 10^exponent, either way.
Disturbance EnergyOff(double least_exponent, double greatest_exponent) {
  return [=](DeliveredAttempt& attempt, SeededRandom& random) {
    const double off = std::pow(10, Between(random, least_exponent, greatest_exponent));
    v1::MarkedWindow& window =
        *attempt.result().mutable_windows(1 + static_cast<int>(random() % 2));
    window.set_energy_j(window.energy_j() * (random() % 2 == 0 ? 1 + off : 1 - off));
  };
}

TEST(CoordinatorFlagProvocationTest, Mismatch) {
  Provoke("MISMATCH", EnergyOff(-12, -9.4), EnergyOff(-8.6, -1));
}

// One prediction is off; where it does not round to the trainer's, by more than a tolerance of
// 1e-4.
Disturbance PredictionOff(double least, double most) {
  return [=](DeliveredAttempt& attempt, SeededRandom& random) {
    const double off = Between(random, least, most) * (random() % 2 == 0 ? 1 : -1);
    float& value = attempt.predictions()[random() % 3];
    value = static_cast<float>(value + off);
  };
}

TEST(CoordinatorFlagProvocationTest, PredictionMismatch) {
  Provoke("PREDICTION_MISMATCH", PredictionOff(0, 0.9e-4), PredictionOff(2.1e-4, 10));
  Provoke("PREDICTION_MISMATCH", PredictionOff(0, 0.9e-4),
          [](DeliveredAttempt& attempt, SeededRandom& random) {
            attempt.predictions()[random() % 3] = std::numeric_limits<float>::quiet_NaN();
          });
  Provoke("PREDICTION_MISMATCH", PredictionOff(0, 0.9e-4),
          [](DeliveredAttempt& attempt, SeededRandom& random) {
            attempt.predictions().resize(random() % 3);
          });
}

TEST(CoordinatorFlagProvocationTest, NoWindows) {
  const auto nothing = [](DeliveredAttempt&, SeededRandom&) {};
  Provoke("NO_WINDOWS", nothing, [](DeliveredAttempt& attempt, SeededRandom& random) {
    // Of the idle spans both, one or none are there.
    auto& windows = *attempt.result().mutable_windows();
    windows.DeleteSubrange(1, 2);
    windows.DeleteSubrange(0, static_cast<int>(random() % 3));
  });
}

TEST(CoordinatorFlagProvocationTest, ChunkConflict) {
  for (uint64_t seed = 0; seed < kProvocations; ++seed) {
    SeededRandom random(seed);
    const DeliveredAttempt attempt = Honest(random);
    const std::vector<v1::Chunk> chunks = attempt.Chunks();
    AssemblyInputs inputs = attempt.Inputs(chunks);
    ASSERT_EQ(AssembleRun(inputs)->assembly.flags_size(), 0) << "seed " << seed;
    inputs.conflicting_chunks = 1 + random() % 1000;
    const auto run = AssembleRun(inputs);
    ASSERT_EQ(run->assembly.flags_size(), 1) << "seed " << seed;
    ASSERT_EQ(run->assembly.flags(0).name(), "CHUNK_CONFLICT") << "seed " << seed;
    ASSERT_TRUE(run->assembly.valid()) << "the first bytes count";
  }
}

v1::Run ReferenceRun(uint32_t repeat, double energy_uj) {
  v1::Run run;
  run.set_repeat(repeat);
  run.set_reference(true);
  run.set_state(v1::RUN_STATE_SUCCEEDED);
  run.mutable_assembly()->set_valid(true);
  run.mutable_assembly()->mutable_energy()->set_energy_per_inference_uj(energy_uj);
  return run;
}

// Two to nine blocks within 0.8 % of one another; then one of them moves by 2 % or more.
TEST(CoordinatorFlagProvocationTest, Drift) {
  for (uint64_t seed = 0; seed < kProvocations; ++seed) {
    SeededRandom random(seed);
    const double energy_uj = std::pow(10, Between(random, -1, 5));
    std::vector<v1::Run> runs;
    const auto blocks = static_cast<uint32_t>(2 + random() % 8);
    for (uint32_t block = 0; block < blocks; ++block) {
      runs.push_back(ReferenceRun(block, energy_uj * Between(random, 0.996, 1.004)));
    }
    ASSERT_FALSE(JudgeDrift(runs).has_value()) << "seed " << seed;
    const double moved = Between(random, 0.02, 0.5) * (random() % 2 == 0 ? 1 : -1);
    const auto block = static_cast<uint32_t>(random() % blocks);
    runs[block] = ReferenceRun(block, energy_uj * (1 + moved));
    const auto flag = JudgeDrift(runs);
    ASSERT_TRUE(flag.has_value()) << "seed " << seed;
    ASSERT_EQ(flag->name(), "DRIFT");
    ASSERT_FALSE(flag->fatal());
  }
}

// "I2C_ERROR" is provoked by a test called I2cError.
std::string TestNameOf(absl::string_view flag) {
  const std::vector<std::string> words = absl::StrSplit(absl::AsciiStrToLower(flag), '_');
  std::string name;
  for (const std::string& word : words) {
    name += absl::ascii_toupper(static_cast<unsigned char>(word[0]));
    name += word.substr(1);
  }
  return name;
}

TEST(FlagCatalogTest, EveryFlagIsProvoked) {
  std::vector<std::string> provoked;
  const auto& all = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    if (std::string(suite.name()).find("FlagProvocationTest") == std::string::npos) continue;
    for (int j = 0; j < suite.total_test_count(); ++j) {
      provoked.emplace_back(suite.GetTestInfo(j)->name());
    }
  }
  for (const FlagDescription& flag : FlagCatalog()) {
    EXPECT_THAT(provoked, Contains(TestNameOf(flag.name))) << flag.name;
  }
}

}  // namespace
}  // namespace tinyjoule

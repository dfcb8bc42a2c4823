// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// Every flag that a sensor, its sampler or its samples can show is provoked with a hundred seeds,
// and raised every time; each provocation counts only if the fault took place. The way is the
// agent's own: chip, bus, driver, sampler, recorder, energies.
#include <cerrno>
#include <string>
#include <utility>

#include "agent/power/simulated_sensor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/measured_session.h"
#include "tests/support/repetitions.h"

namespace tinyjoule {
namespace {

constexpr uint64_t kProvocations = Repetitions(100);

// A chip with the noise that a real one has, and a seed of its own.
BoardSession::Options Ordinary(uint64_t seed) {
  BoardSession::Options options;
  options.rig.chip.seed = seed;
  options.rig.chip.shunt_noise_v = 10e-6;
  options.rig.chip.bus_noise_v = 2e-3;
  options.rig.chip.supply_v = 5.1;
  return options;
}

// A moment inside the window, the seed's own, with a second left.
int64_t MomentIn(BoardSession& session, uint64_t seed) {
  SeededRandom random(seed);
  const TimeSpan window = session.plan().window;
  return window.start_ns + static_cast<int64_t>(Uniform(random) * 9e9);
}

const v1::Flag* Find(const v1::RunResult& result, const std::string& name) {
  for (const v1::Flag& flag : result.flags()) {
    if (flag.name() == name) return &flag;
  }
  return nullptr;
}

std::string Names(const v1::RunResult& result) {
  std::string names = result.reason();
  for (const v1::Flag& flag : result.flags()) names += flag.name() + " (" + flag.detail() + ") ";
  return names;
}

enum class Severity { kNote, kFatal, kEither };

// Measures with every seed; `configure` breaks the session. `fired` says whether it took place.
void Provoke(
    const std::string& flag, Severity severity,
    const std::function<void(BoardSession::Options&, uint64_t seed)>& configure,
    const std::function<bool(BoardSession&)>& fired = [](BoardSession&) { return true; }) {
  for (uint64_t seed = 0; seed < kProvocations; ++seed) {
    BoardSession::Options options = Ordinary(seed);
    configure(options, seed);
    BoardSession session(loads::BackToBack(), std::move(options));
    const v1::RunResult result = session.Measure();
    ASSERT_TRUE(fired(session)) << "seed " << seed << ": the fault did not take place";
    const v1::Flag* raised = Find(result, flag);
    ASSERT_NE(raised, nullptr) << "seed " << seed << ": " << Names(result);
    if (severity == Severity::kEither) continue;
    ASSERT_EQ(raised->fatal(), severity == Severity::kFatal)
        << "seed " << seed << ": " << raised->detail();
  }
}

bool ModelFaultFired(BoardSession& session) { return session.rig().model.faults_fired() > 0; }
bool BusFaultFired(BoardSession& session) { return session.rig().device->failures() > 0; }

// The model does it at a moment of the seed's.
auto AtAMoment(Ina219Model::Action action) {
  return [action](BoardSession::Options& options, uint64_t seed) {
    options.arm = [action, seed](BoardSession& session) {
      session.rig().model.At(MomentIn(session, seed), action);
    };
  };
}

TEST(SensorFlagProvocationTest, SensorReset) {
  Provoke("SENSOR_RESET", Severity::kFatal, AtAMoment([](Ina219Model& m) { m.BrownOut(); }),
          ModelFaultFired);
}

TEST(SensorFlagProvocationTest, ConfigChanged) {
  // Another program's: 16 V, /4, 12 bit.
  Provoke("CONFIG_CHANGED", Severity::kFatal,
          AtAMoment([](Ina219Model& m) { m.WriteForeign(0x119F); }), ModelFaultFired);
}

TEST(SensorFlagProvocationTest, MathOverflow) {
  Provoke("MATH_OVERFLOW", Severity::kNote,
          AtAMoment([](Ina219Model& m) { m.CalibrateForeign(0xFFFE); }), ModelFaultFired);
}

TEST(SensorFlagProvocationTest, Stuck) {
  Provoke("STUCK", Severity::kFatal, AtAMoment([](Ina219Model& m) { m.Stick(); }), ModelFaultFired);
}

TEST(SensorFlagProvocationTest, AChipThatStopsIsAGapAndAnError) {
  const auto halt = AtAMoment([](Ina219Model& m) { m.Halt(); });
  Provoke("GAP", Severity::kFatal, halt, ModelFaultFired);
  Provoke("I2C_ERROR", Severity::kFatal, halt, ModelFaultFired);
}

// 4.9 W at 5.1 V are 96 mV over 0.1 ohm; PGA /2 ends at 80 mV.
TEST(SensorFlagProvocationTest, Clipped) {
  Provoke("CLIPPED", Severity::kFatal, [](BoardSession::Options& options, uint64_t) {
    options.rig.driver.settings.pga = 2;
    options.rig.driver.settings.shunt_adc = FindIna219AdcMode("12bit");
  });
}

// A silent chip for a while: what is missing is a gap, long or short.
auto BusSilent(int64_t duration_ns) {
  return [duration_ns](BoardSession::Options& options, uint64_t seed) {
    options.arm = [duration_ns, seed](BoardSession& session) {
      const int64_t start_ns = MomentIn(session, seed);
      ModelI2cDevice* device = session.rig().device;
      session.rig().model.At(
          start_ns, [device](Ina219Model&) { device->FailAtRandom(1, EREMOTEIO, /*seed=*/1); });
      session.rig().model.At(start_ns + duration_ns, [device](Ina219Model&) {
        device->FailAtRandom(0, EREMOTEIO, /*seed=*/1);
      });
    };
  };
}

TEST(SensorFlagProvocationTest, Gap) {
  Provoke("GAP", Severity::kNote, BusSilent(40 * kNsPerMs), BusFaultFired);
  Provoke("GAP", Severity::kFatal, BusSilent(300 * kNsPerMs), BusFaultFired);
}

TEST(SensorFlagProvocationTest, I2cError) {
  // A few conversions, more or less than the three that are tolerated.
  Provoke("I2C_ERROR", Severity::kEither, BusSilent(18 * kNsPerMs), BusFaultFired);
  Provoke("I2C_ERROR", Severity::kFatal, BusSilent(300 * kNsPerMs), BusFaultFired);
}

// The bus clock follows the core clock down. Without averaging, at 100 kHz the shunt comes after
// the half millisecond for which it is valid.
auto BusSlowsTo(int64_t hz, const char* shunt_adc) {
  return [hz, shunt_adc](BoardSession::Options& options, uint64_t seed) {
    options.rig.driver.settings.shunt_adc = FindIna219AdcMode(shunt_adc);
    options.arm = [hz, seed](BoardSession& session) {
      ModelI2cDevice* device = session.rig().device;
      const int64_t start_ns = session.plan().window.start_ns;
      session.rig().model.At(start_ns + static_cast<int64_t>(seed) * 5 * kNsPerMs,
                             [device, hz](Ina219Model&) { device->set_bus_hz(hz); });
    };
  };
}

TEST(SensorFlagProvocationTest, I2cClock) {
  Provoke("I2C_CLOCK", Severity::kNote, BusSlowsTo(250'000, "x8"));
}
TEST(SensorFlagProvocationTest, Torn) {
  Provoke("TORN", Severity::kNote, BusSlowsTo(100'000, "12bit"));
}

TEST(SensorFlagProvocationTest, Implausible) {
  // The shunt has twice the resistance that the driver was told.
  Provoke("IMPLAUSIBLE", Severity::kFatal, [](BoardSession::Options& options, uint64_t) {
    options.rig.driver.shunt_uohm = 50'000;
    options.rig.driver.idle_min_w = 1.5;
    options.rig.driver.idle_max_w = 4;
  });
}

TEST(SensorFlagProvocationTest, Negative) {
  Provoke("NEGATIVE", Severity::kFatal,
          [](BoardSession::Options& options, uint64_t) { options.rig.chip.swapped_leads = true; });
}

TEST(SensorFlagProvocationTest, Undervolt) {
  Provoke("UNDERVOLT", Severity::kNote, AtAMoment([](Ina219Model& m) { m.SetSupplyV(4.70); }),
          ModelFaultFired);
  Provoke("UNDERVOLT", Severity::kFatal, AtAMoment([](Ina219Model& m) { m.SetSupplyV(4.60); }),
          ModelFaultFired);
}

TEST(SensorFlagProvocationTest, Short) {
  Provoke("SHORT", Severity::kFatal, [](BoardSession::Options& options, uint64_t seed) {
    options.plan.window_ns = 9'999 * kNsPerMs - static_cast<int64_t>(seed) * 90 * kNsPerMs;
  });
  Provoke("SHORT", Severity::kFatal,
          [](BoardSession::Options& options, uint64_t) { options.plan.inference_count = 9; });
  // Ten seconds of x128 are 146 conversions.
  Provoke("SHORT", Severity::kFatal, [](BoardSession::Options& options, uint64_t) {
    options.rig.driver.settings.shunt_adc = FindIna219AdcMode("x128");
  });
}

TEST(SensorFlagProvocationTest, BaselineDrift) {
  // A load of 5 % of the time: 2.6 W become 2.69 W.
  Provoke("BASELINE_DRIFT", Severity::kNote,
          [](BoardSession::Options& options, uint64_t) { options.busy_spans_in_idle_b = 10; });
}

TEST(SensorFlagProvocationTest, BelowNoise) {
  Provoke("BELOW_NOISE", Severity::kNote, [](BoardSession::Options& options, uint64_t) {
    // No work at all, and an idle baseline that something lifted.
    options.idle_window = true;
    options.busy_spans_in_idle_b = 2;
  });
}

TEST(SensorFlagProvocationTest, SamplerLate) {
  Provoke("SAMPLER_LATE", Severity::kNote,
          [](BoardSession::Options& options, uint64_t) { options.oversleep_ns = 10 * kNsPerMs; });
}

TEST(SensorFlagProvocationTest, SamplesDropped) {
  Provoke("SAMPLES_DROPPED", Severity::kNote,
          [](BoardSession::Options& options, uint64_t) { options.plan.ring_capacity = 1024; });
}

class NoLoad final : public CpuTimeSource {
 public:
  int64_t CpuTimeNs() const override { return 0; }
};

// A simulated sensor that ends with the session.
class EndingSensor final : public PowerSensor {
 public:
  EndingSensor(FakeClock& clock, uint64_t seed, int64_t end_ns)
      : clock_(clock), end_ns_(end_ns), sensor_(SimulatedOptions(seed), clock, load_) {}
  v1::SensorDescription Describe() const override { return sensor_.Describe(); }
  absl::Status Start() override { return sensor_.Start(); }
  ReadOutcome ReadConversion(RawSample* sample) override {
    return clock_.MonotonicNs() < end_ns_ ? sensor_.ReadConversion(sample) : ReadOutcome::kEnd;
  }
  void Stop() override { sensor_.Stop(); }

 private:
  static SimulatedSensor::Options SimulatedOptions(uint64_t seed) {
    SimulatedSensor::Options options;
    options.seed = seed;
    return options;
  }
  FakeClock& clock_;
  const int64_t end_ns_;
  NoLoad load_;
  SimulatedSensor sensor_;
};

TEST(SensorFlagProvocationTest, Simulated) {
  for (uint64_t seed = 0; seed < kProvocations; ++seed) {
    FakeClock clock;
    SessionPlan plan;
    plan.LayOut(clock.MonotonicNs());
    EndingSensor sensor(clock, seed, plan.end_ns());
    const v1::RunResult result = MeasureSession(sensor, plan);
    const v1::Flag* raised = Find(result, "SIMULATED");
    ASSERT_NE(raised, nullptr) << Names(result);
    EXPECT_FALSE(raised->fatal());
  }
}

// The other side: nothing is wrong, and no flag says so. Four averagings, loads that fit them, and
// chips, supplies and sleeps of every kind.
class CleanRunTest : public ::testing::TestWithParam<const char*> {};

TEST_P(CleanRunTest, RaisesNoFlag) {
  constexpr uint64_t kRuns = Repetitions(2'500);
  for (uint64_t seed = 0; seed < kRuns; ++seed) {
    BoardSession::Options options = Ordinary(1'000'000 + seed);
    SeededRandom random(seed);
    options.rig.driver.settings.shunt_adc = FindIna219AdcMode(GetParam());
    options.rig.chip.supply_v = 4.95 + 0.3 * Uniform(random);
    options.rig.driver.idle_min_w = 1.5;
    options.rig.driver.idle_max_w = 4;
    options.oversleep_ns = static_cast<int64_t>(200e3 * Uniform(random));
    BoardSession session(loads::BackToBack(), std::move(options));
    const v1::RunResult result = session.Measure();
    ASSERT_EQ(result.flags_size(), 0) << "seed " << seed << ": " << Names(result);
    ASSERT_TRUE(result.windows(1).has_energy_j()) << seed;
    // Where cycle and load are in step, the shunt is blind to the same part of each inference: of
    // 9.9 ms of x16, three inferences, 5 %.
    ASSERT_NEAR(result.windows(1).energy_j() / session.TrueEnergyJ(), 1, 1e-2) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Averaging, CleanRunTest, ::testing::Values("x8", "x16", "x32", "x64"));

}  // namespace
}  // namespace tinyjoule

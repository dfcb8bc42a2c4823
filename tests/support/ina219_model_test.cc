// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
//
// Expected values are those that TI's data sheet SBOS448G prints; what they are of is beside them.
#include "tests/support/ina219_model.h"

#include <cerrno>
#include <cmath>

#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using R = Ina219Model::Register;

constexpr uint16_t kReady = 2;
constexpr uint16_t kOverflow = 1;
// 32 V, /8, 12 bit bus, shunt averaged x8, continuous: 4.26 ms + 0.532 ms.
constexpr uint16_t kX8 = 0x39DF;
constexpr int64_t kX8ShuntNs = 4'260 * kNsPerUs;
constexpr int64_t kX8CycleNs = 4'792 * kNsPerUs;

Ina219Model::Options Exact() {
  Ina219Model::Options options;
  options.cycle_error = 0;
  return options;
}

// At a supply of 1 V and with a shunt of 10 milliohm, a load of so many watts drops ten millivolts
// each.
Ina219Model::Options TenMillivoltsPerWatt(bool swapped) {
  Ina219Model::Options options = Exact();
  options.supply_v = 1;
  options.shunt_ohm = 0.01;
  options.swapped_leads = swapped;
  return options;
}

class Ina219ModelTest : public ::testing::Test {
 protected:
  void AwaitReady(Ina219Model& model) {
    for (int i = 0; i < 200'000; ++i) {
      if ((model.Read(R::kBus) & kReady) != 0) return;
      clock_.Advance(kNsPerUs);
    }
    FAIL() << "no conversion in 200 ms";
  }
  // The time from one ready bit to the next.
  int64_t TimeCycle(Ina219Model& model) {
    AwaitReady(model);
    model.Read(R::kPower);
    const int64_t start_ns = clock_.MonotonicNs();
    AwaitReady(model);
    return clock_.MonotonicNs() - start_ns;
  }
  uint16_t ShuntWord(double load_w, uint16_t config, bool swapped = false) {
    const LoadProfile load(load_w);
    Ina219Model model(clock_, load, TenMillivoltsPerWatt(swapped));
    model.Write(R::kConfig, config);
    AwaitReady(model);
    return model.Read(R::kShunt);
  }

  FakeClock clock_;
};

// The programming example: 10 A through 2 milliohm at 11.98 V, CONFIG 019F, CAL 5000 for 1 mA a
// count.
TEST_F(Ina219ModelTest, GivesTheWorkedExampleOfTheDataSheet) {
  const LoadProfile load(119.8);
  Ina219Model::Options options;
  options.supply_v = 11.98;
  options.shunt_ohm = 0.002;
  Ina219Model model(clock_, load, options);
  model.Write(R::kConfig, 0x019F);
  model.Write(R::kCalibration, 0x5000);
  AwaitReady(model);
  EXPECT_EQ(model.Read(R::kConfig), 0x019F);
  EXPECT_EQ(model.Read(R::kCalibration), 0x5000);
  EXPECT_EQ(model.Read(R::kShunt), 0x07D0);
  EXPECT_EQ(model.Read(R::kBus) & 0xFFF8, 0x5D98);
  EXPECT_EQ(model.Read(R::kCurrent), 0x2710);
  EXPECT_EQ(model.Read(R::kPower), 0x1766);
}

// The table of the shunt register, at PGA /8 and at the rails of the others.
TEST_F(Ina219ModelTest, ShuntWordsAreThoseOfTheTable) {
  EXPECT_EQ(ShuntWord(32.00, 0x399F), 0x7D00);
  EXPECT_EQ(ShuntWord(31.999, 0x399F), 0x7CFF);
  EXPECT_EQ(ShuntWord(16.00, 0x399F), 0x3E80);
  EXPECT_EQ(ShuntWord(8.00, 0x399F), 0x1F40);
  EXPECT_EQ(ShuntWord(4.00, 0x399F), 0x0FA0);
  EXPECT_EQ(ShuntWord(0.001, 0x399F), 0x0001);
  EXPECT_EQ(ShuntWord(0, 0x399F), 0x0000);
  EXPECT_EQ(ShuntWord(0.001, 0x399F, true), 0xFFFF);
  EXPECT_EQ(ShuntWord(4.00, 0x399F, true), 0xF060);
  EXPECT_EQ(ShuntWord(8.00, 0x399F, true), 0xE0C0);
  EXPECT_EQ(ShuntWord(16.00, 0x399F, true), 0xC180);
  EXPECT_EQ(ShuntWord(32.00, 0x399F, true), 0x8300);
  // The same 330 mV at each PGA.
  EXPECT_EQ(ShuntWord(33.0, 0x219F), 0x0FA0);
  EXPECT_EQ(ShuntWord(33.0, 0x299F), 0x1F40);
  EXPECT_EQ(ShuntWord(33.0, 0x319F), 0x3E80);
  EXPECT_EQ(ShuntWord(33.0, 0x399F), 0x7D00);
  EXPECT_EQ(ShuntWord(33.0, 0x399F, true), 0x8300);
}

// The bus register: 16 V is 0FA0 and 32 V is 1F40, before the three bits of status.
TEST_F(Ina219ModelTest, TheBusEndsAtItsRange) {
  const LoadProfile load(1);
  Ina219Model::Options options = Exact();
  options.supply_v = 40;
  Ina219Model model(clock_, load, options);
  AwaitReady(model);
  EXPECT_EQ(model.Read(R::kBus) >> 3, 0x1F40);
  model.Write(R::kConfig, 0x199F);
  AwaitReady(model);
  EXPECT_EQ(model.Read(R::kBus) >> 3, 0x0FA0);
}

TEST_F(Ina219ModelTest, WakesWithTheResetConfiguration) {
  const LoadProfile load(1);
  Ina219Model model(clock_, load, Exact());
  EXPECT_EQ(model.Read(R::kConfig), 0x399F);
  for (uint8_t address : {R::kShunt, R::kBus, R::kPower, R::kCurrent, R::kCalibration}) {
    EXPECT_EQ(model.Read(address), 0) << int{address};
  }
  model.Write(R::kCalibration, 0x1235);
  EXPECT_EQ(model.Read(R::kCalibration), 0x1234) << "bit 0 is not used";
  model.Write(R::kConfig, 0x8000 | 0x019F);
  EXPECT_EQ(model.Read(R::kConfig), 0x399F);
  EXPECT_EQ(model.Read(R::kCalibration), 0);
}

// The table of ADC settings.
TEST_F(Ina219ModelTest, EachModeTakesTheTimeOfTheTable) {
  struct Row {
    uint16_t sadc;
    int64_t us;
  };
  const Row rows[] = {{0b0000, 84},    {0b0001, 148},  {0b0010, 276},  {0b0011, 532},
                      {0b0100, 84},    {0b0111, 532},  {0b1000, 532},  {0b1001, 1060},
                      {0b1010, 2130},  {0b1011, 4260}, {0b1100, 8510}, {0b1101, 17020},
                      {0b1110, 34050}, {0b1111, 68100}};
  const LoadProfile load(1);
  for (const Row& row : rows) {
    Ina219Model model(clock_, load, Exact());
    const auto adc = static_cast<uint16_t>(0x2000 | row.sadc << 3 | 3 << 7);
    model.Write(R::kConfig, adc | 7);
    EXPECT_EQ(TimeCycle(model), (row.us + 532) * kNsPerUs) << row.sadc;
    model.Write(R::kConfig, adc | 5);
    EXPECT_EQ(TimeCycle(model), row.us * kNsPerUs) << "the shunt alone";
    model.Write(R::kConfig, adc | 6);
    EXPECT_EQ(TimeCycle(model), 532 * kNsPerUs) << "the bus alone";
  }
}

TEST_F(Ina219ModelTest, TheOscillatorIsWithinTenPercentAndTheSeedsOwn) {
  const LoadProfile load(1);
  double sum = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Ina219Model::Options options;
    options.seed = seed;
    Ina219Model model(clock_, load, options);
    const double factor = static_cast<double>(model.CycleNs()) / 1'064'000;
    ASSERT_GE(factor, 0.9 - 1e-6);
    ASSERT_LE(factor, 1.1 + 1e-6);
    EXPECT_EQ(model.CycleNs(), Ina219Model(clock_, load, options).CycleNs());
    sum += factor;
  }
  EXPECT_NEAR(sum / 1000, 1.0, 0.01);
}

// Read BUS as often as you like; POWER clears the bit, and so does writing the mode.
TEST_F(Ina219ModelTest, OnlyPowerAndTheModeClearTheReadyBit) {
  const LoadProfile load(1);
  Ina219Model model(clock_, load, Exact());
  AwaitReady(model);
  for (uint8_t address : {R::kBus, R::kShunt, R::kCurrent, R::kConfig, R::kCalibration, R::kBus}) {
    model.Read(address);
  }
  model.Write(R::kCalibration, 0);
  EXPECT_NE(model.Read(R::kBus) & kReady, 0);
  model.Read(R::kPower);
  EXPECT_EQ(model.Read(R::kBus) & kReady, 0);
  AwaitReady(model);
  model.Write(R::kConfig, 0x3998);
  EXPECT_NE(model.Read(R::kBus) & kReady, 0) << "power-down leaves the bit";
  model.Write(R::kConfig, 0x399F);
  EXPECT_EQ(model.Read(R::kBus) & kReady, 0);
}

TEST_F(Ina219ModelTest, TriggeredModesConvertOnce) {
  const LoadProfile load(1);
  Ina219Model model(clock_, load, Exact());
  model.Write(R::kConfig, 0x399B);
  AwaitReady(model);
  model.Read(R::kPower);
  clock_.Advance(kNsPerSecond);
  EXPECT_EQ(model.Read(R::kBus) & kReady, 0);
  EXPECT_EQ(model.cycles(), 1u);
  model.Write(R::kConfig, 0x399B);
  clock_.Advance(1'064 * kNsPerUs);
  EXPECT_NE(model.Read(R::kBus) & kReady, 0);
  for (uint16_t off : {0x3998, 0x399C}) {
    model.Write(R::kConfig, off);
    const uint64_t before = model.cycles();
    clock_.Advance(kNsPerSecond);
    model.Read(R::kBus);
    EXPECT_EQ(model.cycles(), before);
  }
}

TEST_F(Ina219ModelTest, TheShuntIsTheMeanOfItsOwnTimeAndBlindWhileTheBusConverts) {
  LoadProfile load(2, {{kNsPerSecond, 10}});
  const int64_t start_ns = clock_.MonotonicNs();
  // A quarter of the first cycle's shunt time; all of its bus time.
  load.AddBusy({start_ns + kX8ShuntNs / 2, start_ns + kX8ShuntNs * 3 / 4});
  load.AddBusy({start_ns + kX8ShuntNs, start_ns + kX8CycleNs});
  Ina219Model::Options options = TenMillivoltsPerWatt(false);
  options.series_ohm = 0.001;
  Ina219Model model(clock_, load, options);
  model.Write(R::kConfig, kX8);
  clock_.SleepUntil(start_ns + kX8CycleNs);
  // P = I (1 - 0.001 I): 2.004 A at 2 W, 10.102 A at 10 W; a quarter of the latter.
  const double idle_a = (1 - std::sqrt(1 - 0.004 * 2)) / 0.002;
  const double busy_a = (1 - std::sqrt(1 - 0.004 * 10)) / 0.002;
  EXPECT_EQ(model.Read(R::kShunt), std::lround((0.75 * idle_a + 0.25 * busy_a) * 1000));
  EXPECT_EQ(model.Read(R::kBus) >> 3, std::lround((1 - 0.001 * busy_a) / 4e-3));
}

TEST_F(Ina219ModelTest, FewerBitsMakeLargerSteps) {
  const LoadProfile load(5);
  Ina219Model::Options options = Exact();
  options.supply_v = 5.115;
  Ina219Model model(clock_, load, options);
  model.Write(R::kConfig, 0x3807);
  AwaitReady(model);
  // 9 bits: 32 mV and 80 uV. 5.115 V is 159.84 steps; 97.75 mV is 1221.9.
  EXPECT_EQ(model.Read(R::kBus) >> 3, 160 * 8);
  EXPECT_EQ(model.Read(R::kShunt), 1222 * 8);
}

TEST_F(Ina219ModelTest, OverflowIsOfTheCalculationAndNotOfTheRange) {
  const LoadProfile load(40);
  Ina219Model model(clock_, load, TenMillivoltsPerWatt(false));
  AwaitReady(model);
  EXPECT_EQ(model.Read(R::kShunt), 32000) << "at the rail";
  EXPECT_EQ(model.Read(R::kBus) & kOverflow, 0) << "nothing is calculated";
  model.Write(R::kCalibration, 0xFFFE);
  model.Read(R::kPower);
  AwaitReady(model);
  EXPECT_NE(model.Read(R::kBus) & kOverflow, 0);
  model.Write(R::kCalibration, 0x0800);
  model.Read(R::kPower);
  AwaitReady(model);
  EXPECT_EQ(model.Read(R::kBus) & kOverflow, 0);
}

TEST_F(Ina219ModelTest, PowerHasNoSign) {
  const LoadProfile load(4);
  Ina219Model model(clock_, load, TenMillivoltsPerWatt(true));
  model.Write(R::kCalibration, 4096);
  AwaitReady(model);
  EXPECT_EQ(static_cast<int16_t>(model.Read(R::kCurrent)), -4000);
  EXPECT_EQ(model.Read(R::kPower), 4000 * 260 / 5000) << "1.04 V at the supply's side";
}

TEST_F(Ina219ModelTest, NoiseHasItsStandardDeviation) {
  const LoadProfile load(5);
  Ina219Model::Options options = TenMillivoltsPerWatt(false);
  options.shunt_noise_v = 200e-6;
  Ina219Model model(clock_, load, options);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 2000; ++i) {
    AwaitReady(model);
    const double counts = static_cast<int16_t>(model.Read(R::kShunt)) - 5000;
    sum += counts;
    squares += counts * counts;
    model.Read(R::kPower);
    clock_.Advance(kNsPerMs);
  }
  EXPECT_NEAR(sum / 2000, 0, 3 * 20 / std::sqrt(2000));
  EXPECT_NEAR(std::sqrt(squares / 2000), 20, 1.5);
}

TEST_F(Ina219ModelTest, SlowReadsGetShuntAndBusOfDifferentConversions) {
  LoadProfile load(2, {{kNsPerSecond, 4}});
  const int64_t start_ns = clock_.MonotonicNs();
  load.AddBusy({start_ns + kX8CycleNs, start_ns + kNsPerSecond});
  Ina219Model model(clock_, load, TenMillivoltsPerWatt(false));
  model.Write(R::kConfig, kX8);
  clock_.SleepUntil(start_ns + kX8CycleNs + kX8ShuntNs - kNsPerUs);
  EXPECT_EQ(model.Read(R::kShunt), 2000);
  clock_.Advance(kNsPerUs);
  EXPECT_EQ(model.Read(R::kShunt), 4000) << "the next one, before its cycle ends";
  EXPECT_EQ(model.cycles(), 1u);
}

TEST_F(Ina219ModelTest, FaultsHappenWhenTheyAreDue) {
  const LoadProfile load(2);
  Ina219Model model(clock_, load, Exact());
  model.Write(R::kConfig, kX8);
  const int64_t start_ns = clock_.MonotonicNs();
  model.At(start_ns + 10 * kNsPerMs, [](Ina219Model& m) { m.WriteForeign(0x019F); });
  model.At(start_ns + 20 * kNsPerMs, [](Ina219Model& m) { m.BrownOut(); });
  model.At(start_ns + 30 * kNsPerMs, [](Ina219Model& m) { m.Halt(); });
  clock_.SleepUntil(start_ns + 9 * kNsPerMs);
  EXPECT_EQ(model.Read(R::kConfig), kX8);
  EXPECT_EQ(model.faults_fired(), 0u);
  clock_.SleepUntil(start_ns + 10 * kNsPerMs);
  EXPECT_EQ(model.Read(R::kConfig), 0x019F);
  clock_.SleepUntil(start_ns + kNsPerSecond);
  EXPECT_EQ(model.Read(R::kConfig), 0x399F);
  EXPECT_EQ(model.faults_fired(), 3u);
  // 2 of x8, then 9 and 9 of 1.064 ms; halted since.
  EXPECT_EQ(model.cycles(), 2u + 9 + 9);
}

TEST_F(Ina219ModelTest, AStuckChipRepeatsItself) {
  LoadProfile load(2, {{kNsPerSecond, 4}});
  Ina219Model model(clock_, load, TenMillivoltsPerWatt(false));
  AwaitReady(model);
  model.Stick();
  load.AddBusy({clock_.MonotonicNs(), clock_.MonotonicNs() + kNsPerSecond});
  model.Read(R::kPower);
  AwaitReady(model);
  EXPECT_EQ(model.Read(R::kShunt), 2000);
}

// 48 bit times a register: 0.36 ms for three at 400 kHz, 1.44 ms at 100 kHz.
TEST_F(Ina219ModelTest, TransfersTakeTheTimeOfTheBus) {
  const LoadProfile load(2);
  Ina219Model model(clock_, load, Exact());
  ModelI2cDevice device(clock_, model);
  uint16_t word = 0;
  const auto read_three = [&] {
    const int64_t start_ns = clock_.MonotonicNs();
    EXPECT_EQ(device.ReadRegister(R::kBus, &word), 0);
    EXPECT_EQ(device.ReadRegister(R::kShunt, &word), 0);
    EXPECT_EQ(device.ReadRegister(R::kPower, &word), 0);
    return clock_.MonotonicNs() - start_ns;
  };
  EXPECT_NEAR(static_cast<double>(read_three()), 360e3, 10);
  device.set_bus_hz(100'000);
  EXPECT_NEAR(static_cast<double>(read_three()), 1'440e3, 10);
  const int64_t start_ns = clock_.MonotonicNs();
  EXPECT_EQ(device.WriteRegister(R::kConfig, kX8), 0);
  EXPECT_EQ(clock_.MonotonicNs() - start_ns, 380 * kNsPerUs);
  EXPECT_EQ(model.Read(R::kConfig), kX8);
}

TEST_F(Ina219ModelTest, TransfersFailWhenTold) {
  const LoadProfile load(2);
  Ina219Model model(clock_, load, Exact());
  ModelI2cDevice device(clock_, model);
  uint16_t word = 0xABCD;
  device.FailNext(2, EREMOTEIO);
  EXPECT_EQ(device.ReadRegister(R::kConfig, &word), EREMOTEIO);
  EXPECT_EQ(device.WriteRegister(R::kConfig, kX8), EREMOTEIO);
  EXPECT_EQ(word, 0xABCD);
  EXPECT_EQ(device.ReadRegister(R::kConfig, &word), 0);
  EXPECT_EQ(word, 0x399F);
  device.FailAtRandom(0.25, ETIMEDOUT, 1);
  int failures = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (device.ReadRegister(R::kShunt, &word) == ETIMEDOUT) ++failures;
  }
  EXPECT_NEAR(failures, 2500, 4 * std::sqrt(10'000 * 0.25 * 0.75));
  EXPECT_EQ(device.failures(), static_cast<uint64_t>(failures) + 2);
}

}  // namespace
}  // namespace tinyjoule

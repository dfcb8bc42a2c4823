// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_INA219_SENSOR_H_
#define AGENT_POWER_INA219_SENSOR_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/core/power_sensor.h"
#include "agent/power/edge_tracker.h"
#include "agent/power/i2c_device.h"
#include "agent/power/ina219_registers.h"
#include "agent/power/read_statistics.h"
#include "common/base/clock.h"

namespace tinyjoule {

// An INA219 that is read once per conversion, as raw counts of shunt and bus. Behind 14 to 42
// conversions the bus voltage's resolution changes between 12 and 11 bit, so that no load stays in
// step with the cycle, in which the shunt is blind while the bus voltage is converted (ADR 18).
//   1. Qualify() once, before anything else, on any one thread.
//   2. As PowerSensor says.
// A transfer that fails is tried again within its conversion's time; a chip that does not convert
// makes each ReadConversion fail within three cycles.
class Ina219Sensor final : public PowerSensor {
 public:
  struct Options {
    std::string uri;
    // For messages: where the chip is.
    std::string bus = "/dev/i2c-1";
    uint8_t address = 0x40;
    Ina219Settings settings;
    // The bus voltage with 12 and with 11 bit by turns, where the bus is fast enough.
    bool mixed_bus_adc = true;
    uint32_t shunt_uohm = 100'000;
    double gain = 1;
    double shunt_offset_counts = 0;
    std::optional<double> idle_min_w;
    std::optional<double> idle_max_w;
  };
  // The clock outlives the sensor.
  Ina219Sensor(Options options, std::unique_ptr<I2cDevice> device, Clock& clock);

  // Resets the chip, knows it by its reset value, writes the configuration and reads it back, and
  // times 200 conversions (fewer where those take more than three seconds): Describe() then tells
  // the measured cycle and read time. NotFound: nothing answers. FailedPrecondition: another chip,
  // or a bus too slow for the chosen averaging. Unavailable: what answers does so unreliably.
  [[nodiscard]] absl::Status Qualify();

  v1::SensorDescription Describe() const override;
  // Writes the configuration. Unavailable: the chip did not take it.
  absl::Status Start() override;
  ReadOutcome ReadConversion(RawSample* sample) override;
  void Stop() override { stopped_.store(true); }
  void RequestCheck() override { check_requested_.store(true); }
  SensorHealth Health() const override;
  // The shunt's modes that the bus can follow.
  std::vector<std::string> Resolutions() const override;
  absl::Status SetResolution(const std::string& word) override;

 private:
  struct Ready {
    uint16_t bus_word = 0;
    // When the poll that showed it began and ended, and when the last one before it that did not
    // ended; -1: there was none.
    int64_t begin_ns = 0;
    int64_t end_ns = 0;
    int64_t not_ready_ns = -1;
  };

  absl::Status CheckIdentity();
  absl::Status CheckReadBack();
  absl::Status TimeConversions();
  absl::StatusOr<uint16_t> ReadConfiguration();
  absl::Status NotConverting() const;
  absl::Status TooSlow(int64_t read_time_ns) const;
  absl::Status TransferError(int error_number, absl::string_view attempt) const;
  std::string Place() const;
  absl::Status BeginConversions(int64_t poll_ns);
  // With 12 bit for the bus voltage where that is mixed, and as they are now.
  Ina219Settings Settings() const;
  Ina219Settings PresentSettings() const;
  // As far as it is known.
  int64_t CycleNs(const Ina219Settings& settings) const;
  // Whether the bus can follow turns of the bus voltage's resolution.
  bool CanTurn() const;
  void PlanTurn();
  // Writes the other resolution, which begins a conversion and takes "ready" back. False: not so.
  bool TurnBusAdc();

  ReadOutcome ReadNext(RawSample* sample);
  // kSample: the chip is ready to be read.
  ReadOutcome AwaitConversion(Ready* ready);
  ReadOutcome PollUntilReady(Ready* ready);
  // Tries again, with pauses, until `deadline_ns`. 0 or an errno.
  int Read(uint8_t address, int64_t deadline_ns, uint16_t* word);
  // Writes the configuration, up to three times.
  int Write(uint16_t word);
  bool ClearReady();
  // False: it was not read, or is another's.
  bool CheckConfiguration();

  const Options options_;
  const std::unique_ptr<I2cDevice> device_;
  Clock& clock_;
  // Set by Qualify: a cycle to what the data sheet says, and how long a conversion takes to read.
  double cycle_ratio_ = 1;
  int64_t read_time_ns_ = 0;
  std::atomic<const Ina219AdcMode*> shunt_adc_;

  std::atomic<bool> stopped_{true};
  std::atomic<bool> check_requested_{false};
  std::atomic<uint64_t> reads_{0};
  std::atomic<uint64_t> retried_reads_{0};
  std::atomic<uint64_t> configuration_checks_{0};
  std::atomic<bool> reset_seen_{false};
  std::atomic<bool> configuration_changed_{false};
  std::atomic<uint16_t> configuration_written_{0};
  std::atomic<uint16_t> configuration_found_{0};
  ReadStatistics statistics_;

  // On the sampler's thread.
  EdgeTracker edges_;
  int64_t cycle_ns_ = 0;
  // Whether the bus voltage is converted with 11 bit now, and conversions until it changes; 0: not
  // mixed.
  bool turned_ = false;
  int until_turn_ = 0;
  double turn_phase_ = 0;
  // From the end of a conversion until the next one overwrites the shunt's word.
  int64_t shunt_valid_ns_ = 0;
  // The chip may still say "ready" of a conversion that is done with.
  bool ready_is_stale_ = false;
  int64_t last_read_time_ns_ = 0;
  int last_error_ = 0;
};

}  // namespace tinyjoule

#endif  // AGENT_POWER_INA219_SENSOR_H_

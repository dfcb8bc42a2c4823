// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_MEASUREMENT_FIXTURE_H_
#define TESTS_SUPPORT_MEASUREMENT_FIXTURE_H_

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/core/measurement.h"
#include "common/base/digest.h"
#include "gtest/gtest.h"
#include "tests/support/fake_coordinator_link.h"
#include "tests/support/fake_runner.h"
#include "tests/support/fake_sample_source.h"
#include "tests/support/fault_file_system.h"

namespace tinyjoule {

// 1.024 mW a count: about 2 W and 4 W.
inline constexpr int32_t kIdleCounts = 2000;
inline constexpr int32_t kBusyCounts = 4000;
inline constexpr double kIdleW = 2.048;
inline constexpr double kBusyW = 4.096;

// What a measurement gives, in memory.
class RecordingObserver final : public MeasurementObserver {
 public:
  absl::Status Write(v1::ChunkStream stream, std::string payload) override {
    if (payloads[stream].size() >= max_chunks) {
      return absl::ResourceExhaustedError("No space left on device");
    }
    payloads[stream].push_back(std::move(payload));
    return absl::OkStatus();
  }
  uint64_t RoomBytes() override { return room_bytes; }
  void OnPhase(v1::RunPhase phase, uint32_t window) override {
    phases.push_back(phase);
    if (on_phase) on_phase(phase, window);
  }
  std::map<v1::ChunkStream, std::vector<std::string>> payloads;
  std::vector<v1::RunPhase> phases;
  std::function<void(v1::RunPhase, uint32_t)> on_phase;
  size_t max_chunks = SIZE_MAX;
  uint64_t room_bytes = UINT64_MAX;
};

// A measurement of a fake runner with a fake sensor, on a clock and files of its own.
class MeasurementRig {
 public:
  MeasurementRig() {
    artifacts_.artifacts[Sha256Hex("model")] = "model";
    artifacts_.artifacts[Sha256Hex("inputs")] = "inputs";
    job_.set_run_id("r1");
    job_.set_attempt(1);
    job_.set_model_sha256(Sha256Hex("model"));
    job_.set_inputs_sha256(Sha256Hex("inputs"));
    job_.set_engine(v1::ENGINE_XNNPACK);
    job_.mutable_warmup_min()->set_seconds(2);
    job_.mutable_warmup_max()->set_seconds(5);
    job_.mutable_window_min()->set_seconds(10);
    job_.set_window_count(3);
    job_.mutable_idle()->set_seconds(10);
    options_.runner_program = "runner";
    options_.runner_log_path = "/state/runner.log";
    EXPECT_TRUE(source_.Start().ok());
  }
  v1::RunResult Run(bool with_sensor = true) {
    MeasurementDependencies dependencies{clock_, files_, runner_, board_, *cache_, artifacts_};
    dependencies.samples = with_sensor ? &source_ : nullptr;
    dependencies.cgroup = cgroup_.get();
    dependencies.follow_process = [this](int pid) { followed_.push_back(pid); };
    Measurement measurement(job_, options_, dependencies, observer_);
    measurement_ = &measurement;
    return measurement.Run();
  }
  static bool HasFlag(const v1::RunResult& result, const std::string& name) {
    return std::any_of(result.flags().begin(), result.flags().end(),
                       [&name](const v1::Flag& flag) { return flag.name() == name; });
  }
  // Empty when the flag is not there.
  static std::string FlagDetail(const v1::RunResult& result, const std::string& name) {
    for (const v1::Flag& flag : result.flags()) {
      if (flag.name() == name) return flag.detail();
    }
    return "";
  }
  void Put(const std::string& path, absl::string_view bytes) {
    ASSERT_TRUE(files_.WriteFileAtomically(path, bytes).ok());
  }
  // The board's cores and how their clock is governed.
  void PutCores(absl::string_view online, absl::string_view governor) {
    constexpr char kCpu[] = "/sys/devices/system/cpu";
    Put(absl::StrCat(kCpu, "/online"), online);
    Put(absl::StrCat(kCpu, "/cpu0/cpufreq/scaling_governor"), governor);
  }
  void PutTemperature(double temp_c) {
    Put("/sys/class/thermal/thermal_zone0/temp", absl::StrCat(std::lround(1000 * temp_c), "\n"));
  }
  void PutThrottled(uint32_t bits) {
    Put("/sys/devices/platform/soc/soc:firmware/get_throttled", absl::StrFormat("%x\n", bits));
  }
  // Counters of the kernel after so many ticks of the runner and of others, and swapped pages.
  void PutUsage(uint64_t runner, uint64_t others, uint64_t swapped = 0) {
    const auto process = [](uint64_t ticks) {
      return absl::StrCat("1 (x) R 1 1 1 0 -1 0 0 0 0 0 ", ticks, " 0 0 0\n");
    };
    Put("/proc/stat", absl::StrCat("cpu  ", runner + others + 50, " 0 0 0 0\n"));
    Put("/proc/4242/stat", process(runner));
    Put("/proc/self/stat", process(50));
    Put("/proc/vmstat", absl::StrCat("pswpin ", swapped, "\npswpout 0\n"));
  }
  std::vector<const v1::MarkedWindow*> Inference(const v1::RunResult& result) {
    std::vector<const v1::MarkedWindow*> windows;
    for (const v1::MarkedWindow& window : result.windows()) {
      if (window.kind() == v1::WINDOW_KIND_INFERENCE) windows.push_back(&window);
    }
    return windows;
  }
  void Break(v1::RunnerCommand::CommandCase at, FakeRunner::Fault fault) {
    runner_.behaviour.fault_at = at;
    runner_.behaviour.fault = fault;
  }

  FakeClock clock_;
  FaultFileSystem files_;
  FakeRunner runner_{clock_};
  BoardReader board_{files_, ""};
  std::unique_ptr<ArtifactCache> cache_ = *ArtifactCache::Open(files_, {"/cache", 1 << 20});
  FakeArtifactSource artifacts_;
  FakeSampleSource source_{clock_, [this](int64_t t_ns) {
                             return runner_.BusyAt(t_ns) ? busy_counts_(t_ns) : kIdleCounts;
                           }};
  // What the load draws.
  std::function<int32_t(int64_t t_ns)> busy_counts_ = [](int64_t) { return kBusyCounts; };
  RecordingObserver observer_;
  v1::JobSpec job_;
  MeasurementOptions options_;
  std::unique_ptr<RunnerCgroup> cgroup_;
  std::vector<int> followed_;
  Measurement* measurement_ = nullptr;
};

class MeasurementTest : public ::testing::Test, public MeasurementRig {
 public:
  // GoogleTest has one, too.
  using MeasurementRig::Run;
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_MEASUREMENT_FIXTURE_H_

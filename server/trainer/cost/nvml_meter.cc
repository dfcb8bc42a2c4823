// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <cstdlib>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "server/trainer/cost/energy_meter.h"

namespace tinyjoule {
namespace {

// Of NVML's interface, which NVIDIA keeps stable: results and handles.
using NvmlResult = int;
using NvmlDevice = void*;
constexpr NvmlResult kSuccess = 0;
constexpr NvmlResult kNotSupported = 3;
constexpr NvmlResult kInsufficientSize = 7;

struct CloseLibrary {
  void operator()(void* library) const { dlclose(library); }
};

// The functions that we call.
struct Nvml {
  std::unique_ptr<void, CloseLibrary> library;
  NvmlResult (*init)() = nullptr;
  NvmlResult (*shutdown)() = nullptr;
  const char* (*error_string)(NvmlResult) = nullptr;
  NvmlResult (*device_count)(unsigned*) = nullptr;
  NvmlResult (*device_by_index)(unsigned, NvmlDevice*) = nullptr;
  NvmlResult (*device_by_uuid)(const char*, NvmlDevice*) = nullptr;
  // Millijoules since the driver was loaded.
  NvmlResult (*total_energy)(NvmlDevice, unsigned long long*) = nullptr;
  NvmlResult (*processes)(NvmlDevice, unsigned*, void*) = nullptr;

  absl::Status Load(const std::string& name) {
    library.reset(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL));
    if (library == nullptr) {
      return absl::NotFoundError(absl::StrCat("NVIDIA's management library cannot be loaded (",
                                              dlerror(), "); it comes with the driver"));
    }
    TJ_RETURN_IF_ERROR(Find("nvmlInit_v2", init));
    TJ_RETURN_IF_ERROR(Find("nvmlShutdown", shutdown));
    TJ_RETURN_IF_ERROR(Find("nvmlErrorString", error_string));
    TJ_RETURN_IF_ERROR(Find("nvmlDeviceGetCount_v2", device_count));
    TJ_RETURN_IF_ERROR(Find("nvmlDeviceGetHandleByIndex_v2", device_by_index));
    TJ_RETURN_IF_ERROR(Find("nvmlDeviceGetHandleByUUID", device_by_uuid));
    TJ_RETURN_IF_ERROR(Find("nvmlDeviceGetTotalEnergyConsumption", total_energy));
    return Find("nvmlDeviceGetComputeRunningProcesses", processes);
  }

  absl::Status Check(NvmlResult result, const std::string& what) const {
    if (result == kSuccess) return absl::OkStatus();
    const std::string message = absl::StrCat(what, ": NVML says: ", error_string(result));
    return result == kNotSupported ? absl::UnimplementedError(message)
                                   : absl::UnavailableError(message);
  }

 private:
  template <typename Function>
  absl::Status Find(const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library.get(), name));
    if (function != nullptr) return absl::OkStatus();
    return absl::UnimplementedError(
        absl::StrCat("NVIDIA's management library has no ", name, ": the driver is too old"));
  }
};

class NvmlMeter final : public EnergyMeter {
 public:
  explicit NvmlMeter(Nvml nvml) : nvml_(std::move(nvml)) {}
  ~NvmlMeter() override { nvml_.shutdown(); }

  absl::Status Choose() {
    const char* visible = getenv("CUDA_VISIBLE_DEVICES");
    const std::string uuid = visible == nullptr ? "" : visible;
    if (absl::StartsWith(uuid, "GPU-") && !absl::StrContains(uuid, ',')) {
      name_ = uuid;
      return nvml_.Check(nvml_.device_by_uuid(uuid.c_str(), &device_), uuid);
    }
    unsigned count = 0;
    TJ_RETURN_IF_ERROR(nvml_.Check(nvml_.device_count(&count), "counting the GPUs"));
    if (count == 0) return absl::NotFoundError("there is no NVIDIA GPU");
    if (count > 1) {
      return absl::FailedPreconditionError(absl::StrCat(
          count,
          " GPUs, and which one trains is not known: set CUDA_VISIBLE_DEVICES to the UUID of "
          "one (nvidia-smi -L)"));
    }
    name_ = "0";
    return nvml_.Check(nvml_.device_by_index(0, &device_), "GPU 0");
  }

  std::string source() const override { return absl::StrCat("nvml:", name_); }
  // Renewed about every tenth of a second.
  int64_t shortest_ns() const override { return 2 * kNsPerSecond; }

  absl::Status Begin() override { return ReadCounter(last_mj_); }

  absl::StatusOr<double> TakeJoules() override {
    unsigned long long now_mj = 0;
    TJ_RETURN_IF_ERROR(ReadCounter(now_mj));
    return static_cast<double>(now_mj - std::exchange(last_mj_, now_mj)) * 1e-3;
  }

  // Now: what came and went since Begin is not seen.
  absl::Status CheckAlone() override {
    unsigned count = 0;
    const NvmlResult result = nvml_.processes(device_, &count, nullptr);
    // With room for none it tells how many there are.
    if (result != kInsufficientSize) TJ_RETURN_IF_ERROR(nvml_.Check(result, source()));
    if (count <= 1) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(count, " processes compute on ", source(), ", and its counter sees them all"));
  }

 private:
  absl::Status ReadCounter(unsigned long long& energy_mj) {
    return nvml_.Check(nvml_.total_energy(device_, &energy_mj), source());
  }

  const Nvml nvml_;
  NvmlDevice device_ = nullptr;
  std::string name_;
  unsigned long long last_mj_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<EnergyMeter>> OpenNvmlMeter(const std::string& library) {
  Nvml nvml;
  TJ_RETURN_IF_ERROR(nvml.Load(library));
  TJ_RETURN_IF_ERROR(nvml.Check(nvml.init(), "starting NVML"));
  auto meter = std::make_unique<NvmlMeter>(std::move(nvml));
  TJ_RETURN_IF_ERROR(meter->Choose());
  TJ_RETURN_IF_ERROR(meter->Begin());
  return meter;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// NVIDIA's management library as nvml_meter.cc sees it: signatures and results of NVML's public
// interface, and a machine that a test describes with FakeNvmlSet.
#include <cstring>

namespace {

constexpr int kSuccess = 0;
constexpr int kInvalidArgument = 2;
constexpr int kNotSupported = 3;
constexpr int kNotFound = 6;
constexpr int kInsufficientSize = 7;

unsigned device_count = 1;
unsigned process_count = 1;
bool counts_energy = true;
unsigned long long energy_mj = 0;
int devices[8] = {};

}  // namespace

extern "C" {

void FakeNvmlSet(unsigned count, unsigned processes, bool counts, unsigned long long energy) {
  device_count = count;
  process_count = processes;
  counts_energy = counts;
  energy_mj = energy;
}

int nvmlInit_v2() { return kSuccess; }
int nvmlShutdown() { return kSuccess; }
const char* nvmlErrorString(int result) {
  return result == kNotSupported ? "Not Supported" : "Not Found";
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = device_count;
  return kSuccess;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (index >= device_count) return kInvalidArgument;
  *device = &devices[index];
  return kSuccess;
}
int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  if (strcmp(uuid, "GPU-1234") != 0) return kNotFound;
  *device = &devices[device_count - 1];
  return kSuccess;
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* energy) {
  if (device == nullptr) return kInvalidArgument;
  if (!counts_energy) return kNotSupported;
  *energy = energy_mj;
  return kSuccess;
}
int nvmlDeviceGetComputeRunningProcesses(void*, unsigned* count, void*) {
  const unsigned room = *count;
  *count = process_count;
  return room < process_count ? kInsufficientSize : kSuccess;
}
}

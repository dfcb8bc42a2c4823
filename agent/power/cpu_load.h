// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_POWER_CPU_LOAD_H_
#define AGENT_POWER_CPU_LOAD_H_

#include <atomic>
#include <cstdint>

namespace tinyjoule {

// The processor time that the measured process has used: what a simulated meter follows.
// Thread-safe; allocates nothing.
class CpuTimeSource {
 public:
  virtual ~CpuTimeSource() = default;
  // Nanoseconds of processor time of the process so far, over all its threads; 0 when there is no
  // such process. It falls when another process takes its place.
  virtual int64_t CpuTimeNs() const = 0;
};

// Follows one process after another, by id.
class ProcessCpuTime final : public CpuTimeSource {
 public:
  // 0: none.
  void Follow(int pid) { pid_.store(pid, std::memory_order_relaxed); }
  int64_t CpuTimeNs() const override;

 private:
  std::atomic<int> pid_{0};
};

}  // namespace tinyjoule

#endif  // AGENT_POWER_CPU_LOAD_H_

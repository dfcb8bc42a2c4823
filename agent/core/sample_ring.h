// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef AGENT_CORE_SAMPLE_RING_H_
#define AGENT_CORE_SAMPLE_RING_H_

#include <atomic>
#include <cstddef>
#include <vector>

namespace tinyjoule {

// A ring between one writing and one reading thread, without locks; it allocates only when it is
// made. The capacity is a power of two.
template <typename T>
class SampleRing {
 public:
  explicit SampleRing(size_t capacity) : items_(capacity) {}

  // Writer. False when it is full.
  bool TryPush(const T& item) {
    const size_t written = written_.load(std::memory_order_relaxed);
    if (written - read_.load(std::memory_order_acquire) == items_.size()) return false;
    items_[written & (items_.size() - 1)] = item;
    written_.store(written + 1, std::memory_order_release);
    return true;
  }

  // Reader. False when it is empty.
  bool TryPop(T* item) {
    const size_t read = read_.load(std::memory_order_relaxed);
    if (read == written_.load(std::memory_order_acquire)) return false;
    *item = items_[read & (items_.size() - 1)];
    read_.store(read + 1, std::memory_order_release);
    return true;
  }

 private:
  std::vector<T> items_;
  // On lines of their own: the two threads do not slow one another.
  alignas(64) std::atomic<size_t> written_{0};
  alignas(64) std::atomic<size_t> read_{0};
};

}  // namespace tinyjoule

#endif  // AGENT_CORE_SAMPLE_RING_H_

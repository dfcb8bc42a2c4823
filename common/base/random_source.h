// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_RANDOM_SOURCE_H_
#define COMMON_BASE_RANDOM_SOURCE_H_

#include <cstdint>
#include <random>
#include <string>

namespace tinyjoule {

// Random bits as an interface, so that a test can repeat them. Not thread-safe: one per sequence.
// Usable as a standard UniformRandomBitGenerator.
class RandomSource {
 public:
  using result_type = uint64_t;
  virtual ~RandomSource() = default;
  virtual uint64_t operator()() = 0;
  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return UINT64_MAX; }
};

// The kernel's random bytes: for ids and jitter.
class SystemRandom final : public RandomSource {
 public:
  uint64_t operator()() override;
};

// The same seed gives the same sequence on every machine (std::mt19937_64).
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  uint64_t operator()() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// 32 lower-case hexadecimal digits.
std::string RandomId(RandomSource& random);

}  // namespace tinyjoule

#endif  // COMMON_BASE_RANDOM_SOURCE_H_

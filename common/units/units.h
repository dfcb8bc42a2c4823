// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_UNITS_UNITS_H_
#define COMMON_UNITS_UNITS_H_

#include <cstdint>

namespace tinyjoule {

// Conversions between the units of the wire (whole nanoseconds, micro-ohms) and the units of
// results (seconds, ohms, joules, microjoules). The names say both ends, so that a wrong factor
// cannot hide in a bare 1e-6.

// Correctly rounded for every time: a difference of times is taken in whole nanoseconds first.
constexpr double SecondsFromNs(int64_t ns) { return static_cast<double>(ns) / 1e9; }
constexpr double MillisecondsFromNs(int64_t ns) { return static_cast<double>(ns) / 1e6; }
constexpr double OhmsFromMicroohms(uint32_t uohm) { return static_cast<double>(uohm) / 1e6; }
constexpr double MicrojoulesFromJoules(double joules) { return joules * 1e6; }
constexpr double MillisecondsFromSeconds(double seconds) { return seconds * 1e3; }
constexpr double MilliamperesFromAmperes(double amperes) { return amperes * 1e3; }
constexpr double MebibytesFromBytes(double bytes) { return bytes / (1024.0 * 1024.0); }

}  // namespace tinyjoule

#endif  // COMMON_UNITS_UNITS_H_

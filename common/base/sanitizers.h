// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_BASE_SANITIZERS_H_
#define COMMON_BASE_SANITIZERS_H_

// For tests of memory, locks and time: whether a sanitizer stands between them and the machine.
// GCC and clang tell it in different words.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TINYJOULE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TINYJOULE_SANITIZED 1
#endif
#endif
#ifndef TINYJOULE_SANITIZED
#define TINYJOULE_SANITIZED 0
#endif

#endif  // COMMON_BASE_SANITIZERS_H_

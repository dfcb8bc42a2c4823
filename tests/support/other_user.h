// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_OTHER_USER_H_
#define TESTS_SUPPORT_OTHER_USER_H_

#include <unistd.h>

namespace tinyjoule {

constexpr uid_t kNobody = 65534;

// Whether root may become nobody, or is nobody special anyway: a user name space may hold root
// alone.
inline bool CanBeNobody() { return geteuid() != 0 || (seteuid(kNobody) == 0 && seteuid(0) == 0); }

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_OTHER_USER_H_

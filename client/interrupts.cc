// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "client/interrupts.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

#include "absl/time/time.h"
#include "client/exit_code.h"

namespace tinyjoule {
namespace {

sigset_t WatchedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);  // Only the destructor sends it, to its own thread.
  return signals;
}

}  // namespace

Interrupts::Interrupts() {
  const sigset_t signals = WatchedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this] { Loop(); });
}

Interrupts::~Interrupts() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
}

void Interrupts::Loop() {
  const sigset_t signals = WatchedSignals();
  while (true) {
    int signal = 0;
    sigwait(&signals, &signal);
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      if (interrupted_) _exit(kExitInterrupted);
    }
    if (signal != SIGUSR1) Interrupt();
  }
}

bool Interrupts::interrupted() const {
  absl::MutexLock lock(&mutex_);
  return interrupted_;
}

void Interrupts::Interrupt() {
  absl::MutexLock lock(&mutex_);
  interrupted_ = true;
  if (call_ != nullptr) call_->TryCancel();
}

bool Interrupts::WaitFor(int64_t ns) {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&interrupted_), absl::Nanoseconds(ns));
}

Interrupts::Guard::Guard(Interrupts& interrupts, grpc::ClientContext& context)
    : interrupts_(interrupts) {
  absl::MutexLock lock(&interrupts_.mutex_);
  interrupts_.call_ = &context;
  if (interrupts_.interrupted_) context.TryCancel();
}

Interrupts::Guard::~Guard() {
  absl::MutexLock lock(&interrupts_.mutex_);
  interrupts_.call_ = nullptr;
}

}  // namespace tinyjoule

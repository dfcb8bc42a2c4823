// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_INTERRUPTS_H_
#define CLIENT_INTERRUPTS_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/client_context.h"

namespace tinyjoule {

// Turns SIGINT and SIGTERM into the cancellation of the call that is on. Create it in main before
// any other thread, because it blocks the signals for all of them. A second signal ends the
// process.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  bool interrupted() const;
  // As if the signal had come.
  void Interrupt();
  // True when the signal came, or after the time.
  bool WaitFor(int64_t ns);

  // Registers a call for as long as it lives.
  class Guard {
   public:
    Guard(Interrupts& interrupts, grpc::ClientContext& context);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Interrupts& interrupts_;
  };

 private:
  void Loop();

  mutable absl::Mutex mutex_;
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::thread thread_;
};

}  // namespace tinyjoule

#endif  // CLIENT_INTERRUPTS_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_CONNECTION_H_
#define CLIENT_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/interrupts.h"
#include "common/net/channel.h"
#include "common/net/status.h"
#include "tinyjoule/v1/fleet_service.grpc.pb.h"
#include "tinyjoule/v1/run_service.grpc.pb.h"
#include "tinyjoule/v1/sweep_service.grpc.pb.h"

namespace tinyjoule {

// The coordinator's services. Nothing is connected before the first call; a call to a coordinator
// that is not there fails with Unavailable, naming the address. One thread.
class Connection {
 public:
  struct Options {
    std::string address = "127.0.0.1:7410";
    ChannelOptions channel;
    // Of a call that answers once.
    int64_t timeout_ns = 20'000'000'000;
  };
  Connection(Options options, Interrupts& interrupts)
      : options_(std::move(options)), interrupts_(interrupts) {}

  // A call that answers once: Call(&v1::SweepService::Stub::GetSweep, request).
  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Service::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                                const Request& request) {
    absl::Status ready = Connect();
    if (!ready.ok()) return ready;
    grpc::ClientContext context;
    Response response;
    SetDeadline(context, options_.timeout_ns);
    const Interrupts::Guard guard(interrupts_, context);
    const grpc::Status status =
        (StubOf(static_cast<Service*>(nullptr)).*method)(&context, request, &response);
    if (!status.ok()) return Translated(status);
    return response;
  }

  // Reads a stream of answers until its end; `on_message` false ends it early (OK).
  template <typename Service, typename Request, typename Response>
  absl::Status Stream(std::unique_ptr<grpc::ClientReader<Response>> (Service::*method)(
                          grpc::ClientContext*, const Request&),
                      const Request& request,
                      const std::function<bool(const Response&)>& on_message) {
    absl::Status ready = Connect();
    if (!ready.ok()) return ready;
    grpc::ClientContext context;
    SetDeadline(context, stream_timeout_ns_);
    const Interrupts::Guard guard(interrupts_, context);
    const auto reader = (StubOf(static_cast<Service*>(nullptr)).*method)(&context, request);
    Response response;
    bool go_on = true;
    while (go_on && reader->Read(&response)) go_on = on_message(response);
    if (!go_on) context.TryCancel();
    const grpc::Status status = reader->Finish();
    return go_on ? Translated(status) : absl::OkStatus();
  }

  // For client streams, which look too different to share code.
  [[nodiscard]] absl::Status Connect();
  v1::SweepService::Stub& sweeps() { return *sweeps_; }
  Interrupts& interrupts() { return interrupts_; }
  const std::string& address() const { return options_.address; }
  void set_timeout_ns(int64_t ns) { options_.timeout_ns = ns; }
  // Of a whole stream; 0: none, the default.
  void set_stream_timeout_ns(int64_t ns) { stream_timeout_ns_ = ns; }
  // The status with words that name the coordinator; Cancelled after an interruption.
  absl::Status Translated(const grpc::Status& status) const;

 private:
  v1::SweepService::Stub& StubOf(const v1::SweepService::Stub*) { return *sweeps_; }
  v1::RunService::Stub& StubOf(const v1::RunService::Stub*) { return *runs_; }
  v1::FleetService::Stub& StubOf(const v1::FleetService::Stub*) { return *fleet_; }
  static void SetDeadline(grpc::ClientContext& context, int64_t timeout_ns);

  Options options_;
  int64_t stream_timeout_ns_ = 0;
  Interrupts& interrupts_;
  std::unique_ptr<v1::SweepService::Stub> sweeps_;
  std::unique_ptr<v1::RunService::Stub> runs_;
  std::unique_ptr<v1::FleetService::Stub> fleet_;
};

}  // namespace tinyjoule

#endif  // CLIENT_CONNECTION_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/fake_agent.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/energy/chunk.h"
#include "common/energy/sample_block.h"
#include "grpcpp/create_channel.h"

namespace tinyjoule {
namespace {

constexpr int64_t kHeartbeatNs = 5 * kNsPerSecond;
constexpr double kBusLsbV = 4e-3;
constexpr double kShuntLsbV = 10e-6;
constexpr uint32_t kShuntUohm = 100'000;

v1::SensorDescription Sensor(int samples_per_second) {
  v1::SensorDescription sensor;
  sensor.set_uri("sim:seed=1");
  sensor.set_kind("simulated");
  sensor.set_simulated(true);
  sensor.set_shunt_lsb_v(kShuntLsbV);
  sensor.set_bus_lsb_v(kBusLsbV);
  sensor.set_shunt_uohm(kShuntUohm);
  sensor.set_gain(1);
  sensor.set_cycle_ns(kNsPerSecond / samples_per_second);
  return sensor;
}

}  // namespace

FakeAgent::FakeAgent(Options options, TaskRunner& sequence, Clock& clock, LinkFigures& figures)
    : options_(std::move(options)), sequence_(sequence), clock_(clock), figures_(figures) {}

void FakeAgent::Connect() {
  grpc::ChannelArguments arguments;
  // A connection of its own, as every real agent has.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ =
      grpc::CreateCustomChannel(options_.address, grpc::InsecureChannelCredentials(), arguments);
  stub_ = v1::AgentLinkService::NewStub(channel_);
  stub_->async()->Connect(&context_, this);
  v1::ConnectRequest message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_protocol_min(1);
  hello.set_protocol_max(1);
  hello.set_agent_name(options_.name);
  hello.set_installation_id(options_.name);
  hello.add_engines("xnnpack");
  *hello.mutable_sensor() = Sensor(options_.samples_per_second);
  // Calls may come from outside of a reaction until the hold is given back.
  AddHold();
  StartRead(&incoming_);
  Send(std::move(message));
  StartCall();
  SendHeartbeat();
}

void FakeAgent::Disconnect() {
  closing_ = true;
  context_.TryCancel();
  RemoveHold();
}

void FakeAgent::WaitUntilDisconnected() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&done_));
}

void FakeAgent::OnReadDone(bool ok) {
  sequence_.Post([this, ok] {
    if (closing_) return;
    if (!ok) {
      ++figures_.broken_streams;
      return;
    }
    Take(incoming_);
    StartRead(&incoming_);
  });
}

void FakeAgent::OnWriteDone(bool ok) {
  sequence_.Post([this, ok] {
    writing_ = false;
    outgoing_.pop_front();
    if (ok) WriteNext();
  });
}

void FakeAgent::OnDone(const grpc::Status&) {
  absl::MutexLock lock(&mutex_);
  done_ = true;
}

void FakeAgent::Take(const v1::ConnectResponse& message) {
  if (message.has_offer()) TakeOffer(message.offer().job());
  if (message.has_chunk_ack()) TakeAck(message.chunk_ack());
}

void FakeAgent::TakeOffer(const v1::JobSpec& job) {
  const int64_t now_ns = clock_.MonotonicNs();
  if (result_sent_ns_ != 0) figures_.next_offer_ns.push_back(now_ns - result_sent_ns_);
  run_start_ns_ = RoundToTimeUnit(now_ns);
  sent_ns_.clear();
  v1::ConnectRequest message;
  message.mutable_offer_reply()->set_run_id(job.run_id());
  message.mutable_offer_reply()->set_attempt(job.attempt());
  message.mutable_offer_reply()->set_accepted(true);
  Send(std::move(message));
  for (int second = 0; second < options_.seconds; ++second) {
    sequence_.PostDelayed((second + 1) * kNsPerSecond,
                          [this, job, second] { SendSamples(job, second); });
  }
  sequence_.PostDelayed(options_.seconds * kNsPerSecond, [this, job] { SendResult(job); });
}

void FakeAgent::SendSamples(const v1::JobSpec& job, int second) {
  std::vector<RawCounts> samples(static_cast<size_t>(options_.samples_per_second));
  const int64_t cycle_ns = kNsPerSecond / options_.samples_per_second;
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].t_ns = RoundToTimeUnit(run_start_ns_ + second * kNsPerSecond +
                                      static_cast<int64_t>(i + 1) * cycle_ns);
    samples[i].bus = 1250 + static_cast<int32_t>(i % 3);
    samples[i].shunt = 5000 + static_cast<int32_t>(i * 37 % 211);
  }
  const auto block = EncodeSampleBlock(samples, false, 0);
  figures_.sent_samples += samples.size();
  SendChunk(job, v1::CHUNK_STREAM_SAMPLES, static_cast<uint64_t>(second),
            block.value().SerializeAsString());
}

void FakeAgent::SendResult(const v1::JobSpec& job) {
  v1::RunResult result;
  result.set_state(v1::ATTEMPT_STATE_SUCCEEDED);
  result.mutable_started_at()->set_seconds(clock_.UtcNs() / kNsPerSecond - options_.seconds);
  result.mutable_finished_at()->set_seconds(clock_.UtcNs() / kNsPerSecond);
  *result.mutable_sensor() = Sensor(options_.samples_per_second);
  v1::MarkedWindow& window = *result.add_windows();
  window.set_kind(v1::WINDOW_KIND_INFERENCE);
  window.set_start_mono_ns(run_start_ns_);
  window.set_end_mono_ns(run_start_ns_ + options_.seconds * kNsPerSecond + 1);
  window.set_inference_count(1000);
  result.set_sample_chunks(static_cast<uint64_t>(options_.seconds));
  result.set_sample_count(static_cast<uint64_t>(options_.seconds * options_.samples_per_second));
  SendChunk(job, v1::CHUNK_STREAM_RESULT, 0, result.SerializeAsString());
  result_sent_ns_ = clock_.MonotonicNs();
}

void FakeAgent::SendChunk(const v1::JobSpec& job, v1::ChunkStream stream, uint64_t sequence,
                          std::string payload) {
  v1::ConnectRequest message;
  *message.mutable_chunk() =
      MakeChunk(job.run_id(), job.attempt(), stream, sequence, std::move(payload)).value();
  sent_ns_[{stream, sequence}] = clock_.MonotonicNs();
  ++figures_.sent_chunks;
  Send(std::move(message));
}

void FakeAgent::TakeAck(const v1::ChunkAck& ack) {
  const int64_t now_ns = clock_.MonotonicNs();
  const auto first = sent_ns_.lower_bound({ack.stream(), 0});
  const auto last = sent_ns_.upper_bound({ack.stream(), ack.sequence()});
  for (auto sent = first; sent != last; ++sent) {
    figures_.acknowledgement_ns.push_back(now_ns - sent->second);
  }
  sent_ns_.erase(first, last);
  if (ack.stream() == v1::CHUNK_STREAM_RESULT) ++figures_.finished_runs;
}

void FakeAgent::SendHeartbeat() {
  if (closing_) return;
  v1::ConnectRequest message;
  message.mutable_heartbeat()->set_sent_mono_ns(clock_.MonotonicNs());
  Send(std::move(message));
  sequence_.PostDelayed(kHeartbeatNs, [this] { SendHeartbeat(); });
}

void FakeAgent::Send(v1::ConnectRequest message) {
  if (closing_) return;
  outgoing_.push_back(std::move(message));
  WriteNext();
}

void FakeAgent::WriteNext() {
  if (writing_ || closing_ || outgoing_.empty()) return;
  writing_ = true;
  StartWrite(&outgoing_.front());
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/power_hub.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "common/base/clock.h"
#include "server/core/timestamps.h"

namespace tinyjoule {
namespace {

constexpr double kDefaultRateHz = 10;
constexpr double kHighestRateHz = 1000;
constexpr double kLowestRateHz = 0.01;
constexpr size_t kMaxPoints = 512;

// Joins points into one of their means, with the extremes of all.
class PointMean {
 public:
  void Add(const v1::PowerPoint& point) {
    const bool first = count_ == 0;
    const double low = point.power_min_w() != 0 || point.power_max_w() != 0 ? point.power_min_w()
                                                                            : point.power_w();
    const double high = std::max(point.power_max_w(), point.power_w());
    ++count_;
    mean_.set_mono_ns(point.mono_ns());
    mean_.set_bus_voltage_v(mean_.bus_voltage_v() + point.bus_voltage_v());
    mean_.set_current_a(mean_.current_a() + point.current_a());
    mean_.set_power_w(mean_.power_w() + point.power_w());
    mean_.set_power_min_w(first ? low : std::min(mean_.power_min_w(), low));
    mean_.set_power_max_w(first ? high : std::max(mean_.power_max_w(), high));
  }
  bool empty() const { return count_ == 0; }
  v1::PowerPoint Take() {
    v1::PowerPoint point = std::exchange(mean_, {});
    const double count = static_cast<double>(std::exchange(count_, 0));
    point.set_bus_voltage_v(point.bus_voltage_v() / count);
    point.set_current_a(point.current_a() / count);
    point.set_power_w(point.power_w() / count);
    return point;
  }

 private:
  v1::PowerPoint mean_;
  int64_t count_ = 0;
};

}  // namespace

// What hub and watchers share; the hub's end clears `sessions`.
struct PowerHub::Shared {
  TaskRunner* runner;
  SessionLookup sessions;
  std::multimap<std::string, Watcher*> watchers;
  // What each connected agent was told last; not there: nothing.
  std::map<std::string, int64_t> asked_interval_ns;

  // Tells the agent what is wanted of it now, unless it knows.
  void Ask(const std::string& agent);
};

class PowerHub::Watcher final : public PowerSubscription {
 public:
  Watcher(std::shared_ptr<Shared> shared, std::string agent, int64_t interval_ns,
          std::function<void()> on_ready)
      : shared_(std::move(shared)),
        agent_(std::move(agent)),
        interval_ns_(interval_ns),
        on_ready_(std::make_shared<std::function<void()>>(std::move(on_ready))) {
    shared_->watchers.emplace(agent_, this);
    shared_->Ask(agent_);
  }
  ~Watcher() override {
    auto [first, last] = shared_->watchers.equal_range(agent_);
    shared_->watchers.erase(
        std::find_if(first, last, [this](const auto& entry) { return entry.second == this; }));
    if (shared_->sessions) shared_->Ask(agent_);
  }

  absl::StatusOr<std::optional<v1::WatchPowerResponse>> Next() override {
    if (!shared_->sessions) return absl::CancelledError("the coordinator has ended");
    if (points_.empty()) {
      waiting_ = true;
      return std::optional<v1::WatchPowerResponse>();
    }
    v1::WatchPowerResponse message;
    for (v1::PowerPoint& point : points_) *message.add_points() = std::move(point);
    points_.clear();
    message.set_dropped(dropped_);
    message.set_simulated(simulated_);
    return message;
  }

  void Add(const v1::LivePower& power) {
    simulated_ = power.simulated();
    for (const v1::PowerPoint& point : power.points()) {
      const int64_t bucket = point.mono_ns() / interval_ns_;
      if (!mean_.empty() && bucket != bucket_) Push(mean_.Take());
      bucket_ = bucket;
      mean_.Add(point);
    }
    if (!points_.empty()) WakeUp();
  }

  void WakeUp() {
    if (!waiting_) return;
    waiting_ = false;
    shared_->runner->Post([weak = std::weak_ptr<std::function<void()>>(on_ready_)] {
      if (const auto on_ready = weak.lock()) (*on_ready)();
    });
  }

  int64_t interval_ns() const { return interval_ns_; }

 private:
  void Push(v1::PowerPoint point) {
    if (points_.size() >= kMaxPoints) {
      points_.pop_front();
      ++dropped_;
    }
    points_.push_back(std::move(point));
  }

  const std::shared_ptr<Shared> shared_;
  const std::string agent_;
  const int64_t interval_ns_;
  const std::shared_ptr<std::function<void()>> on_ready_;
  PointMean mean_;
  int64_t bucket_ = 0;
  std::deque<v1::PowerPoint> points_;
  uint64_t dropped_ = 0;
  bool simulated_ = false;
  bool waiting_ = false;
};

void PowerHub::Shared::Ask(const std::string& agent) {
  AgentSession* session = sessions(agent);
  if (session == nullptr) return;
  v1::ConnectResponse message;
  v1::LivePowerRequest& request = *message.mutable_live_power_request();
  int64_t shortest_ns = INT64_MAX;
  auto [first, last] = watchers.equal_range(agent);
  for (auto it = first; it != last; ++it) {
    shortest_ns = std::min(shortest_ns, it->second->interval_ns());
  }
  const auto known = asked_interval_ns.find(agent);
  if (known != asked_interval_ns.end() && known->second == shortest_ns) return;
  asked_interval_ns[agent] = shortest_ns;
  request.set_active(first != last);
  if (first != last) *request.mutable_interval() = ToDuration(shortest_ns);
  session->Send(message);
}

PowerHub::PowerHub(TaskRunner& runner, SessionLookup sessions)
    : shared_(std::make_shared<Shared>(Shared{&runner, std::move(sessions), {}, {}})) {}

PowerHub::~PowerHub() {
  shared_->sessions = nullptr;
  for (auto& [agent, watcher] : shared_->watchers) watcher->WakeUp();
}

std::unique_ptr<PowerSubscription> PowerHub::Watch(const std::string& agent, double max_rate_hz,
                                                   std::function<void()> on_ready) {
  const double rate_hz =
      std::clamp(max_rate_hz > 0 ? max_rate_hz : kDefaultRateHz, kLowestRateHz, kHighestRateHz);
  const auto interval_ns = static_cast<int64_t>(static_cast<double>(kNsPerSecond) / rate_hz);
  return std::make_unique<Watcher>(shared_, agent, interval_ns, std::move(on_ready));
}

void PowerHub::OnPower(const std::string& agent, const v1::LivePower& power) {
  auto [first, last] = shared_->watchers.equal_range(agent);
  for (auto it = first; it != last; ++it) it->second->Add(power);
}

void PowerHub::OnAttached(const std::string& agent) {
  shared_->asked_interval_ns.erase(agent);
  if (shared_->watchers.count(agent) != 0) shared_->Ask(agent);
}

}  // namespace tinyjoule

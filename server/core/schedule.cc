// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/schedule.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/digest.h"
#include "common/base/random_source.h"

namespace tinyjoule {
namespace {

constexpr size_t kIdDigits = 16;

uint64_t SeedOf(const v1::SweepSpec& spec) {
  if (spec.has_seed()) return spec.seed();
  return spec.seeds_size() > 0 ? spec.seeds(0) : 0;
}

// std::shuffle may differ between libraries; this gives the same order everywhere.
template <typename Iterator>
void Shuffle(Iterator first, Iterator last, uint64_t seed) {
  SeededRandom random(seed);
  for (auto count = last - first; count > 1; --count) {
    const auto other = static_cast<decltype(count)>(random() % static_cast<uint64_t>(count));
    std::iter_swap(first + (count - 1), first + other);
  }
}

bool IsAnywhere(const v1::SweepSpec& spec) {
  return spec.agents().placement() == v1::PLACEMENT_ANY;
}

struct TrialName {
  std::string model;
  std::string variant;
};

TrialName DefaultReference(const v1::SweepSpec& spec) {
  TrialName name;
  if (spec.models_size() > 0) name.model = spec.models(0).name();
  for (const v1::VariantSpec& variant : spec.variants()) {
    if (name.variant.empty() || variant.name() == "float32") name.variant = variant.name();
  }
  return name;
}

// "MODEL/VARIANT", or a variant of the first model that has it.
TrialName ParseReference(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return {"", text};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

class ScheduleBuilder {
 public:
  ScheduleBuilder(const SweepRecord& sweep, const std::vector<TrialRecord>& trials,
                  uint32_t attempt_limit)
      : sweep_(sweep),
        trials_(trials),
        reference_(ReferenceTrial(sweep.spec, trials)),
        attempt_limit_(attempt_limit) {}

  std::vector<RunRecord> Build(const std::vector<std::string>& agents) {
    const bool anywhere = IsAnywhere(sweep_.spec);
    const std::vector<std::string> places = anywhere ? std::vector<std::string>{""} : agents;
    const bool adds_reference = anywhere && reference_ != nullptr && RepeatsOf(sweep_.spec) > 1;
    for (uint32_t repeat = 0; repeat < RepeatsOf(sweep_.spec); ++repeat) {
      const size_t block_start = runs_.size();
      for (const TrialRecord& trial : trials_) AddRuns(trial, repeat, places);
      if (adds_reference) AddReferences(repeat, agents);
      if (Order() == v1::ORDER_BLOCKED) ShuffleFrom(block_start, repeat);
    }
    if (Order() == v1::ORDER_SHUFFLED) ShuffleFrom(0, 0);
    for (size_t i = 0; i < runs_.size(); ++i) runs_[i].position = static_cast<uint32_t>(i);
    return std::move(runs_);
  }

 private:
  v1::Order Order() const {
    const v1::Order order = sweep_.spec.measure().order();
    return order == v1::ORDER_UNSPECIFIED ? v1::ORDER_BLOCKED : order;
  }

  void ShuffleFrom(size_t start, uint32_t block) {
    const uint64_t seed = SeedOf(sweep_.spec) * 1'000'003 + block;
    Shuffle(runs_.begin() + static_cast<std::ptrdiff_t>(start), runs_.end(), seed);
  }

  void AddRuns(const TrialRecord& trial, uint32_t repeat, const std::vector<std::string>& places) {
    for (const int engine : sweep_.spec.measure().engine()) {
      for (const std::string& place : places) {
        runs_.push_back(MakeRun(trial, repeat, static_cast<v1::Engine>(engine), place));
      }
    }
  }

  void AddReferences(uint32_t repeat, const std::vector<std::string>& agents) {
    for (const std::string& agent : agents) {
      runs_.push_back(MakeRun(*reference_, repeat, ReferenceEngine(sweep_.spec), agent));
    }
  }

  RunRecord MakeRun(const TrialRecord& trial, uint32_t repeat, v1::Engine engine,
                    const std::string& place) const {
    RunRecord record;
    record.task_id = trial.task_id;
    record.attempt_limit = attempt_limit_;
    v1::Run& run = record.run;
    run.set_run_id(RunIdOf(trial.trial_id, engine, repeat, place));
    run.set_sweep_id(sweep_.sweep_id);
    run.set_sweep_name(sweep_.name);
    run.set_trial_id(trial.trial_id);
    run.set_model(trial.summary.model());
    run.set_variant(trial.summary.variant());
    run.set_fold(trial.summary.fold());
    run.set_seed(trial.summary.seed());
    *run.mutable_parameters() = trial.summary.parameters();
    run.set_repeat(repeat);
    run.set_block(Order() == v1::ORDER_BLOCKED ? repeat : 0);
    run.set_engine(engine);
    run.set_threads(std::max<uint32_t>(1, sweep_.spec.measure().threads()));
    run.set_state(v1::RUN_STATE_WAITING);
    run.set_placed_on(place);
    run.set_reference(&trial == reference_ && engine == ReferenceEngine(sweep_.spec) &&
                      !place.empty());
    if (sweep_.spec.emissions().has_grid_gco2e_per_kwh()) {
      run.set_grid_gco2e_per_kwh(sweep_.spec.emissions().grid_gco2e_per_kwh());
    }
    return record;
  }

  const SweepRecord& sweep_;
  const std::vector<TrialRecord>& trials_;
  const TrialRecord* const reference_;
  const uint32_t attempt_limit_;
  std::vector<RunRecord> runs_;
};

double Seconds(const google::protobuf::Duration& duration) {
  return static_cast<double>(duration.seconds()) + duration.nanos() * 1e-9;
}

}  // namespace

std::vector<RunRecord> BuildSchedule(const SweepRecord& sweep,
                                     const std::vector<TrialRecord>& trials,
                                     const std::vector<std::string>& agents,
                                     uint32_t attempt_limit) {
  return ScheduleBuilder(sweep, trials, attempt_limit).Build(agents);
}

const TrialRecord* ReferenceTrial(const v1::SweepSpec& spec, absl::Span<const TrialRecord> trials) {
  const std::string& text = spec.measure().reference();
  if (text == "none") return nullptr;
  const TrialName name = text.empty() ? DefaultReference(spec) : ParseReference(text);
  const auto found = std::find_if(trials.begin(), trials.end(), [&name](const TrialRecord& trial) {
    return trial.summary.variant() == name.variant &&
           (name.model.empty() || trial.summary.model() == name.model);
  });
  return found == trials.end() ? nullptr : &*found;
}

v1::Engine ReferenceEngine(const v1::SweepSpec& spec) {
  return spec.measure().engine_size() > 0 ? spec.measure().engine(0) : v1::ENGINE_UNSPECIFIED;
}

uint32_t RepeatsOf(const v1::SweepSpec& spec) {
  return std::max<uint32_t>(1, spec.measure().repeat());
}

std::string RunIdOf(const std::string& trial_id, v1::Engine engine, uint32_t repeat,
                    const std::string& place) {
  return Sha256Hex(absl::StrCat(trial_id, "|", static_cast<int>(engine), "|", repeat, "|", place))
      .substr(0, kIdDigits);
}

double EstimateHours(const v1::SweepSpec& spec, size_t run_count, size_t agent_count) {
  const v1::MeasureSpec& measure = spec.measure();
  const double seconds_per_run =
      Seconds(measure.cooldown().min()) + Seconds(measure.warmup().min_duration()) +
      2 * Seconds(measure.idle().duration()) +
      measure.window().count() * Seconds(measure.window().min_duration());
  const double runs_in_a_row =
      static_cast<double>(run_count) / static_cast<double>(std::max<size_t>(1, agent_count));
  return runs_in_a_row * seconds_per_run / 3600;
}

}  // namespace tinyjoule

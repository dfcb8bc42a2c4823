// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/job_spec.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tinyjoule {

v1::JobSpec BuildJobSpec(const v1::Run& run, const v1::SweepSpec& spec, uint32_t attempt) {
  const v1::MeasureSpec& measure = spec.measure();
  v1::JobSpec job;
  job.set_run_id(run.run_id());
  job.set_attempt(attempt);
  job.set_model_sha256(run.outcome().model().sha256());
  job.set_inputs_sha256(run.outcome().test_inputs().sha256());
  job.set_engine(run.engine());
  job.set_threads(run.threads());
  *job.mutable_warmup_min() = measure.warmup().min_duration();
  *job.mutable_warmup_max() = measure.warmup().max_duration();
  *job.mutable_window_min() = measure.window().min_duration();
  job.set_window_count(measure.window().count());
  *job.mutable_idle() = measure.idle().duration();
  *job.mutable_cooldown_min() = measure.cooldown().min();
  if (measure.cooldown().has_until_temp_c()) {
    job.set_cooldown_until_temp_c(measure.cooldown().until_temp_c());
  }
  *job.mutable_cooldown_timeout() = measure.cooldown().timeout();
  job.set_preflight(measure.preflight());
  job.set_power_source(spec.power().source());
  job.set_power_required(spec.power().required());
  job.set_label(absl::StrCat(run.sweep_name(), " / ", run.model(), " / ", run.variant(), " / fold ",
                             run.fold()));
  return job;
}

v1::RunState RunStateOf(v1::AttemptState state) {
  switch (state) {
    case v1::ATTEMPT_STATE_SUCCEEDED:
      return v1::RUN_STATE_SUCCEEDED;
    case v1::ATTEMPT_STATE_CANCELLED:
      return v1::RUN_STATE_CANCELLED;
    case v1::ATTEMPT_STATE_LOST:
      return v1::RUN_STATE_LOST;
    case v1::ATTEMPT_STATE_INVALID:
      return v1::RUN_STATE_INVALID;
    default:
      return v1::RUN_STATE_FAILED;
  }
}

v1::AttemptState AttemptStateOf(v1::RunState state) {
  switch (state) {
    case v1::RUN_STATE_SUCCEEDED:
      return v1::ATTEMPT_STATE_SUCCEEDED;
    case v1::RUN_STATE_CANCELLED:
      return v1::ATTEMPT_STATE_CANCELLED;
    case v1::RUN_STATE_LOST:
      return v1::ATTEMPT_STATE_LOST;
    case v1::RUN_STATE_INVALID:
      return v1::ATTEMPT_STATE_INVALID;
    default:
      return v1::ATTEMPT_STATE_FAILED;
  }
}

std::string FatalFlags(const v1::RunAssembly& assembly) {
  std::vector<std::string> words;
  for (const v1::Flag& flag : assembly.flags()) {
    if (!flag.fatal()) continue;
    words.push_back(flag.detail().empty() ? flag.name()
                                          : absl::StrCat(flag.name(), " (", flag.detail(), ")"));
  }
  return absl::StrJoin(words, ", ");
}

}  // namespace tinyjoule

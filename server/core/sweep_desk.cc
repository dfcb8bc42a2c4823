// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/core/sweep_desk.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/digest.h"
#include "common/base/status.h"
#include "common/config/sweep_file.h"
#include "common/errors/field_violation.h"
#include "server/core/agent_matching.h"
#include "server/core/paging.h"
#include "server/core/planner.h"
#include "server/core/schedule.h"
#include "server/core/timestamps.h"

namespace tinyjoule {
namespace {

constexpr size_t kSweepIdDigits = 12;
constexpr size_t kMaxInputFiles = 10'000;

// Cancelled tasks, failed tasks and those without artifacts are done again; a finished one is not.
bool IsUsable(const TaskRecord& task, ArtifactStore& artifacts) {
  return task.state == v1::TASK_STATE_SUCCEEDED && MissingArtifact(task.outcome, artifacts).empty();
}

absl::Status RefuseFile(const std::vector<Diagnostic>& diagnostics) {
  std::vector<FieldViolation> violations;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity != Severity::kError) continue;
    std::string field = absl::StartsWith(diagnostic.file, "--set") ? "overrides" : "sweep_yaml";
    if (diagnostic.line > 0) absl::StrAppend(&field, ":", diagnostic.line, ":", diagnostic.column);
    violations.push_back({std::move(field), diagnostic.message});
  }
  return InvalidFields(FormatDiagnostics(diagnostics), violations);
}

absl::StatusOr<SweepRecord> ParseRequest(const v1::CreateSweepRequest& request) {
  if (request.sweep_yaml().size() > kMaxSweepFileBytes) {
    return absl::InvalidArgumentError("sweep_yaml: the file is larger than 1 MiB");
  }
  const ParsedSweep parsed = ParseSweep(request.sweep_yaml(), request.file_name(),
                                        {request.overrides().begin(), request.overrides().end()});
  if (!parsed.ok()) return RefuseFile(parsed.diagnostics);
  SweepRecord sweep;
  sweep.spec = parsed.spec;
  sweep.name = parsed.spec.name();
  sweep.inputs = {request.files().begin(), request.files().end()};
  for (v1::InputFile& input : sweep.inputs) {
    input.clear_local_path();
    if (IsSha256Hex(input.sha256())) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("files: ", input.name(), " has no valid SHA-256"));
  }
  std::sort(sweep.inputs.begin(), sweep.inputs.end(),
            [](const auto& a, const auto& b) { return a.name() < b.name(); });
  const std::vector<std::string> unsent = UnsentFiles(sweep.spec, sweep.inputs);
  if (!unsent.empty()) return absl::InvalidArgumentError(absl::StrJoin(unsent, "\n"));
  sweep.content_sha256 = SweepContentHash(sweep.spec, sweep.inputs);
  sweep.sweep_id =
      Sha256Hex(absl::StrCat(sweep.name, "|", sweep.content_sha256)).substr(0, kSweepIdDigits);
  return sweep;
}

std::vector<ArtifactReference> ReferencesOf(const SweepRecord& sweep) {
  std::vector<ArtifactReference> references;
  for (const v1::InputFile& input : sweep.inputs) {
    references.push_back({input.sha256(), sweep.sweep_id, "input", input.size_bytes()});
  }
  return references;
}

size_t PlannedRuns(const SweepRecord& sweep, const std::vector<TrialRecord>& trials,
                   size_t agents) {
  const v1::MeasureSpec& measure = sweep.spec.measure();
  const bool anywhere = sweep.spec.agents().placement() == v1::PLACEMENT_ANY;
  const size_t repeats = RepeatsOf(sweep.spec);
  const size_t places = anywhere ? 1 : std::max<size_t>(1, agents);
  const bool adds_reference =
      anywhere && repeats > 1 && ReferenceTrial(sweep.spec, trials) != nullptr;
  return trials.size() * static_cast<size_t>(measure.engine_size()) * repeats * places +
         (adds_reference ? repeats * agents : 0);
}

}  // namespace

absl::StatusOr<v1::CreateSweepResponse> SweepDesk::Create(const v1::CreateSweepRequest& request) {
  RunReader& reader = context_.ledger.store().reads();
  if (!request.request_id().empty() && !request.validate_only()) {
    const auto known = reader.FindRequest(request.request_id());
    if (known.ok()) return AnswerAgain(*known);
    if (!absl::IsNotFound(known.status())) return known.status();
  }
  if (request.files_size() > static_cast<int>(kMaxInputFiles)) {
    return absl::InvalidArgumentError("files: more than 10,000 files");
  }
  TJ_ASSIGN_OR_RETURN(SweepRecord sweep, ParseRequest(request));
  const auto known = reader.GetSweep(sweep.sweep_id);
  if (known.ok() && !request.validate_only()) {
    TJ_ASSIGN_OR_RETURN(auto response, AnswerAgain(sweep.sweep_id));
    response.set_existed(true);
    return response;
  }
  if (!known.ok() && !absl::IsNotFound(known.status())) return known.status();
  return CreateNew(request, std::move(sweep));
}

absl::StatusOr<v1::CreateSweepResponse> SweepDesk::AnswerAgain(const std::string& sweep_id) {
  v1::CreateSweepResponse response;
  TJ_ASSIGN_OR_RETURN(*response.mutable_sweep(), Describe(sweep_id));
  AddWarnings(response.sweep().spec(), response);
  return response;
}

void SweepDesk::AddWarnings(const v1::SweepSpec& spec, v1::CreateSweepResponse& response) const {
  const std::vector<std::string> agents = context_.fleet.Matching(spec, true);
  for (const std::string& name : agents) response.add_matching_agents(name);
  if (!agents.empty()) return;
  response.add_warnings(
      absl::StrCat("no connected agent matches ", DescribeSelection(spec), "; the sweep waits"));
  for (const auto& [name, agent] : context_.fleet.agents()) {
    const std::string reason = MismatchReason(spec, agent.record);
    if (!reason.empty() && agent.session != nullptr) response.add_warnings(reason);
  }
}

absl::StatusOr<v1::CreateSweepResponse> SweepDesk::CreateNew(const v1::CreateSweepRequest& request,
                                                             SweepRecord sweep) {
  sweep.state = v1::SWEEP_STATE_RUNNING;
  sweep.created_utc_ns = context_.clock.UtcNs();
  TJ_ASSIGN_OR_RETURN(Plan plan, PlanSweep(sweep));
  v1::CreateSweepResponse response;
  for (const v1::InputFile& input : sweep.inputs) {
    if (!context_.artifacts.Has(input.sha256())) *response.add_missing_files() = input;
  }
  AddWarnings(sweep.spec, response);
  const std::vector<std::string> agents(response.matching_agents().begin(),
                                        response.matching_agents().end());
  const size_t run_count = PlannedRuns(sweep, plan.trials, agents.size());
  response.set_estimated_hours(EstimateHours(sweep.spec, run_count, agents.size()));
  if (request.validate_only() || response.missing_files_size() > 0) {
    v1::SweepCounts counts;
    counts.set_tasks(static_cast<uint32_t>(plan.tasks.size()));
    counts.set_trials(static_cast<uint32_t>(plan.trials.size()));
    counts.set_runs(static_cast<uint32_t>(run_count));
    *response.mutable_sweep() = Describe(sweep, counts);
    if (!request.validate_only()) return response;
    for (const TrialRecord& trial : plan.trials) *response.add_trials() = trial.summary;
    return response;
  }
  WriteBatch batch;
  TJ_RETURN_IF_ERROR(ReuseTasks(plan.tasks));
  batch.sweeps.push_back(sweep);
  batch.tasks = std::move(plan.tasks);
  batch.trials = plan.trials;
  batch.runs = BuildSchedule(sweep, plan.trials, agents, context_.options.max_attempts);
  batch.references = ReferencesOf(sweep);
  if (!request.request_id().empty()) {
    batch.requests.push_back({request.request_id(), sweep.sweep_id});
  }
  TJ_RETURN_IF_ERROR(context_.ledger.store().Commit(batch).status());
  TJ_RETURN_IF_ERROR(context_.ledger.LoadSweep(sweep.sweep_id));
  context_.training.MarkDirty();
  TJ_ASSIGN_OR_RETURN(*response.mutable_sweep(), Describe(sweep.sweep_id));
  return response;
}

// Finished work of other sweeps is taken as it is; what they have under way is shared.
absl::Status SweepDesk::ReuseTasks(std::vector<TaskRecord>& tasks) {
  for (TaskRecord& task : tasks) {
    auto known = context_.ledger.store().reads().GetTask(task.task_id);
    if (absl::IsNotFound(known.status())) continue;
    if (!known.ok()) return known.status();
    const bool shared =
        context_.ledger.FindTask(task.task_id) != nullptr && !IsTerminal(known->state);
    if (shared || IsUsable(*known, context_.artifacts)) task = *std::move(known);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::CancelSweepResponse> SweepDesk::Cancel(const v1::CancelSweepRequest& request) {
  TJ_ASSIGN_OR_RETURN(const std::string sweep_id, Resolve(request.sweep_id()));
  if (SweepEntry* sweep = context_.ledger.FindSweep(sweep_id)) {
    LedgerChange change(context_.ledger, context_.clock, context_.hub);
    change.SetCancelling(*sweep, true);
    TJ_RETURN_IF_ERROR(context_.training.Cancel(*sweep, change));
    TJ_RETURN_IF_ERROR(context_.tracker.Cancel(*sweep, change));
    change.Notice(sweep_id, "the sweep is being cancelled");
    TJ_RETURN_IF_ERROR(change.Commit());
    context_.training.StopCancelled();
    context_.tracker.StopRuns(sweep_id, request.now());
  }
  v1::CancelSweepResponse response;
  TJ_ASSIGN_OR_RETURN(*response.mutable_sweep(), Describe(sweep_id));
  return response;
}

absl::StatusOr<v1::RetrySweepResponse> SweepDesk::Retry(const v1::RetrySweepRequest& request) {
  TJ_ASSIGN_OR_RETURN(const std::string sweep_id, Resolve(request.sweep_id()));
  if (context_.ledger.FindSweep(sweep_id) == nullptr) {
    TJ_RETURN_IF_ERROR(context_.ledger.LoadSweep(sweep_id));
  }
  SweepEntry& sweep = *context_.ledger.FindSweep(sweep_id);
  v1::RetrySweepResponse response;
  LedgerChange change(context_.ledger, context_.clock, context_.hub);
  change.SetCancelling(sweep, false);
  for (const std::string& task_id : sweep.tasks) {
    const v1::TaskState state = context_.ledger.FindTask(task_id)->state;
    if (state != v1::TASK_STATE_FAILED && state != v1::TASK_STATE_CANCELLED) continue;
    TJ_RETURN_IF_ERROR(change.SetTask(task_id, v1::TASK_STATE_WAITING, ""));
    response.set_tasks_queued(response.tasks_queued() + 1);
  }
  for (const std::string& run_id : sweep.runs) {
    const v1::RunState state = context_.ledger.FindRun(run_id)->state;
    if (!IsTerminal(state) || state == v1::RUN_STATE_SUCCEEDED) continue;
    TJ_RETURN_IF_ERROR(change.SetRun(run_id, [this](RunRecord& record) {
      record.run.set_state(v1::RUN_STATE_WAITING);
      record.run.clear_reason();
      record.attempt_limit = record.run.attempt() + context_.options.max_attempts;
    }));
    response.set_runs_queued(response.runs_queued() + 1);
  }
  TJ_RETURN_IF_ERROR(change.Commit());
  context_.training.MarkDirty();
  TJ_ASSIGN_OR_RETURN(*response.mutable_sweep(), Describe(sweep_id));
  return response;
}

absl::StatusOr<std::string> SweepDesk::Resolve(const std::string& id_or_name) {
  if (id_or_name.empty()) return absl::InvalidArgumentError("sweep_id: empty");
  TJ_ASSIGN_OR_RETURN(const auto sweeps, context_.ledger.store().reads().ListSweeps());
  std::vector<std::string> matches;
  std::string newest;
  for (const SweepRecord& sweep : sweeps) {
    if (sweep.sweep_id == id_or_name) return id_or_name;
    if (absl::StartsWith(sweep.sweep_id, id_or_name)) matches.push_back(sweep.sweep_id);
    if (sweep.name == id_or_name) newest = sweep.sweep_id;
  }
  if (!newest.empty()) return newest;
  if (matches.size() == 1) return matches.front();
  if (matches.empty()) return absl::NotFoundError(absl::StrCat("no sweep \"", id_or_name, "\""));
  return absl::InvalidArgumentError(
      absl::StrCat("\"", id_or_name, "\" begins several sweeps: ", absl::StrJoin(matches, ", ")));
}

v1::Sweep SweepDesk::Describe(const SweepRecord& record, const v1::SweepCounts& counts) const {
  v1::Sweep sweep;
  sweep.set_sweep_id(record.sweep_id);
  sweep.set_name(record.name);
  sweep.set_state(record.state);
  *sweep.mutable_spec() = record.spec;
  *sweep.mutable_created_at() = ToTimestamp(record.created_utc_ns);
  if (record.finished_utc_ns != 0) {
    *sweep.mutable_finished_at() = ToTimestamp(record.finished_utc_ns);
  }
  *sweep.mutable_counts() = counts;
  return sweep;
}

absl::StatusOr<v1::Sweep> SweepDesk::Describe(const std::string& sweep_id) {
  if (const SweepEntry* entry = context_.ledger.FindSweep(sweep_id)) {
    v1::Sweep sweep = Describe(entry->record, context_.ledger.Count(*entry));
    sweep.set_waiting_for(context_.tracker.WaitingFor(*entry));
    return sweep;
  }
  RunReader& reader = context_.ledger.store().reads();
  TJ_ASSIGN_OR_RETURN(const SweepRecord record, reader.GetSweep(sweep_id));
  TJ_ASSIGN_OR_RETURN(const v1::SweepCounts counts, CountFromStore(reader, sweep_id));
  return Describe(record, counts);
}

absl::StatusOr<v1::ListSweepsResponse> SweepDesk::List(const v1::ListSweepsRequest& request) {
  TJ_ASSIGN_OR_RETURN(const Page page, ParsePage(request.page_size(), request.page_token()));
  TJ_ASSIGN_OR_RETURN(auto sweeps, context_.ledger.store().reads().ListSweeps());
  std::reverse(sweeps.begin(), sweeps.end());
  v1::ListSweepsResponse response;
  for (size_t i = page.first; i < sweeps.size() && i < page.first + page.size; ++i) {
    TJ_ASSIGN_OR_RETURN(*response.add_sweeps(), Describe(sweeps[i].sweep_id));
  }
  if (page.first + page.size < sweeps.size()) {
    response.set_next_page_token(absl::StrCat(page.first + page.size));
  }
  return response;
}

absl::StatusOr<v1::ListTrialsResponse> SweepDesk::ListTrials(const v1::ListTrialsRequest& request) {
  TJ_ASSIGN_OR_RETURN(const std::string sweep_id, Resolve(request.sweep_id()));
  TJ_ASSIGN_OR_RETURN(const Page page, ParsePage(request.page_size(), request.page_token()));
  RunReader& reader = context_.ledger.store().reads();
  TJ_ASSIGN_OR_RETURN(const SweepRecord sweep, reader.GetSweep(sweep_id));
  TJ_ASSIGN_OR_RETURN(const auto trials, reader.ListTrials(sweep_id, page.first, page.size));
  v1::ListTrialsResponse response;
  for (const TrialRecord& trial : trials) {
    TJ_ASSIGN_OR_RETURN(*response.add_trials(), CompleteTrial(reader, sweep, trial));
  }
  if (trials.size() == page.size) {
    response.set_next_page_token(absl::StrCat(page.first + page.size));
  }
  return response;
}

void SweepDesk::OnAgentJoined() {
  for (SweepEntry* sweep : context_.ledger.SweepsInOrder()) {
    if (sweep->record.cancelling) continue;
    const bool begun = std::any_of(
        sweep->runs.begin(), sweep->runs.end(),
        [this](const std::string& id) { return context_.ledger.FindRun(id)->attempt > 0; });
    if (begun) continue;
    const absl::Status placed = PlaceRuns(*sweep);
    if (!placed.ok()) {
      spdlog::error("sweep {} goes on without the new agent: {}", sweep->record.sweep_id,
                    placed.ToString());
    }
  }
}

absl::Status SweepDesk::PlaceRuns(SweepEntry& sweep) {
  std::vector<std::string> agents = context_.fleet.Matching(sweep.record.spec, true);
  std::map<std::string, bool> places;
  for (const std::string& name : agents) places[name] = true;
  for (const std::string& id : sweep.runs) {
    const std::string& place = context_.ledger.FindRun(id)->placed_on;
    if (!place.empty()) places.emplace(place, false);
  }
  // Those that have runs already keep them, connected or not.
  agents.clear();
  for (const auto& [name, connected] : places) agents.push_back(name);
  const std::string sweep_id = sweep.record.sweep_id;
  RunStore& store = context_.ledger.store();
  TJ_ASSIGN_OR_RETURN(const auto trials, store.reads().ListTrials(sweep_id, 0, UINT32_MAX));
  WriteBatch batch;
  batch.runs = BuildSchedule(sweep.record, trials, agents, context_.options.max_attempts);
  if (batch.runs.size() == sweep.runs.size()) return absl::OkStatus();
  for (RunRecord& record : batch.runs) {
    const TaskEntry* task = context_.ledger.FindTask(record.task_id);
    if (task->state != v1::TASK_STATE_FAILED) continue;
    record.run.set_state(v1::RUN_STATE_FAILED);
    record.run.set_reason(absl::StrCat("its model was not made: ", task->reason));
  }
  TJ_RETURN_IF_ERROR(store.Commit(batch).status());
  return context_.ledger.LoadSweep(sweep_id);
}

}  // namespace tinyjoule

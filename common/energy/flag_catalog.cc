// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/energy/flag_catalog.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace tinyjoule {
namespace {

constexpr auto kNote = FlagDescription::Severity::kNote;
constexpr auto kFatal = FlagDescription::Severity::kFatal;
constexpr auto kDepends = FlagDescription::Severity::kDepends;

constexpr FlagDescription kCatalog[] = {
    {"SENSOR_RESET", kFatal, "The sensor lost its configuration during the run.",
     "Check the sensor's supply and wiring, then measure again."},
    {"CONFIG_CHANGED", kFatal, "Someone else wrote the sensor's configuration during the run.",
     "Stop every other program that uses the sensor, then measure again."},
    {"CLIPPED", kFatal, "The current left the sensor's range, so its peaks are cut off.",
     "Use a smaller shunt or a larger range of the sensor."},
    {"MATH_OVERFLOW", kNote, "The sensor's own calculation overflowed.",
     "Nothing to do: energy is computed from shunt and bus voltage, not from that calculation."},
    {"STUCK", kFatal, "50 samples in a row were identical: the sensor no longer converts.",
     "Check the sensor's wiring and reset it."},
    {"GAP", kDepends,
     "Samples cover less than 99.9 % of a measured span; below 99 % the flag is fatal.",
     "Look for other load on the board or on the bus; nothing was filled in."},
    {"TORN", kNote, "More than 10 % of the samples mix voltage and current of two conversions.",
     "Raise the bus clock or the sensor's averaging."},
    {"I2C_CLOCK", kNote, "The time to read the sensor changed by more than 1.3 times.",
     "Fix core_freq in the board's configuration: the bus clock follows it."},
    {"I2C_ERROR", kDepends, "Reads of the sensor failed; more than three in a row are fatal.",
     "Check cable length, pull-ups and wiring."},
    {"IMPLAUSIBLE", kFatal, "Idle power is outside the range of the board that was declared.",
     "Check the shunt's resistance, the gain, and which supply line is measured."},
    {"NEGATIVE", kFatal, "The current flows backwards: the sensor's leads are swapped.",
     "Swap VIN+ and VIN-."},
    {"UNDERVOLT", kDepends, "The supply fell below 4.75 V; below 4.63 V the flag is fatal.",
     "Use a stronger supply, a shorter cable or a smaller shunt."},
    {"THROTTLED", kFatal, "The board lowered its clock for heat or low voltage.",
     "Cool the board, or allow more cool-down between runs."},
    {"NO_STEADY_STATE", kNote, "Latency, power or temperature did not settle during the warm-up.",
     "Allow a longer warm-up, cool the board better, and look for other load on it."},
    {"COOLDOWN_TIMEOUT", kNote, "The board did not cool down to the asked temperature in time.",
     "Allow a longer measure.cooldown.timeout, or a higher until_temp_c."},
    {"PREFLIGHT", kNote, "The board or the sensor was not in order when the run began.",
     "Put right what the detail names; measure.preflight: refuse fails such runs at once."},
    {"SHORT", kDepends,
     "A window is shorter than 10 s, or holds fewer than 10 inferences or 200 samples; fatal for a "
     "real sensor.",
     "Set measure.window.min_duration to 10s or more."},
    {"BASELINE_DRIFT", kNote, "Idle power before and after the windows differs by more than 1 %.",
     "Allow a longer warm-up or cool-down; net energy uses a line between the two."},
    {"BELOW_NOISE", kNote,
     "Net energy is below three times its standard uncertainty: an upper bound, not a value.",
     "Use longer windows or more of them."},
    {"INTERFERENCE", kNote,
     "Other processes used more than 2 % of the processor, or swap was used.",
     "Stop what else runs on the board."},
    {"SAMPLER_LATE", kNote, "More than 1 % of the samples were read later than half a cycle.",
     "Give the sampler a core of its own and real-time priority."},
    {"CLOCK_STEP", kNote, "The wall clock stepped during the run; energies do not depend on it.",
     "Nothing to do for energies; started_at and finished_at may be off."},
    {"DRIFT", kNote, "The reference trial changed by more than 1 % across the blocks.",
     "Compare variants within a block only, or look for a change of temperature or supply."},
    {"MISMATCH", kFatal, "Agent and coordinator computed different energies from the same samples.",
     "Check that both have the same version, and report it."},
    {"PREDICTION_MISMATCH", kFatal,
     "Predictions made on the device differ from the trainer's by more than the tolerance.",
     "Compare with engine reference, and report it with the model."},
    {"NO_WINDOWS", kFatal, "The attempt ended without a finished measurement window.",
     "See the reason and the runner's log."},
    {"SAMPLES_DROPPED", kNote, "The agent could not keep up with its sensor and lost samples.",
     "Look for other load on the board, or for a slow disk under the spool."},
    {"CHUNK_CONFLICT", kNote, "A part of the raw data came a second time with other bytes.",
     "Nothing to do for this run: the first bytes count, the others are kept apart. Report it."},
    {"SIMULATED", kNote, "No sensor on the board measured this power: it is simulated or replayed.",
     "Take its energies as a try-out; a measured value needs a sensor on the board."},
};

absl::string_view SeverityWord(FlagDescription::Severity severity) {
  switch (severity) {
    case kNote:
      return "no";
    case kFatal:
      return "yes";
    case kDepends:
      break;
  }
  return "depends";
}

}  // namespace

absl::Span<const FlagDescription> FlagCatalog() { return kCatalog; }

const FlagDescription* FindFlag(absl::string_view name) {
  for (const FlagDescription& flag : kCatalog) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

v1::Flag MakeFlag(absl::string_view name, std::string detail) {
  const FlagDescription* flag = FindFlag(name);
  return MakeFlag(name, flag != nullptr && flag->severity == kFatal, std::move(detail));
}

v1::Flag MakeFlag(absl::string_view name, bool fatal, std::string detail) {
  v1::Flag flag;
  flag.set_name(std::string(name));
  flag.set_fatal(fatal);
  flag.set_detail(std::move(detail));
  return flag;
}

void PutFlag(const v1::Flag& flag, google::protobuf::RepeatedPtrField<v1::Flag>& flags) {
  for (v1::Flag& known : flags) {
    if (known.name() != flag.name()) continue;
    const bool fatal = known.fatal() || flag.fatal();
    known = flag;
    known.set_fatal(fatal);
    return;
  }
  *flags.Add() = flag;
}

std::string FlagsMarkdown() {
  std::string text = "| flag | fatal | meaning | what to do |\n| --- | --- | --- | --- |\n";
  for (const FlagDescription& flag : kCatalog) {
    absl::StrAppend(&text, "| `", flag.name, "` | ", SeverityWord(flag.severity), " | ",
                    flag.meaning, " | ", flag.advice, " |\n");
  }
  return text;
}

}  // namespace tinyjoule

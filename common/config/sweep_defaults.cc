// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What a sweep file may leave out. docs/sweep-file.md lists the same values.
#include <algorithm>

#include "common/config/check_distill.h"
#include "common/config/check_quantize.h"
#include "common/config/model_defaults.h"
#include "common/config/sweep_file.h"

namespace tinyjoule {
namespace {

#define TJ_DEFAULT(message, field, value) \
  if (!(message).has_##field()) (message).set_##field(value)
#define TJ_DEFAULT_DURATION(message, field, seconds_) \
  if (!(message).has_##field()) (message).mutable_##field()->set_seconds(seconds_)

// Enumerations and texts have no presence: zero and empty mean "not given".
template <typename Message, typename E>
void DefaultEnum(Message& message, E (Message::*get)() const, void (Message::*set)(E), E value) {
  if ((message.*get)() == E{}) (message.*set)(value);
}

void ApplyCsvDefaults(v1::CsvSpec& csv) {
  if (csv.delimiter().empty()) csv.set_delimiter(",");
  if (csv.decimal().empty()) csv.set_decimal(".");
  if (csv.encoding().empty()) csv.set_encoding("utf-8");
  if (csv.resample() == v1::RESAMPLE_UNSPECIFIED) csv.set_resample(v1::RESAMPLE_NONE);
}

void ApplySplitDefaults(bool images, v1::SplitSpec& split) {
  if (split.method() == v1::SPLIT_METHOD_UNSPECIFIED) {
    split.set_method(images ? v1::SPLIT_METHOD_HOLDOUT : v1::SPLIT_METHOD_WALK_FORWARD);
  }
  if (split.method() != v1::SPLIT_METHOD_HOLDOUT) {
    TJ_DEFAULT(split, folds, 5);
  } else if (!images) {
    TJ_DEFAULT(split, test_fraction, 0.3);
  }
  TJ_DEFAULT(split, shuffle, false);
}

// Half-hours of rain whose daily counter has the reference study's standard deviation of 4.1 mm:
// the generator's own presets (server/trainer/data/synthetic_weather.h), which a test compares.
void ApplySyntheticDefaults(v1::SyntheticWeatherSpec& synthetic) {
  TJ_DEFAULT(synthetic, rows, 20028);
  TJ_DEFAULT(synthetic, wet_after_dry, 0.02);
  TJ_DEFAULT(synthetic, wet_after_wet, 0.7);
  TJ_DEFAULT(synthetic, gamma_shape, 0.7);
  TJ_DEFAULT(synthetic, gamma_scale_mm, 1.89);
}

void ApplyTableDefaults(v1::DatasetSpec& dataset) {
  if (dataset.type() == v1::DATASET_TYPE_SYNTHETIC_WEATHER) {
    ApplySyntheticDefaults(*dataset.mutable_synthetic_weather());
  } else if (dataset.type() == v1::DATASET_TYPE_CSV) {
    ApplyCsvDefaults(*dataset.mutable_csv());
  }
  if (dataset.missing().method() == v1::MISSING_METHOD_UNSPECIFIED) {
    dataset.mutable_missing()->set_method(v1::MISSING_METHOD_INTERPOLATE);
  }
  // Three hours, or three days: a longer line between two readings is invented data.
  TJ_DEFAULT(*dataset.mutable_missing(), limit, 3);
  for (v1::FeatureSpec& feature : *dataset.mutable_features()) {
    if (!feature.lag().empty()) TJ_DEFAULT(feature, steps, 1);
  }
  TJ_DEFAULT(dataset, context, 1);
  TJ_DEFAULT(dataset, horizon, dataset.context() > 1 ? 1 : 0);
}

void ApplyDatasetDefaults(v1::DatasetSpec& dataset) {
  const bool images = IsImageSet(dataset.type());
  if (!images) ApplyTableDefaults(dataset);
  ApplySplitDefaults(images, *dataset.mutable_split());
}

void ApplyTrainDefaults(bool classifies, v1::TrainSpec& train) {
  TJ_DEFAULT(train, epochs, 100);
  TJ_DEFAULT(train, lr, 0.001);
  TJ_DEFAULT(train, batch_size, 32);
  TJ_DEFAULT(train, patience, 0);
  TJ_DEFAULT(train, weight_decay, 0.0);
  TJ_DEFAULT(train, validation_fraction, 0.1);
  DefaultEnum(train, &v1::TrainSpec::optimizer, &v1::TrainSpec::set_optimizer, v1::OPTIMIZER_ADAM);
  DefaultEnum(train, &v1::TrainSpec::loss, &v1::TrainSpec::set_loss,
              classifies ? v1::LOSS_CROSS_ENTROPY : v1::LOSS_MSE);
  DefaultEnum(train, &v1::TrainSpec::device, &v1::TrainSpec::set_device, v1::DEVICE_CPU);
}

void ApplyStepDefaults(v1::CompressStep& step) {
  if (step.has_prune()) {
    ApplyPruneDefaults(*step.mutable_prune());
  } else if (step.has_finetune()) {
    TJ_DEFAULT(*step.mutable_finetune(), epochs, 10);
  } else if (step.has_quantize()) {
    ApplyQuantizeDefaults(*step.mutable_quantize());
  } else if (step.has_distill()) {
    ApplyDistillDefaults(*step.mutable_distill());
  } else if (step.has_cluster()) {
    TJ_DEFAULT(*step.mutable_cluster(), centroids, 16);
  }
}

void ApplyMeasureDefaults(v1::MeasureSpec& measure) {
  if (measure.engine().empty()) measure.add_engine(v1::ENGINE_XNNPACK);
  TJ_DEFAULT(measure, threads, 1);
  TJ_DEFAULT(measure, repeat, 3);
  DefaultEnum(measure, &v1::MeasureSpec::order, &v1::MeasureSpec::set_order, v1::ORDER_BLOCKED);
  DefaultEnum(measure, &v1::MeasureSpec::preflight, &v1::MeasureSpec::set_preflight,
              v1::PREFLIGHT_ACTION_FLAG);
  v1::WarmupSpec& warmup = *measure.mutable_warmup();
  TJ_DEFAULT_DURATION(warmup, min_duration, 10);
  TJ_DEFAULT_DURATION(warmup, max_duration, 120);
  v1::WindowSpec& window = *measure.mutable_window();
  TJ_DEFAULT_DURATION(window, min_duration, 10);
  TJ_DEFAULT(window, count, 5);
  v1::IdleSpec& idle = *measure.mutable_idle();
  TJ_DEFAULT_DURATION(idle, duration, 10);
  v1::CooldownSpec& cooldown = *measure.mutable_cooldown();
  TJ_DEFAULT_DURATION(cooldown, min, 30);
  TJ_DEFAULT_DURATION(cooldown, timeout, 300);
}

#undef TJ_DEFAULT
#undef TJ_DEFAULT_DURATION

void ApplySeedDefaults(v1::SweepSpec& spec) {
  if (spec.seeds().empty()) spec.add_seeds(spec.has_seed() ? spec.seed() : 42);
  spec.clear_seed();
}

}  // namespace

void ApplyPruneDefaults(v1::PruneStep& prune) {
  DefaultEnum(prune, &v1::PruneStep::scope, &v1::PruneStep::set_scope,
              v1::PRUNE_SCOPE_UNSTRUCTURED);
  DefaultEnum(prune, &v1::PruneStep::criterion, &v1::PruneStep::set_criterion,
              v1::PRUNE_CRITERION_L1);
  DefaultEnum(prune, &v1::PruneStep::allocation, &v1::PruneStep::set_allocation,
              v1::PRUNE_ALLOCATION_LAYER);
  DefaultEnum(prune, &v1::PruneStep::schedule, &v1::PruneStep::set_schedule,
              v1::PRUNE_SCHEDULE_ONE_SHOT);
  if (prune.schedule() != v1::PRUNE_SCHEDULE_GRADUAL) return;
  if (!prune.has_steps()) prune.set_steps(5);
  if (!prune.has_epochs()) prune.set_epochs(10);
}

void ApplySweepDefaults(v1::SweepSpec& spec) {
  ApplySeedDefaults(spec);
  ApplyDatasetDefaults(*spec.mutable_dataset());
  for (v1::ModelSpec& model : *spec.mutable_models()) {
    if (model.name().empty()) model.set_name(DefaultModelName(model.type()));
    ApplyModelDefaults(model);
  }
  const bool classifies =
      std::any_of(spec.models().begin(), spec.models().end(), [&](const v1::ModelSpec& model) {
        return LearnsClasses(spec.dataset().type(), model.type());
      });
  ApplyTrainDefaults(classifies, *spec.mutable_train());
  if (spec.variants().empty()) spec.add_variants()->set_name("float32");
  for (v1::VariantSpec& variant : *spec.mutable_variants()) {
    for (v1::CompressStep& step : *variant.mutable_compress()) ApplyStepDefaults(step);
  }
  if (spec.method() == v1::SEARCH_METHOD_UNSPECIFIED) spec.set_method(v1::SEARCH_METHOD_GRID);
  if (spec.agents().placement() == v1::PLACEMENT_UNSPECIFIED) {
    spec.mutable_agents()->set_placement(v1::PLACEMENT_EACH);
  }
  ApplyMeasureDefaults(*spec.mutable_measure());
  if (spec.power().source() == v1::POWER_SOURCE_UNSPECIFIED) {
    spec.mutable_power()->set_source(v1::POWER_SOURCE_AGENT);
  }
  if (!spec.power().has_required()) spec.mutable_power()->set_required(false);
}

}  // namespace tinyjoule

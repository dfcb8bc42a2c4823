// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/check_quantize.h"

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

constexpr uint32_t kCalibrationSamples = 200;
constexpr double kPercentile = 99.99;
constexpr uint32_t kQatEpochs = 15;
constexpr double kQatLearningRate = 1e-4;

// Whether calibration chooses ranges for the activations.
bool IsCalibrated(v1::QuantizeMode mode) {
  return mode == v1::QUANTIZE_MODE_STATIC || mode == v1::QUANTIZE_MODE_QAT;
}

// Refuses keys that the step's mode does not have. A key that a sweep of modes brought along is
// blamed on the mode.
class ModeCheck {
 public:
  ModeCheck(const v1::QuantizeStep& quantize, const std::string& path, CheckReport& report)
      : mode_(quantize.mode()), path_(path), report_(report) {}

  // `differs`: the value is another than the key's default.
  void Key(const char* key, bool fits, bool differs, const char* owners) {
    const std::string key_path = absl::StrCat(path_, ".", key);
    const bool given = report_.IsGiven(key_path);
    if (fits || !(given || differs)) return;
    report_.Error(given ? key_path : path_ + ".mode",
                  absl::StrCat("\"", key, "\" belongs to mode ", owners, ", and this is mode ",
                               WordOf(mode_)));
  }

 private:
  const v1::QuantizeMode mode_;
  const std::string& path_;
  CheckReport& report_;
};

void CheckKeysOfModes(const v1::QuantizeStep& quantize, const std::string& path,
                      CheckReport& report) {
  const bool qat = quantize.mode() == v1::QUANTIZE_MODE_QAT;
  const bool calibrated = IsCalibrated(quantize.mode());
  const bool int8 = quantize.mode() != v1::QUANTIZE_MODE_FLOAT16;
  const auto observer = quantize.observer();
  ModeCheck check(quantize, path, report);
  check.Key(
      "calibration_samples", calibrated,
      quantize.has_calibration_samples() && quantize.calibration_samples() != kCalibrationSamples,
      "static or qat");
  check.Key("observer", calibrated,
            observer != v1::OBSERVER_UNSPECIFIED && observer != v1::OBSERVER_MSE, "static or qat");
  check.Key("percentile", calibrated, quantize.has_percentile(), "static or qat");
  check.Key("io", calibrated, quantize.io() == v1::QUANTIZED_IO_INT8, "static or qat");
  check.Key("weight_scales", int8, quantize.weight_scales() == v1::WEIGHT_SCALES_PER_TENSOR,
            "static, qat or dynamic");
  check.Key("epochs", qat, quantize.has_epochs() && quantize.epochs() != kQatEpochs, "qat");
  check.Key("lr", qat, quantize.has_lr() && quantize.lr() != kQatLearningRate, "qat");
}

}  // namespace

void ApplyQuantizeDefaults(v1::QuantizeStep& quantize) {
  if (quantize.mode() == v1::QUANTIZE_MODE_UNSPECIFIED) {
    quantize.set_mode(v1::QUANTIZE_MODE_STATIC);
  }
  if (quantize.mode() == v1::QUANTIZE_MODE_FLOAT16) return;
  if (quantize.weight_scales() == v1::WEIGHT_SCALES_UNSPECIFIED) {
    quantize.set_weight_scales(v1::WEIGHT_SCALES_PER_CHANNEL);
  }
  if (!IsCalibrated(quantize.mode())) return;
  if (!quantize.has_calibration_samples()) quantize.set_calibration_samples(kCalibrationSamples);
  if (quantize.observer() == v1::OBSERVER_UNSPECIFIED) quantize.set_observer(v1::OBSERVER_MSE);
  if (quantize.observer() == v1::OBSERVER_PERCENTILE && !quantize.has_percentile()) {
    quantize.set_percentile(kPercentile);
  }
  if (quantize.io() == v1::QUANTIZED_IO_UNSPECIFIED) quantize.set_io(v1::QUANTIZED_IO_FLOAT32);
  if (quantize.mode() != v1::QUANTIZE_MODE_QAT) return;
  if (!quantize.has_epochs()) quantize.set_epochs(kQatEpochs);
  if (!quantize.has_lr()) quantize.set_lr(kQatLearningRate);
}

void CheckQuantize(const v1::QuantizeStep& quantize, const std::string& path, CheckReport& report) {
  CheckKeysOfModes(quantize, path, report);
  if (quantize.has_calibration_samples() && quantize.calibration_samples() < 1) {
    report.Error(path + ".calibration_samples", "calibration_samples is at least 1");
  }
  if (quantize.has_percentile() && quantize.observer() != v1::OBSERVER_PERCENTILE) {
    report.Error(path + ".percentile",
                 absl::StrCat("\"percentile\" belongs to observer: percentile, and this is ",
                              WordOf(quantize.observer())));
  } else if (quantize.has_percentile() &&
             !(quantize.percentile() > 50 && quantize.percentile() <= 100)) {
    report.Error(path + ".percentile", "percentile is above 50 and at most 100");
  }
  if (quantize.has_epochs() && quantize.epochs() < 1) {
    report.Error(path + ".epochs", "epochs is at least 1");
  }
  if (quantize.has_lr() && !(quantize.lr() > 0)) report.Error(path + ".lr", "lr is above 0");
}

std::string QuantizeRefusedByKnn(const v1::QuantizeStep& quantize) {
  switch (quantize.mode()) {
    case v1::QUANTIZE_MODE_DYNAMIC:
      return "a tinyknn has no layers whose activations mode dynamic could quantise; its stored "
             "points become int8 with mode: static, or float16";
    case v1::QUANTIZE_MODE_QAT:
      return "a tinyknn is not trained, so that nothing can learn to be int8; its stored points "
             "become int8 with mode: static";
    default:
      break;
  }
  if (quantize.io() == v1::QUANTIZED_IO_INT8) {
    return "a tinyknn compares float32 rows with its stored points, so that io: int8 is not "
           "possible";
  }
  if (quantize.weight_scales() == v1::WEIGHT_SCALES_PER_TENSOR) {
    return "the stored points of a tinyknn have a scale for each feature, so that weight_scales: "
           "per_tensor is not possible";
  }
  return "";
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// What a sweep file may not say, and why; and what resembles it and is taken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "common/config/sweep_lint.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;

struct Refusal {
  const char* from;
  const char* to;
  const char* message;
};

class RefusalTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, SaysWhy) {
  EXPECT_THAT(LintWith(GetParam().from, GetParam().to), HasSubstr(GetParam().message));
}

constexpr char kKnn[] = "{name: knn, type: tinyknn}";

INSTANTIATE_TEST_SUITE_P(
    All, RefusalTest,
    ::testing::Values(
        Refusal{"version: 1", "version: 2", "s.yaml:1:10: this release reads version 1"},
        Refusal{"version: 1\n", "", "the file needs \"version: 1\""},
        Refusal{"name: small", "name: small\nseed: 1\nseeds: [2]",
                "\"seed\" or \"seeds\", not both"},
        Refusal{"name: small", "name: small\nseeds: [2, 2]", "s.yaml:3:12: seed 2 stands twice"},
        Refusal{"name: small", "name: small\nmethod: bayes",
                "s.yaml:3:9: method bayes is not available in this version; available: grid"},
        Refusal{"name: mlp", "name: knn", "the name \"knn\" is taken already"},
        Refusal{"name: mlp", "name: a/b", "a name is 1 to 64"},
        Refusal{"hidden: [8]", "hidden: [8, 0]", "a layer has from 1 to 65536"},
        Refusal{"hidden: [8]", "k: 3", "\"k\" belongs to models of type tinyknn"},
        Refusal{kKnn, "{name: knn, type: tinyknn, k: 0}", "k is at least 1"},
        Refusal{kKnn, "{name: c, type: tinycnn, kernel: 4}", "is odd, from 1 to 1023, not 4"},
        Refusal{kKnn, "{name: o, type: onnx}", "needs \"path\""},
        Refusal{kKnn, "{name: r, type: resnet8}",
                "s.yaml:6:21: resnet8 reads pictures, and the data set is a table"},
        Refusal{kKnn, "{name: r, type: mobilenet_v1, width: 1.5}", "at most 1, not 1.5"},
        Refusal{kKnn, "{name: r, type: autoencoder, width: 0.5}",
                "\"width\" belongs to models of type mobilenet_v1"},
        Refusal{"values: [0.2, 0.4]", "values: [0.2, 1]",
                "s.yaml:11:60: sparsity is at least 0 and below 1, not 1"},
        Refusal{"values: [0.2, 0.4]", "values: [0.2, 0.2]", "the value 0.2 stands here twice"},
        Refusal{"values: [0.2, 0.4]", "values: []", "a parameter needs values"},
        Refusal{"values: [0.2, 0.4]", "min: 0.1, max: 0.5",
                "a range of min, max and distribution is not available in this version"},
        Refusal{"values: [0.2, 0.4]", "values: [half]", "\"sparsity\" wants a number"},
        Refusal{"compress.0.prune.sparsity", "compress.1.prune.sparsity",
                "\"compress\" has no item \"1\" (it has 1)"},
        Refusal{"compress.0.prune.sparsity", "compress.0.quantize.mode",
                "this is a \"prune\", not a \"quantize\""},
        Refusal{"compress.0.prune.sparsity", "compress.0.prune.sparcity",
                "did you mean \"sparsity\"?"},
        Refusal{"compress.0.prune.sparsity", "tarin.lr", "did you mean \"train\"?"},
        Refusal{"compress.0.prune.sparsity", "dataset.split.folds", "cannot be swept"},
        Refusal{"    parameters: {compress.0.prune.sparsity: {values: [0.2, 0.4]}}\n", "",
                "prune needs \"sparsity\""},
        Refusal{"unstructured, criterion: random", "structured, criterion: random",
                "a tinyknn has no channels"},
        Refusal{"criterion: random", "criterion: l1", "pruned with criterion: random"},
        Refusal{
            kPrune, "{prune: {criterion: random}}, {finetune: {epochs: 3}}",
            "model knn: a tinyknn is not trained, so it cannot be fine-tuned; leave the pair out "
            "with exclude: [{variant: pruned, model: knn}]"},
        Refusal{kPrune, "{prune: {criterion: random, allocation: global}}",
                "model knn: allocation: global compares layers, and a tinyknn has none"},
        Refusal{kPrune, "{prune: {criterion: random, schedule: gradual}}",
                "model knn: schedule: gradual fine-tunes between its steps"},
        Refusal{kPrune, "{prune: {criterion: random, steps: 3}}",
                "s.yaml:10:51: \"steps\" belongs to schedule: gradual"},
        Refusal{kPrune, "{prune: {criterion: random, epochs: 3}}",
                "\"epochs\" belongs to schedule: gradual"},
        Refusal{kPrune, "{prune: {criterion: random, schedule: one_shot, lr: 0.1}}",
                "\"lr\" belongs to schedule: gradual"},
        Refusal{kPrune, "{prune: {schedule: gradual, steps: 20}}",
                "each of 20 steps is followed by at least one epoch, but epochs is 10"},
        Refusal{kPrune, "{prune: {schedule: gradual, epochs: 4}}",
                "each of 5 steps is followed by at least one epoch, but epochs is 4"},
        Refusal{kPrune, "{prune: {schedule: gradual, steps: 0}}", "steps is from 1 to 1000"},
        Refusal{kPrune, "{prune: {schedule: gradual, lr: 0}}", "lr is above 0"},
        Refusal{kPrune, "{prune: {criterion: random, round_to: 4}}",
                "\"round_to\" is for the channels of scope: structured"},
        Refusal{kPrune, "{prune: {scope: structured, round_to: 0}}", "round_to is at least 1"},
        Refusal{kPrune, "{prune: {criterion: error}}",
                "model mlp: criterion: error is for the stored"},
        Refusal{kPrune, "{cluster: {}}, {prune: {criterion: random}}",
                "pruning takes clusters apart; prune first"},
        Refusal{kPrune, "{quantize: {}}, {prune: {criterion: random}}",
                "nothing can follow quantize"},
        Refusal{kPrune, "{quantize: {mode: qat}}", "model knn: a tinyknn is not trained"},
        Refusal{kPrune, "{quantize: {mode: dynamic}}", "model knn: a tinyknn has no layers"},
        Refusal{kPrune, "{quantize: {io: int8}}", "a tinyknn compares float32 rows"},
        Refusal{kPrune, "{quantize: {weight_scales: per_tensor}}", "a scale for each feature"},
        Refusal{kPrune, "{quantize: {calibration_samples: 0}}",
                "calibration_samples is at least 1"},
        Refusal{kPrune, "{quantize: {percentile: 99}}",
                "\"percentile\" belongs to observer: percentile, and this is mse"},
        Refusal{kPrune, "{quantize: {observer: percentile, percentile: 50}}",
                "percentile is above 50 and at most 100"},
        Refusal{kPrune, "{quantize: {epochs: 3}}",
                "\"epochs\" belongs to mode qat, and this is mode static"},
        Refusal{kPrune, "{quantize: {lr: 0.1}}", "\"lr\" belongs to mode qat"},
        Refusal{kPrune, "{quantize: {mode: qat, epochs: 0}}", "epochs is at least 1"},
        Refusal{kPrune, "{quantize: {mode: qat, lr: 0}}", "lr is above 0"},
        Refusal{kPrune, "{quantize: {mode: dynamic, calibration_samples: 9}}",
                "\"calibration_samples\" belongs to mode static or qat, and this is mode dynamic"},
        Refusal{kPrune, "{quantize: {mode: dynamic, io: int8}}", "\"io\" belongs to mode static"},
        Refusal{kPrune, "{quantize: {mode: dynamic, observer: min_max}}",
                "\"observer\" belongs to mode static or qat"},
        Refusal{kPrune, "{quantize: {mode: float16, weight_scales: per_channel}}",
                "\"weight_scales\" belongs to mode static, qat or dynamic"},
        Refusal{kPrune, "{prune: {criterion: random}}, {distill: {student: {hidden: [4]}}}",
                "so it must be the first step"},
        Refusal{kPrune, "{distill: {}}", "distill needs \"student\""},
        Refusal{kPrune, "{prune: {}, finetune: {}}", "\"finetune\" cannot stand beside \"prune\""},
        Refusal{kPrune, "{}", "wants one of the keys prune, finetune"},
        Refusal{kData, "{type: cifar10}", "a data set of type cifar10 needs \"path\""},
        Refusal{kData, "{type: svhn, path: c, context: 2}", "svhn is a set of pictures"},
        Refusal{kData, "{type: mnist}", "a data set of type mnist needs \"path\""},
        Refusal{kData, "{type: mnist, path: m, target: x}", "mnist is a set of pictures"},
        Refusal{kData, "{type: mnist, path: m, split: {folds: 3}}", "has its own test files"},
        Refusal{kData, "{type: csv, path: a.csv, features: [a]}", "needs \"target\""},
        Refusal{kData, "{type: csv, path: a.csv, features: [a, b], target: b}",
                "gives the answer away"},
        Refusal{kData, "{type: csv, path: a.csv, features: [a, a], target: b}",
                "feature \"a\" stands here twice"},
        Refusal{kData, "{type: csv, path: a, features: [a], target: b, csv: {decimal: \",\"}}",
                "cannot be the same"},
        Refusal{kData, "{type: csv, path: a, features: [a], target: b, csv: {encoding: utf8}}",
                "did you mean \"utf-8\"?"},
        Refusal{kData, "{type: synthetic_weather, path: x}", "reads no file"},
        Refusal{"walk_forward, folds: 2", "holdout, folds: 2", "holdout has one fold"},
        Refusal{"walk_forward, folds: 2", "holdout, test_fraction: 1", "between 0 and 1"},
        Refusal{"walk_forward, folds: 2", "walk_forward, folds: 0", "folds is from 1 to 1000"},
        Refusal{"name: small", "name: small\nexclude: [{variant: prund}]",
                "did you mean \"pruned\"?"},
        Refusal{"name: small", "name: small\nexclude: [{}]", "would leave out every trial"},
        Refusal{"name: small", "name: small\nexclude: [{fold: 2}]", "numbered from 0 to 1"},
        Refusal{"name: small", "name: small\nmeasure: {engine: [xnnpack, xnnpack]}",
                "stands twice"},
        Refusal{"name: small", "name: small\nmeasure: {window: {count: 0}}", "count is from 1"},
        Refusal{"name: small", "name: small\nmeasure: {window: {min_duration: 10}}",
                "\"10\" is not a duration such as 10s"},
        Refusal{"name: small", "name: small\nmeasure: {warmup: {min_duration: 5m}}",
                "max_duration is shorter than min_duration, which is 5m"},
        Refusal{"name: small", "name: small\npower: {source: none, required: true}",
                "none can be required"},
        Refusal{"name: small", "name: small\ntrain: {loss: cross_entropy}", "for classes"},
        Refusal{"name: small", "name: small\ntrain: {validation_fraction: 0.2}",
                "needs \"patience\""},
        Refusal{"name: small", "name: small\ntrain: [1]",
                "\"train\" wants keys and values, not a list"},
        Refusal{"name: small", "name: small\npower: {required: yes}", "wants true or false"},
        Refusal{"name: small", "name: small\nname: twice", "stands here a second time"},
        Refusal{"name: small", "name: small\nparameters: {compress.0.prune.sparsity: {value: 0.1}}",
                "put this under the variant's parameters"},
        Refusal{"name: small", "name: small\nparameters: {train.lr: {values: [0.1, 0]}}",
                "lr is above 0"}));

class AcceptedTest : public ::testing::TestWithParam<const char*> {};

// Of a network alone; of sparsity the variant's parameters have the values.
TEST_P(AcceptedTest, LintHasNothingToSay) {
  const std::string yaml = absl::StrReplaceAll(
      kValidSweep, {{"  - {name: knn, type: tinyknn}\n", ""}, {kPrune, GetParam()}});
  EXPECT_EQ(Lint(yaml), "");
}

INSTANTIATE_TEST_SUITE_P(
    Pruning, AcceptedTest,
    ::testing::Values(
        "{prune: {criterion: random, allocation: global}}",
        "{prune: {allocation: global}}, {finetune: {}}, {quantize: {}}",
        "{prune: {schedule: gradual}}, {finetune: {epochs: 2}}, {quantize: {}}",
        "{prune: {scope: structured, criterion: l2, allocation: global, schedule: gradual, steps: "
        "4, epochs: 4, lr: 0.001, round_to: 8}}",
        "{prune: {scope: structured, criterion: random}}, {prune: {sparsity: 0.5}}",
        "{prune: {}}, {finetune: {}}, {prune: {sparsity: 0.9}}, {finetune: {}}"));

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/sweep_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/config/sweep_expansion.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A complete small sweep; tests change one thing of it.
constexpr char kValid[] = R"(version: 1
name: small
dataset: {type: synthetic_weather, split: {method: walk_forward, folds: 2}}
models:
  - {name: mlp, type: tinymlp, hidden: [8]}
  - {name: knn, type: tinyknn}
variants:
  - float32
  - name: pruned
    compress: [{prune: {scope: unstructured, criterion: random}}]
    parameters: {compress.0.prune.sparsity: {values: [0.2, 0.4]}}
)";

std::string Lint(absl::string_view yaml, const std::vector<std::string>& overrides = {}) {
  return FormatDiagnostics(ParseSweep(yaml, "s.yaml", overrides).diagnostics);
}

std::string LintWith(absl::string_view from, absl::string_view to) {
  const std::string yaml = absl::StrReplaceAll(kValid, {{from, to}});
  EXPECT_NE(yaml, kValid) << "the replacement did nothing";
  return Lint(yaml);
}

TEST(SweepFileTest, ValidFileHasNoDiagnosticsAndAllDefaults) {
  const ParsedSweep parsed = ParseSweep(kValid, "s.yaml", {});
  EXPECT_EQ(FormatDiagnostics(parsed.diagnostics), "");
  EXPECT_EQ(parsed.spec.seeds_size(), 1);
  EXPECT_EQ(parsed.spec.seeds(0), 42u);
  EXPECT_EQ(parsed.spec.train().epochs(), 100u);
  EXPECT_EQ(parsed.spec.train().loss(), v1::LOSS_MSE);
  EXPECT_EQ(parsed.spec.measure().window().min_duration().seconds(), 10);
  EXPECT_EQ(parsed.spec.models(1).k(), 5u);
  v1::SweepSpec again = parsed.spec;
  ApplySweepDefaults(again);
  EXPECT_EQ(again.SerializeAsString(), parsed.spec.SerializeAsString());
}

TEST(SweepFileTest, ReadsEveryKindOfValue) {
  const ParsedSweep parsed = ParseSweep(R"(version: 1
name: kinds
seeds: [1, 18446744073709551615]
dataset:
  type: csv
  path: station.csv
  csv: {where: {Nome: "Estação"}, time: Data, decimal: ",", delimiter: ";"}
  features: [A, {lag: B, steps: 2, as: Before}]
  target: B
  missing: {values: [-9999, 1.5e3], limit: 3}
models: [{type: tinycnn, pooling: global_average}]
measure:
  engine: reference
  warmup: {min_duration: 500ms, max_duration: 1h30m}
  preflight: refuse
power: {required: true}
agents: {select: {board: rpi4}, placement: any}
)",
                                        "s.yaml", {});
  EXPECT_EQ(FormatDiagnostics(parsed.diagnostics), "");
  const v1::SweepSpec& spec = parsed.spec;
  EXPECT_EQ(spec.seeds(1), UINT64_MAX);
  EXPECT_EQ(spec.dataset().csv().where().at("Nome"), "Estação");
  EXPECT_EQ(spec.dataset().features(0).name(), "A");
  EXPECT_EQ(spec.dataset().features(1).as(), "Before");
  EXPECT_EQ(spec.dataset().missing().values(1), 1500);
  EXPECT_EQ(spec.models(0).name(), "tinycnn");
  EXPECT_EQ(spec.models(0).dense_size(), 0);
  EXPECT_EQ(spec.measure().engine(0), v1::ENGINE_REFERENCE);
  EXPECT_EQ(spec.measure().warmup().min_duration().nanos(), 500'000'000);
  EXPECT_EQ(spec.measure().warmup().max_duration().seconds(), 5400);
  EXPECT_EQ(spec.measure().preflight(), v1::PREFLIGHT_ACTION_REFUSE);
  EXPECT_TRUE(spec.power().required());
  EXPECT_EQ(spec.agents().select().at("board"), "rpi4");
}

TEST(SweepFileTest, ReportsEveryErrorAtOnceWithItsPlace) {
  EXPECT_EQ(Lint(R"(version: 1
name: Bad Name
dataset: {typ: csv}
models:
  - {name: a, type: tinymlpp}
train: {epochs: -3, lr: fast}
)"),
            R"(s.yaml:2:7: a name is 1 to 64 of the characters a-z, 0-9 and -
  name: Bad Name
        ^~~~~~~~
s.yaml:3:1: the data set needs "type": csv | inmet | synthetic_weather | mnist | fashion_mnist | cifar10 | svhn | idx
  dataset: {typ: csv}
  ^~~~~~~
s.yaml:3:11: unknown key "typ" (did you mean "type"?)
  dataset: {typ: csv}
            ^~~
s.yaml:5:21: "type" wants tinycnn | tinymlp | tinyknn | onnx | resnet8 | ds_cnn | mobilenet_v1 | autoencoder, not "tinymlpp" (did you mean "tinymlp"?)
    - {name: a, type: tinymlpp}
                      ^~~~~~~~
s.yaml:6:17: "epochs" wants a whole number from 0 to 4294967295, not "-3"
  train: {epochs: -3, lr: fast}
                  ^~
s.yaml:6:25: "lr" wants a number, not "fast"
  train: {epochs: -3, lr: fast}
                          ^~~~
)");
}

TEST(SweepFileTest, MissingPartsAreNamed) {
  const std::string text = Lint("version: 1\n");
  for (const char* const part : {"\"name\"", "\"dataset\"", "\"models\""}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(Lint(""), HasSubstr("the file is empty"));
  EXPECT_THAT(Lint("- a\n"), HasSubstr("the file wants keys and values, not a list"));
  EXPECT_THAT(Lint("name: x\nmodels: [\n"), Not(HasSubstr("needs")));
}

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
constexpr char kPrune[] = "{prune: {scope: unstructured, criterion: random}}";
constexpr char kData[] = "{type: synthetic_weather, split: {method: walk_forward, folds: 2}}";

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
  const std::string yaml =
      absl::StrReplaceAll(kValid, {{"  - {name: knn, type: tinyknn}\n", ""}, {kPrune, GetParam()}});
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

TEST(SweepFileTest, ASweptScheduleTakesItsKeysWhereItIsGradual) {
  const std::string yaml =
      absl::StrReplaceAll(kValid, {{"  - {name: knn, type: tinyknn}\n", ""},
                                   {kPrune, "{prune: {sparsity: 0.5, epochs: 8}}"},
                                   {"compress.0.prune.sparsity: {values: [0.2, 0.4]}",
                                    "compress.0.prune.schedule: {values: [one_shot, gradual]}"}});
  const ParsedSweep parsed = ParseSweep(yaml, "s.yaml", {});
  EXPECT_EQ(FormatDiagnostics(parsed.diagnostics), "");
  const auto trials = ExpandSweep(parsed.spec);
  ASSERT_TRUE(trials.ok()) << trials.status();
  std::set<std::string> steps;
  for (const ExpandedTrial& trial : *trials) {
    if (trial.variant == "pruned") steps.insert(trial.trial.compress(0).prune().ShortDebugString());
  }
  EXPECT_THAT(steps, ::testing::ElementsAre(
                         "scope: PRUNE_SCOPE_UNSTRUCTURED criterion: PRUNE_CRITERION_L1 sparsity: "
                         "0.5 allocation: PRUNE_ALLOCATION_LAYER schedule: PRUNE_SCHEDULE_GRADUAL "
                         "steps: 5 epochs: 8 lr: 0.001",
                         "scope: PRUNE_SCOPE_UNSTRUCTURED criterion: PRUNE_CRITERION_L1 sparsity: "
                         "0.5 allocation: PRUNE_ALLOCATION_LAYER schedule: "
                         "PRUNE_SCHEDULE_ONE_SHOT"));
}

std::string OfPictures(const std::string& models, const std::string& train) {
  return absl::StrCat("version: 1\nname: pictures\ndataset: {type: cifar10, path: c}\nmodels: [",
                      models, "]\n", train);
}

TEST(SweepFileTest, WhatAnAutoencoderLearnsIsNoClass) {
  const auto loss_of = [](const std::string& models, const std::string& train) {
    const ParsedSweep parsed = ParseSweep(OfPictures(models, train), "s.yaml", {});
    EXPECT_EQ(FormatDiagnostics(parsed.diagnostics), "");
    return parsed.spec.train().loss();
  };
  EXPECT_EQ(loss_of("{type: autoencoder}", ""), v1::LOSS_MSE);
  EXPECT_EQ(loss_of("{type: autoencoder}", "train: {loss: mae}"), v1::LOSS_MAE);
  EXPECT_EQ(loss_of("{type: autoencoder}, {type: resnet8}", ""), v1::LOSS_CROSS_ENTROPY);
  EXPECT_THAT(Lint(OfPictures("{type: autoencoder}", "train: {loss: cross_entropy}")),
              HasSubstr("s.yaml:5:15: cross_entropy is for classes"));
  EXPECT_THAT(Lint(OfPictures("{type: autoencoder}, {type: resnet8}", "train: {loss: mse}")),
              HasSubstr("classes are learned with cross_entropy"));
}

TEST(SweepFileTest, TooManyTrialsAreRefused) {
  std::string seeds;
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&seeds, i == 0 ? "" : ",", i);
  EXPECT_THAT(LintWith("name: small", absl::StrCat("name: small\nseeds: [", seeds, "]")),
              HasSubstr("more than 100000 trials"));
}

TEST(SweepFileTest, WarnsAboutUnlimitedInterpolation) {
  const ParsedSweep parsed = ParseSweep(
      absl::StrReplaceAll(
          kValid, {{kData, "{type: csv, path: a, features: [a], target: b, missing: {limit: 0}}"}}),
      "s", {});
  EXPECT_TRUE(parsed.ok());
  EXPECT_THAT(FormatDiagnostics(parsed.diagnostics), HasSubstr("warning: gaps of any length"));
}

TEST(SweepFileTest, WarnsAboutASparseEngineWithoutZeros) {
  const std::string engine = "name: small\nmeasure: {engine: [xnnpack, sparse]}";
  EXPECT_EQ(LintWith("name: small", engine), "");
  const std::string yaml = absl::StrReplaceAll(
      kValid, {{"name: small", engine}, {kPrune, "{prune: {scope: structured}}"}});
  EXPECT_THAT(Lint(yaml), HasSubstr("warning: the engine sparse does what xnnpack does"));
}

TEST(SweepFileTest, OverridesChangeValuesByPath) {
  const ParsedSweep parsed =
      ParseSweep(kValid, "s.yaml",
                 {"train.epochs=3", "models.mlp.hidden=[4, 2]", "measure.window.min_duration=1s",
                  "agents.select.board=rpi4", "variants.pruned.compress.0.prune.criterion=random"});
  EXPECT_EQ(FormatDiagnostics(parsed.diagnostics), "");
  EXPECT_EQ(parsed.spec.train().epochs(), 3u);
  EXPECT_EQ(parsed.spec.models(0).hidden_size(), 2);
  EXPECT_EQ(parsed.spec.measure().window().min_duration().seconds(), 1);
  EXPECT_EQ(parsed.spec.agents().select().at("board"), "rpi4");
}

TEST(SweepFileTest, ErrorsOfOverridesNameThem) {
  EXPECT_EQ(Lint(kValid, {"train.epochs=many"}),
            "--set train.epochs=many: \"epochs\" wants a whole number from 0 to 4294967295, not "
            "\"many\"\n");
  EXPECT_THAT(Lint(kValid, {"train.epoch=1"}), HasSubstr("did you mean \"epochs\"?"));
  EXPECT_EQ(Lint(kValid, {"models.mlp.hidden=[0]"}),
            "--set models.mlp.hidden=[0]: a layer has from 1 to 65536 channels or units, not 0\n");
  EXPECT_THAT(Lint(kValid, {"train"}), HasSubstr("wants path=value"));
  EXPECT_THAT(Lint(kValid, {"models.cnn.kernel=3"}), HasSubstr("has no item \"cnn\" (it has 2)"));
}

TEST(SweepContentHashTest, IgnoresLayoutAndNameOnly) {
  const std::string hash = SweepContentHash(ParseSweep(kValid, "s", {}).spec);
  EXPECT_EQ(hash.size(), 64u);
  const std::string same = absl::StrReplaceAll(
      kValid,
      {{"name: small\n", ""}, {"version: 1\n", "# moved\nname: other\nversion: 1\nseed: 42\n"}});
  EXPECT_EQ(SweepContentHash(ParseSweep(same, "t", {}).spec), hash);
  const std::string other = absl::StrReplaceAll(kValid, {{"0.4", "0.5"}});
  EXPECT_NE(SweepContentHash(ParseSweep(other, "s", {}).spec), hash);
  v1::InputFile file;
  file.set_name("a.csv");
  file.set_sha256("00");
  EXPECT_NE(SweepContentHash(ParseSweep(kValid, "s", {}).spec, {file}), hash);
}

}  // namespace
}  // namespace tinyjoule

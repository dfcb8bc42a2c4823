// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/sweep_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/config/sweep_expansion.h"
#include "common/config/sweep_lint.h"

namespace tinyjoule {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(SweepFileTest, ValidFileHasNoDiagnosticsAndAllDefaults) {
  const ParsedSweep parsed = ParseSweep(kValidSweep, "s.yaml", {});
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

TEST(SweepFileTest, ASweptScheduleTakesItsKeysWhereItIsGradual) {
  const std::string yaml = absl::StrReplaceAll(
      kValidSweep, {{"  - {name: knn, type: tinyknn}\n", ""},
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
          kValidSweep,
          {{kData, "{type: csv, path: a, features: [a], target: b, missing: {limit: 0}}"}}),
      "s", {});
  EXPECT_TRUE(parsed.ok());
  EXPECT_THAT(FormatDiagnostics(parsed.diagnostics), HasSubstr("warning: gaps of any length"));
}

TEST(SweepFileTest, WarnsAboutASparseEngineWithoutZeros) {
  const std::string engine = "name: small\nmeasure: {engine: [xnnpack, sparse]}";
  EXPECT_EQ(LintWith("name: small", engine), "");
  const std::string yaml = absl::StrReplaceAll(
      kValidSweep, {{"name: small", engine}, {kPrune, "{prune: {scope: structured}}"}});
  EXPECT_THAT(Lint(yaml), HasSubstr("warning: the engine sparse does what xnnpack does"));
}

TEST(SweepFileTest, OverridesChangeValuesByPath) {
  const ParsedSweep parsed =
      ParseSweep(kValidSweep, "s.yaml",
                 {"train.epochs=3", "models.mlp.hidden=[4, 2]", "measure.window.min_duration=1s",
                  "agents.select.board=rpi4", "variants.pruned.compress.0.prune.criterion=random"});
  EXPECT_EQ(FormatDiagnostics(parsed.diagnostics), "");
  EXPECT_EQ(parsed.spec.train().epochs(), 3u);
  EXPECT_EQ(parsed.spec.models(0).hidden_size(), 2);
  EXPECT_EQ(parsed.spec.measure().window().min_duration().seconds(), 1);
  EXPECT_EQ(parsed.spec.agents().select().at("board"), "rpi4");
}

TEST(SweepFileTest, ErrorsOfOverridesNameThem) {
  EXPECT_EQ(Lint(kValidSweep, {"train.epochs=many"}),
            "--set train.epochs=many: \"epochs\" wants a whole number from 0 to 4294967295, not "
            "\"many\"\n");
  EXPECT_THAT(Lint(kValidSweep, {"train.epoch=1"}), HasSubstr("did you mean \"epochs\"?"));
  EXPECT_EQ(Lint(kValidSweep, {"models.mlp.hidden=[0]"}),
            "--set models.mlp.hidden=[0]: a layer has from 1 to 65536 channels or units, not 0\n");
  EXPECT_THAT(Lint(kValidSweep, {"train"}), HasSubstr("wants path=value"));
  EXPECT_THAT(Lint(kValidSweep, {"models.cnn.kernel=3"}),
              HasSubstr("has no item \"cnn\" (it has 2)"));
}

TEST(SweepContentHashTest, IgnoresLayoutAndNameOnly) {
  const std::string hash = SweepContentHash(ParseSweep(kValidSweep, "s", {}).spec);
  EXPECT_EQ(hash.size(), 64u);
  const std::string same = absl::StrReplaceAll(
      kValidSweep,
      {{"name: small\n", ""}, {"version: 1\n", "# moved\nname: other\nversion: 1\nseed: 42\n"}});
  EXPECT_EQ(SweepContentHash(ParseSweep(same, "t", {}).spec), hash);
  const std::string other = absl::StrReplaceAll(kValidSweep, {{"0.4", "0.5"}});
  EXPECT_NE(SweepContentHash(ParseSweep(other, "s", {}).spec), hash);
  v1::InputFile file;
  file.set_name("a.csv");
  file.set_sha256("00");
  EXPECT_NE(SweepContentHash(ParseSweep(kValidSweep, "s", {}).spec, {file}), hash);
}

}  // namespace
}  // namespace tinyjoule

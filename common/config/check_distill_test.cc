// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Which pipelines with distillation and clustering are taken, and why the others are not.
#include "common/config/check_distill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/config/sweep_expansion.h"
#include "common/config/sweep_file.h"
#include "common/config/sweep_lint.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kMlp[] = "{name: m, type: tinymlp, hidden: [64, 32]}";
constexpr char kCnn[] = "{name: m, type: tinycnn, conv: [8, 16]}";
constexpr char kKnn[] = "{name: m, type: tinyknn, k: 7}";

std::string Sweep(absl::string_view model, absl::string_view steps, absl::string_view more = "") {
  return absl::StrCat("version: 1\nname: s\ndataset: {type: synthetic_weather}\nmodels: [", model,
                      "]\nvariants: [{name: v, compress: [", steps, "]}]\n", more);
}

struct Pipeline {
  const char* model;
  const char* steps;
  // Part of the only diagnostic; empty: none.
  const char* message;
};

class PipelineTest : public ::testing::TestWithParam<Pipeline> {};

TEST_P(PipelineTest, IsTakenOrSaysWhyNot) {
  const ParsedSweep parsed = ParseSweep(Sweep(GetParam().model, GetParam().steps), "s.yaml", {});
  const std::string diagnostics = FormatDiagnostics(parsed.diagnostics);
  if (*GetParam().message == '\0') {
    EXPECT_EQ(diagnostics, "");
  } else {
    EXPECT_THAT(diagnostics, HasSubstr(GetParam().message));
    EXPECT_EQ(parsed.diagnostics.size(), 1u) << diagnostics;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Taken, PipelineTest,
    ::testing::Values(
        Pipeline{kMlp, "{cluster: {centroids: 16}}", ""},
        Pipeline{kMlp, "{cluster: {}}, {finetune: {}}, {quantize: {}}", ""},
        Pipeline{kMlp, "{prune: {sparsity: 0.5}}, {finetune: {}}, {cluster: {}}, {finetune: {}}",
                 ""},
        Pipeline{kMlp, "{distill: {student: {hidden: [8]}}}, {quantize: {}}", ""},
        Pipeline{kMlp,
                 "{distill: {student: {hidden: [8]}}}, {prune: {sparsity: 0.5}}, {cluster: {}}",
                 ""},
        Pipeline{kMlp, "{distill: {kind: feature, beta: 0.2, student: {conv: [4]}}}", ""},
        Pipeline{kCnn, "{distill: {kind: relational, teacher: {conv: [32, 64], dense: [64]}}}", ""},
        Pipeline{kCnn, "{distill: {teacher: {type: tinyknn, k: 9}}}, {quantize: {}}", ""},
        Pipeline{kMlp, "{distill: {student: {type: tinyknn, prototypes: 200}}}, {quantize: {}}",
                 ""},
        Pipeline{kKnn, "{distill: {student: {prototypes: 200}}}", ""},
        Pipeline{kKnn, "{distill: {student: {hidden: [8, 8]}}}, {finetune: {}}, {cluster: {}}", ""},
        Pipeline{kKnn, "{prune: {criterion: error, sparsity: 0.8}}, {quantize: {}}", ""}));

INSTANTIATE_TEST_SUITE_P(
    Refused, PipelineTest,
    ::testing::Values(
        Pipeline{kMlp, "{cluster: {centroids: 1}}", "centroids is from 2 to 256, not 1"},
        Pipeline{kMlp, "{cluster: {centroids: 257}}", "centroids is from 2 to 256, not 257"},
        Pipeline{kMlp, "{cluster: {}}, {cluster: {centroids: 4}}", "clustered already"},
        Pipeline{kMlp, "{cluster: {}}, {prune: {sparsity: 0.5}}", "takes clusters apart"},
        Pipeline{kMlp, "{quantize: {}}, {cluster: {}}", "nothing can follow quantize"},
        Pipeline{kKnn, "{cluster: {}}", "a tinyknn has no weights to cluster"},
        Pipeline{kMlp, "{distill: {}}",
                 "distill needs \"student\", a smaller model, or \"teacher\""},
        Pipeline{kMlp, "{distill: {student: {hidden: [4]}, teacher: {hidden: [99]}}}", "not both"},
        Pipeline{kMlp, "{cluster: {}}, {distill: {student: {hidden: [4]}}}",
                 "it must be the first step"},
        Pipeline{kMlp, "{distill: {teacher: {type: onnx, path: t.onnx}}}",
                 "a teacher is trained like the model"},
        Pipeline{kMlp, "{distill: {student: {type: onnx, path: t.onnx}}}",
                 "type onnx brings its weights"},
        Pipeline{kMlp, "{distill: {teacher: {type: tinymlp, conv: [4]}}}",
                 "\"conv\" belongs to models of type tinycnn"},
        Pipeline{kMlp, "{distill: {beta: 0.1, student: {hidden: [4]}}}", "beta weighs hidden"},
        Pipeline{kMlp, "{distill: {kind: feature, beta: 0, student: {hidden: [4]}}}",
                 "beta is above 0"},
        Pipeline{kMlp, "{distill: {alpha: 2, student: {hidden: [4]}}}", "alpha is from 0 to 1"},
        Pipeline{kKnn, "{distill: {kind: feature, student: {hidden: [4]}}}",
                 "kind feature compares hidden layers, and a tinyknn has none"},
        Pipeline{kMlp, "{distill: {kind: relational, student: {type: tinyknn, prototypes: 99}}}",
                 "kind relational compares hidden layers, and a tinyknn has none"},
        Pipeline{kMlp, "{distill: {kind: feature, teacher: {type: tinyknn}}}",
                 "compares hidden layers, and a tinyknn has none"},
        Pipeline{kMlp, "{distill: {student: {type: tinyknn}}}",
                 "a tinyknn as a student needs \"prototypes\""},
        Pipeline{kMlp, "{distill: {student: {type: tinyknn, prototypes: 3}}}",
                 "prototypes is at least k, which is 5"},
        Pipeline{kMlp, "{distill: {epochs: 3, student: {type: tinyknn, prototypes: 9}}}",
                 "\"epochs\" says nothing to it"},
        Pipeline{kMlp, "{distill: {temperature: 3, student: {type: tinyknn, prototypes: 9}}}",
                 "\"temperature\" says nothing to it"},
        Pipeline{kMlp, "{distill: {student: {hidden: [4], prototypes: 9}}}",
                 "\"prototypes\" belongs to models of type tinyknn"},
        Pipeline{kKnn, "{distill: {teacher: {type: tinymlp}}}",
                 "make the teacher the model and name it with student"},
        Pipeline{"{name: m, type: tinyknn, prototypes: 9}", "{quantize: {}}",
                 "prototypes are what a student stores"},
        Pipeline{kMlp, "{distill: {student: {type: tinyknn, prototypes: 99}}}, {finetune: {}}",
                 "a tinyknn is not trained"},
        Pipeline{kMlp, "{distill: {student: {type: tinyknn, prototypes: 99}}}, {cluster: {}}",
                 "no weights to cluster"},
        Pipeline{kMlp, "{distill: {teacher: {type: autoencoder}}}",
                 "an autoencoder learns its input"},
        Pipeline{kMlp, "{distill: {student: {type: autoencoder}}}",
                 "an autoencoder learns its input"},
        Pipeline{kMlp, "{prune: {criterion: error, sparsity: 0.5}}",
                 "criterion: error is for the stored points of a tinyknn"},
        Pipeline{kKnn,
                 "{distill: {student: {hidden: [8]}}}, {prune: {criterion: error, "
                 "sparsity: 0.5}}",
                 "criterion: error is for the stored points of a tinyknn"}));

TEST(CheckDistillTest, HiddenLossesTrainOnTheProcessor) {
  const char* const steps = "{distill: {kind: feature, student: {hidden: [8]}}}";
  EXPECT_THAT(Lint(Sweep(kMlp, steps, "train: {device: cuda}\n")),
              HasSubstr("kind feature trains on the processor, and train.device is cuda"));
}

TEST(CheckDistillTest, DefaultsOfTheReferenceStudy) {
  v1::DistillStep response;
  ApplyDistillDefaults(response);
  EXPECT_EQ(response.kind(), v1::DISTILL_KIND_RESPONSE);
  EXPECT_EQ(response.alpha(), 0.5);
  EXPECT_EQ(response.epochs(), 60u);
  EXPECT_FALSE(response.has_beta());
  v1::DistillStep feature;
  feature.set_kind(v1::DISTILL_KIND_FEATURE);
  ApplyDistillDefaults(feature);
  EXPECT_EQ(feature.beta(), 0.1);
}

// With a teacher the trial's model is the student, and its layers fill what the teacher leaves out.
TEST(CheckDistillTest, TeacherAndStudentAreCompleteInEveryTrial) {
  const ParsedSweep parsed =
      ParseSweep(Sweep(kCnn, "{distill: {teacher: {conv: [32, 64]}}}"), "s.yaml", {});
  const auto trials = ExpandSweep(parsed.spec);
  ASSERT_TRUE(trials.ok()) << trials.status();
  const v1::TrialSpec& trial = trials->front().trial;
  const v1::DistillStep& step = trial.compress(0).distill();
  EXPECT_EQ(step.teacher().type(), v1::MODEL_TYPE_TINYCNN);
  EXPECT_THAT(step.teacher().conv(), ElementsAre(32, 64));
  EXPECT_THAT(step.teacher().dense(), ElementsAre(32));
  EXPECT_THAT(step.student().conv(), ElementsAre(8, 16));
  EXPECT_THAT(BaseTrial(trial).model().conv(), ElementsAre(32, 64));
}

}  // namespace
}  // namespace tinyjoule

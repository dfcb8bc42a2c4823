// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/util/field_comparator.h>
#include <google/protobuf/util/message_differencer.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/assembly/run_assembler.h"

namespace tinyjoule {
namespace {

constexpr double kRelativeTolerance = 1e-9;

void AppendDifferences(absl::string_view part, const google::protobuf::Message& stored,
                       const google::protobuf::Message& again,
                       std::vector<std::string>& differences) {
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_float_comparison(google::protobuf::util::DefaultFieldComparator::APPROXIMATE);
  comparator.SetDefaultFractionAndMargin(kRelativeTolerance, 0);
  comparator.set_treat_nan_as_equal(true);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  std::string report;
  differencer.ReportDifferencesToString(&report);
  if (differencer.Compare(stored, again)) return;
  for (const absl::string_view line : absl::StrSplit(report, '\n', absl::SkipEmpty())) {
    differences.push_back(absl::StrCat(part, ": ", line));
  }
}

}  // namespace

std::vector<std::string> VerifyRun(const v1::Run& stored, const AssemblyInputs& inputs) {
  const absl::StatusOr<AssembledRun> again = AssembleRun(inputs);
  if (!again.ok()) return {std::string(again.status().message())};
  std::vector<std::string> differences;
  AppendDifferences("result", stored.result(), again->result, differences);
  AppendDifferences("assembly", stored.assembly(), again->assembly, differences);
  return differences;
}

}  // namespace tinyjoule

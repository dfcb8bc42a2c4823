// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/sweep_file.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "common/config/sweep_check.h"
#include "common/config/sweep_expansion.h"
#include "common/config/yaml_to_proto.h"

namespace tinyjoule {
namespace {

constexpr size_t kMaxDiagnostics = 200;

// Where a part of the spec was given: in the file, or by an override.
struct Place {
  YamlMark key;
  YamlMark value;
  // "--set path=value"; nullptr: the file.
  const std::string* override_text = nullptr;
};

// Collects what is wrong, with the place of every path that the file or an override gives.
class SweepReport final : public CheckReport {
 public:
  explicit SweepReport(const YamlDocument& file) : file_(file) {}

  void Add(Severity severity, const std::string& path, const std::string& message) override {
    Diagnostic diagnostic = NearestPlace(path);
    diagnostic.severity = severity;
    diagnostic.message = message;
    AddDiagnostic(std::move(diagnostic));
  }
  bool IsGiven(const std::string& path) const override { return places_.count(path) > 0; }

  void AddDiagnostic(Diagnostic diagnostic) {
    const auto key =
        std::make_tuple(diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.message);
    if (diagnostics_.size() >= kMaxDiagnostics) {
      ++left_out_;
    } else if (seen_.insert(key).second) {
      diagnostics_.push_back(std::move(diagnostic));
    }
  }
  void SetPlace(const std::string& path, const Place& place) { places_[path] = place; }

  bool ok() const { return !HasErrors(diagnostics_); }

  std::vector<Diagnostic> TakeDiagnostics() {
    std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                     [](const Diagnostic& a, const Diagnostic& b) {
                       return std::tie(a.line, a.column) < std::tie(b.line, b.column);
                     });
    if (left_out_ > 0) {
      diagnostics_.push_back(file_.At({}, absl::StrCat("and ", left_out_, " more")));
    }
    return std::move(diagnostics_);
  }

 private:
  // The value at the path itself; for what is missing, the key of the nearest parent.
  Diagnostic NearestPlace(std::string path) const {
    if (const auto own = places_.find(path); own != places_.end()) {
      return At(own->second, own->second.value);
    }
    while (true) {
      const size_t dot = path.rfind('.');
      if (dot == std::string::npos) return file_.At({1, 1, 1}, "");
      path.resize(dot);
      if (const auto parent = places_.find(path); parent != places_.end()) {
        return At(parent->second, parent->second.key);
      }
    }
  }

  Diagnostic At(const Place& place, const YamlMark& mark) const {
    if (place.override_text == nullptr) return file_.At(mark, "");
    Diagnostic diagnostic;
    diagnostic.file = *place.override_text;
    return diagnostic;
  }

  const YamlDocument& file_;
  std::map<std::string, Place> places_;
  std::set<std::tuple<std::string, int, int, std::string>> seen_;
  std::vector<Diagnostic> diagnostics_;
  size_t left_out_ = 0;
};

void ReadFile(const YamlDocument& file, SweepReport& report, v1::SweepSpec& spec) {
  for (const Diagnostic& diagnostic : file.diagnostics()) report.AddDiagnostic(diagnostic);
  YamlToProto writer(
      [&](const YamlMark& mark, const std::string& message) {
        report.AddDiagnostic(file.At(mark, message));
      },
      [&](const std::string& path, const YamlMark& key, const YamlMark& value) {
        report.SetPlace(path, {key, value, nullptr});
      });
  if (file.root().kind == YamlNode::Kind::kNull && file.diagnostics().empty()) {
    report.AddDiagnostic(file.At({1, 1, 1}, "the file is empty"));
    return;
  }
  writer.WriteMessage(file.root(), "", spec);
}

// One --set: "path=value". Errors name it in the place of a file.
struct Override {
  explicit Override(const std::string& given) : text(given), label("--set " + given) {}
  std::string text;
  std::string label;
};

void ApplyOverride(const Override& override_, SweepReport& report, v1::SweepSpec& spec) {
  const auto add_error = [&](absl::string_view message) {
    Diagnostic diagnostic;
    diagnostic.file = override_.label;
    diagnostic.message = std::string(message);
    report.AddDiagnostic(std::move(diagnostic));
  };
  const size_t equals = override_.text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return add_error("wants path=value, such as train.epochs=3");
  }
  const YamlDocument value =
      YamlDocument::Parse(override_.text.substr(equals + 1), override_.label);
  for (const Diagnostic& diagnostic : value.diagnostics()) add_error(diagnostic.message);
  if (!value.diagnostics().empty()) return;
  YamlToProto writer([&](const YamlMark&, const std::string& message) { add_error(message); },
                     [&](const std::string& path, const YamlMark& key, const YamlMark& mark) {
                       report.SetPlace(path, {key, mark, &override_.label});
                     });
  writer.WriteAt(override_.text.substr(0, equals), value.root(), spec);
}

}  // namespace

ParsedSweep ParseSweep(absl::string_view yaml, absl::string_view file_name,
                       const std::vector<std::string>& overrides) {
  YamlLimits limits;
  limits.max_bytes = kMaxSweepFileBytes;
  const YamlDocument file = YamlDocument::Parse(yaml, file_name, limits);
  SweepReport report(file);
  ParsedSweep parsed;
  ReadFile(file, report, parsed.spec);
  // What follows a syntax error was not read: do not call it missing.
  const bool readable = file.complete() && file.root().kind == YamlNode::Kind::kMapping;
  const std::vector<Override> changes(overrides.begin(), overrides.end());
  if (readable) {
    for (const Override& change : changes) ApplyOverride(change, report, parsed.spec);
    ApplySweepDefaults(parsed.spec);
    CheckSweep(parsed.spec, report);
  }
  if (readable && report.ok()) {
    const auto trials = ExpandSweep(parsed.spec);
    if (!trials.ok()) report.Error("", std::string(trials.status().message()));
  }
  parsed.diagnostics = report.TakeDiagnostics();
  return parsed;
}

}  // namespace tinyjoule

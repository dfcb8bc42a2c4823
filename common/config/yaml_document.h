// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef COMMON_CONFIG_YAML_DOCUMENT_H_
#define COMMON_CONFIG_YAML_DOCUMENT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/config/diagnostic.h"

namespace tinyjoule {

// A place in a file, from 1; the column counts characters. Line 0: nowhere in the file.
struct YamlMark {
  int line = 0;
  int column = 0;
  // Characters from the mark to the end of what stands there.
  int length = 1;
};

// A value of a YAML document. Aliases are already replaced by what they stand for.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };
  struct Entry;

  Kind kind = Kind::kNull;
  YamlMark mark;
  // kScalar: the text; plain when it stood without quotes.
  std::string text;
  bool plain = false;
  // kSequence.
  std::vector<YamlNode> items;
  // kMapping, in the order of the file, without duplicates.
  std::vector<Entry> entries;

  // The value under `key`; nullptr when there is none or this is no mapping.
  const YamlNode* Find(absl::string_view key) const;
};

struct YamlNode::Entry {
  std::string key;
  YamlMark key_mark;
  YamlNode value;
};

// Bounds on hostile input.
struct YamlLimits {
  size_t max_bytes = 1024 * 1024;
  int max_depth = 32;
  // After aliases are expanded.
  size_t max_nodes = 200'000;
};

// One parsed YAML document with the places of everything in it.
class YamlDocument {
 public:
  // Never fails as such: what is wrong is in diagnostics(), and the root is what could be read.
  // An empty file has a null root.
  static YamlDocument Parse(absl::string_view yaml, absl::string_view file_name,
                            const YamlLimits& limits = {});

  const YamlNode& root() const { return root_; }
  // False when a syntax error or a limit ended the reading.
  bool complete() const { return complete_; }
  // Syntax errors, duplicate keys, limits.
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }
  // A diagnostic at `mark` with this file's name and source line (none when that is very long).
  Diagnostic At(const YamlMark& mark, absl::string_view message,
                Severity severity = Severity::kError) const;

 private:
  YamlDocument() = default;
  // Text only: false, and a diagnostic, for NUL and for what is not UTF-8.
  bool CheckBytes(absl::string_view yaml);
  // What is missing at the end of the file is shown behind its last text.
  YamlMark WithinText(const YamlMark& mark) const;

  std::string file_name_;
  std::vector<std::string> lines_;
  YamlNode root_;
  bool complete_ = false;
  std::vector<Diagnostic> diagnostics_;
};

// What a value is called in a message: "a mapping", "a list", "nothing", "\"text\"".
std::string DescribeNode(const YamlNode& node);

}  // namespace tinyjoule

#endif  // COMMON_CONFIG_YAML_DOCUMENT_H_

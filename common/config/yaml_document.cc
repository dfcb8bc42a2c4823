// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config/yaml_document.h"

#include <libfyaml.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/utf8.h"

namespace tinyjoule {
namespace {

// libfyaml reports one cause, but its recovery may add echoes of it.
constexpr size_t kMaxSyntaxErrors = 1;
// Bounds on what hostile input can make us say.
constexpr size_t kMaxProblems = 200;
constexpr size_t kMaxSourceLineBytes = 4096;

struct DiagUnref {
  void operator()(fy_diag* diag) const { fy_diag_unref(diag); }
};
struct ParserDestroy {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};

// An event that goes back to its parser.
class Event {
 public:
  explicit Event(fy_parser* parser) : parser_(parser), event_(fy_parser_parse(parser)) {}
  ~Event() {
    if (event_ != nullptr) fy_parser_event_free(parser_, event_);
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  explicit operator bool() const { return event_ != nullptr; }
  fy_event_type type() const { return event_->type; }
  fy_event* get() const { return event_; }

 private:
  fy_parser* parser_;
  fy_event* event_;
};

std::string TokenText(fy_token* token) {
  size_t length = 0;
  const char* const text = token == nullptr ? nullptr : fy_token_get_text(token, &length);
  return text == nullptr ? "" : std::string(text, length);
}

// YAML 1.2 core schema.
bool IsNullWord(absl::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

bool IsBareScalar(const YamlNode& node) {
  return node.kind == YamlNode::Kind::kScalar || node.kind == YamlNode::Kind::kNull;
}

size_t CountNodes(const YamlNode& node) {
  size_t count = 1;
  for (const YamlNode& item : node.items) count += CountNodes(item);
  for (const YamlNode::Entry& entry : node.entries) count += CountNodes(entry.value);
  return count;
}

int DepthOf(const YamlNode& node) {
  int depth = 0;
  for (const YamlNode& item : node.items) depth = std::max(depth, DepthOf(item));
  for (const YamlNode::Entry& entry : node.entries) depth = std::max(depth, DepthOf(entry.value));
  return depth + 1;
}

// Builds the tree from the parser's events. An error ends the building (`failed`), a duplicate key
// does not.
class TreeBuilder {
 public:
  struct Problem {
    YamlMark mark;
    std::string message;
  };

  TreeBuilder(fy_parser* parser, const YamlLimits& limits) : parser_(parser), limits_(limits) {}

  // Reads the stream; false when it broke off.
  bool BuildStream(YamlNode& root) {
    bool have_document = false;
    while (true) {
      Event event(parser_);
      if (!event) return !fy_parser_get_stream_error(parser_);
      switch (event.type()) {
        case FYET_STREAM_END:
          return true;
        case FYET_STREAM_START:
        case FYET_DOCUMENT_END:
          break;
        case FYET_DOCUMENT_START:
          if (have_document) {
            return Fail(MarkOf(event), "a second document begins here; a file holds one");
          }
          have_document = true;
          break;
        default:
          if (!BuildNode(event, 1, root)) return false;
      }
    }
  }

  const std::vector<Problem>& problems() const { return problems_; }

 private:
  bool Fail(const YamlMark& mark, std::string message) {
    problems_.push_back({mark, std::move(message)});
    return false;
  }

  static bool IsQuoted(const Event& event) {
    fy_token* const token = fy_event_get_token(event.get());
    const fy_scalar_style style = token == nullptr ? FYSS_PLAIN : fy_token_scalar_style(token);
    return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
  }

  static YamlMark MarkOf(const Event& event) {
    YamlMark mark;
    const fy_mark* const start = fy_event_start_mark(event.get());
    const fy_mark* const end = fy_event_end_mark(event.get());
    if (start == nullptr) return {1, 1, 1};
    mark.line = start->line + 1;
    mark.column = start->column + 1;
    if (end != nullptr && end->line == start->line && event.type() == FYET_SCALAR) {
      mark.length = std::max(1, end->column - start->column);
      if (IsQuoted(event)) {
        // The parser's mark stands behind the quote.
        mark.column = std::max(1, mark.column - 1);
        mark.length += 2;
      }
    }
    return mark;
  }

  bool BuildNode(const Event& event, int depth, YamlNode& node) {
    node.mark = MarkOf(event);
    if (depth > limits_.max_depth) {
      return Fail(node.mark, absl::StrCat("nested deeper than ", limits_.max_depth, " levels"));
    }
    if (++node_count_ > limits_.max_nodes) return FailTooLarge(node.mark);
    if (event.type() == FYET_ALIAS) return ExpandAlias(event, depth, node);
    const std::string anchor = TokenText(fy_event_get_anchor_token(event.get()));
    if (!BuildContent(event, depth, node)) return false;
    return anchor.empty() || RememberAnchor(anchor, node);
  }

  // The copy counts too: anchors inside anchors must not multiply memory.
  bool RememberAnchor(const std::string& anchor, const YamlNode& node) {
    const size_t count = CountNodes(node);
    node_count_ += count;
    if (node_count_ > limits_.max_nodes) return FailTooLarge(node.mark);
    anchors_[anchor] = {node, count, DepthOf(node)};
    return true;
  }

  bool BuildContent(const Event& event, int depth, YamlNode& node) {
    switch (event.type()) {
      case FYET_SCALAR:
        BuildScalar(event, node);
        return true;
      case FYET_SEQUENCE_START:
        return BuildSequence(depth, node);
      case FYET_MAPPING_START:
        return BuildMapping(depth, node);
      default:
        return Fail(node.mark, "unexpected content");
    }
  }

  static void BuildScalar(const Event& event, YamlNode& node) {
    fy_token* const token = fy_event_get_token(event.get());
    node.text = TokenText(token);
    node.plain = token == nullptr || fy_token_scalar_style(token) == FYSS_PLAIN;
    node.kind =
        node.plain && IsNullWord(node.text) ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar;
  }

  bool BuildSequence(int depth, YamlNode& node) {
    node.kind = YamlNode::Kind::kSequence;
    while (true) {
      Event event(parser_);
      if (!event) return false;
      if (event.type() == FYET_SEQUENCE_END) return true;
      if (!BuildNode(event, depth + 1, node.items.emplace_back())) return false;
    }
  }

  bool BuildMapping(int depth, YamlNode& node) {
    node.kind = YamlNode::Kind::kMapping;
    std::map<std::string, int> line_of_key;
    while (true) {
      YamlNode key;
      {
        Event event(parser_);
        if (!event) return false;
        if (event.type() == FYET_MAPPING_END) return true;
        if (!BuildNode(event, depth + 1, key)) return false;
      }
      if (!IsBareScalar(key)) return Fail(key.mark, "a key must be a word, not a list or mapping");
      YamlNode::Entry entry{key.text, key.mark, {}};
      {
        Event event(parser_);
        if (!event || !BuildNode(event, depth + 1, entry.value)) return false;
      }
      AddEntry(std::move(entry), line_of_key, node);
    }
  }

  void AddEntry(YamlNode::Entry entry, std::map<std::string, int>& line_of_key, YamlNode& node) {
    const auto [where, is_new] = line_of_key.emplace(entry.key, entry.key_mark.line);
    if (is_new) {
      node.entries.push_back(std::move(entry));
      return;
    }
    if (problems_.size() >= kMaxProblems) return;
    problems_.push_back({entry.key_mark, absl::StrCat("key \"", entry.key,
                                                      "\" stands here a second"
                                                      " time; the first is in line ",
                                                      where->second)});
  }

  bool ExpandAlias(const Event& event, int depth, YamlNode& node) {
    const YamlMark mark = node.mark;
    const std::string name = TokenText(fy_event_get_token(event.get()));
    const auto anchor = anchors_.find(name);
    if (anchor == anchors_.end()) {
      return Fail(mark, absl::StrCat("alias *", name, " has no anchor before it"));
    }
    const Anchor& target = anchor->second;
    node_count_ += target.node_count;
    if (node_count_ > limits_.max_nodes || depth + target.depth > limits_.max_depth + 1) {
      return FailTooLarge(mark);
    }
    node = target.node;
    node.mark = mark;
    return true;
  }

  bool FailTooLarge(const YamlMark& mark) {
    return Fail(
        mark, absl::StrCat("the document is too large: more than ", limits_.max_nodes,
                           " values or ", limits_.max_depth, " levels once aliases are expanded"));
  }

  struct Anchor {
    YamlNode node;
    size_t node_count = 0;
    int depth = 0;
  };

  fy_parser* const parser_;
  const YamlLimits limits_;
  size_t node_count_ = 0;
  std::map<std::string, Anchor> anchors_;
  std::vector<Problem> problems_;
};

std::unique_ptr<fy_diag, DiagUnref> MakeSilentDiag() {
  fy_diag_cfg config;
  fy_diag_cfg_default(&config);
  config.fp = nullptr;
  config.output_fn = [](fy_diag*, void*, const char*, size_t) {};
  config.colorize = false;
  std::unique_ptr<fy_diag, DiagUnref> diag(fy_diag_create(&config));
  fy_diag_set_collect_errors(diag.get(), true);
  return diag;
}

}  // namespace

const YamlNode* YamlNode::Find(absl::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

YamlDocument YamlDocument::Parse(absl::string_view yaml, absl::string_view file_name,
                                 const YamlLimits& limits) {
  YamlDocument document;
  document.file_name_ = std::string(file_name);
  if (yaml.size() > limits.max_bytes) {
    document.diagnostics_.push_back(document.At(
        {}, absl::StrCat("the file has ", yaml.size(), " bytes; the limit is ", limits.max_bytes)));
    return document;
  }
  document.lines_ = absl::StrSplit(yaml, '\n');
  if (!document.CheckBytes(yaml)) return document;
  // An empty input is an error to libfyaml; to a user it is an empty document.
  document.complete_ = absl::StripAsciiWhitespace(yaml).empty();
  if (document.complete_) return document;

  const std::unique_ptr<fy_diag, DiagUnref> diag = MakeSilentDiag();
  fy_parse_cfg config{};
  config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG |
                                                 FYPCF_ALLOW_DUPLICATE_KEYS);
  config.diag = diag.get();
  const std::unique_ptr<fy_parser, ParserDestroy> parser(fy_parser_create(&config));
  fy_parser_set_string(parser.get(), yaml.data(), yaml.size());

  TreeBuilder builder(parser.get(), limits);
  document.complete_ = builder.BuildStream(document.root_);
  for (const TreeBuilder::Problem& problem : builder.problems()) {
    document.diagnostics_.push_back(document.At(problem.mark, problem.message));
  }
  void* iterator = nullptr;
  size_t syntax_errors = 0;
  while (const fy_diag_error* error = fy_diag_errors_iterate(diag.get(), &iterator)) {
    if (++syntax_errors > kMaxSyntaxErrors) break;
    document.diagnostics_.push_back(
        document.At(document.WithinText({error->line, error->column, 1}),
                    absl::StripAsciiWhitespace(error->msg)));
  }
  if (!document.complete_ && document.diagnostics_.empty()) {
    document.diagnostics_.push_back(document.At({}, "the file is not YAML"));
  }
  return document;
}

// libfyaml 0.7.12 never returns from some inputs that are not UTF-8.
bool YamlDocument::CheckBytes(absl::string_view yaml) {
  const size_t nul = yaml.find('\0');
  const size_t bad = std::min(nul, FindInvalidUtf8(yaml));
  if (bad == absl::string_view::npos) return true;
  const absl::string_view before = yaml.substr(0, bad);
  const auto line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  diagnostics_.push_back(
      At({line, 1, 1}, bad == nul ? "the line has a NUL byte" : "the line is not UTF-8"));
  // The line itself would not be UTF-8 either.
  diagnostics_.back().source_line.clear();
  return false;
}

YamlMark YamlDocument::WithinText(const YamlMark& mark) const {
  size_t last = lines_.size();
  while (last > 1 && absl::StripAsciiWhitespace(lines_[last - 1]).empty()) --last;
  if (static_cast<size_t>(mark.line) <= last) return mark;
  const std::string& line = lines_[last - 1];
  const auto characters = std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  return {static_cast<int>(last), static_cast<int>(characters) + 1, 1};
}

Diagnostic YamlDocument::At(const YamlMark& mark, absl::string_view message,
                            Severity severity) const {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.file = file_name_;
  diagnostic.line = mark.line;
  diagnostic.column = mark.column;
  diagnostic.length = mark.length;
  diagnostic.message = std::string(message);
  if (mark.line >= 1 && static_cast<size_t>(mark.line) <= lines_.size()) {
    const std::string& line = lines_[static_cast<size_t>(mark.line) - 1];
    if (line.size() <= kMaxSourceLineBytes) {
      diagnostic.source_line = std::string(absl::StripTrailingAsciiWhitespace(line));
    }
  }
  return diagnostic;
}

std::string DescribeNode(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "a mapping";
    case YamlNode::Kind::kScalar:
      break;
  }
  constexpr size_t kShown = 60;
  if (node.text.size() <= kShown) return absl::StrCat("\"", node.text, "\"");
  return absl::StrCat("\"", node.text.substr(0, kShown), "...\"");
}

}  // namespace tinyjoule

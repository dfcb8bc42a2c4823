// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_TABLE_H_
#define CLIENT_TABLE_H_

#include <ostream>
#include <string>
#include <vector>

#include "client/console.h"
#include "google/protobuf/message.h"

namespace tinyjoule {

enum class OutputFormat { kTable, kJson, kYaml, kCsv };

// Rows of text under headers. Header names are the CSV's columns, so they are snake_case; as text
// they are shown with blanks.
class Table {
 public:
  // `details`: headers that a narrow terminal does without, the least important first.
  explicit Table(std::vector<std::string> headers, std::vector<std::string> details = {})
      : headers_(std::move(headers)), details_(std::move(details)) {}
  // As many cells as headers.
  void AddRow(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Columns aligned, numbers to the right; headers in bold on a terminal. A terminal that is too
  // narrow gets fewer details, and is told so on `err`. Control characters are shown as blanks, so
  // that data cannot move the cursor.
  void WriteText(const Console& console) const;
  // RFC 4180; cells that a spreadsheet would run are made safe.
  void WriteCsv(std::ostream& out) const;

 private:
  // The columns that have something to say, with the characters that each takes.
  struct Layout {
    std::vector<bool> shown;
    std::vector<size_t> widths;
    size_t LineWidth() const;
  };
  Layout MakeLayout() const;
  // Takes details away until a line fits; gives their titles.
  std::vector<std::string> FitTo(size_t width, Layout& layout) const;
  static std::string Line(const std::vector<std::string>& cells, const Layout& layout,
                          bool is_header);

  std::vector<std::string> headers_;
  std::vector<std::string> details_;
  std::vector<std::vector<std::string>> rows_;
};

// For programs every field, zeros and empty lists too; for people those that say something.
enum class Facts { kAll, kTelling };
// The message with its field names as in the protocol.
std::string ToJson(const google::protobuf::Message& message, Facts facts = Facts::kAll);
std::string ToYaml(const google::protobuf::Message& message, Facts facts = Facts::kAll);

// The table as text or CSV, or everything that the message says as JSON or YAML.
void WriteAnswer(const Console& console, OutputFormat format, const Table& table,
                 const google::protobuf::Message& message);

}  // namespace tinyjoule

#endif  // CLIENT_TABLE_H_

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/column_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/trainer/data/cell_text.h"

namespace tinyjoule {
namespace {

constexpr size_t kNamesInMessages = 24;

struct InmetColumn {
  absl::string_view alias;
  // How its header begins, folded (FoldName).
  absl::string_view header;
};
constexpr std::array<InmetColumn, 17> kInmetColumns = {{
    {"precipitation", "PRECIPITACAO TOTAL"},
    {"pressure", "PRESSAO ATMOSFERICA AO NIVEL"},
    {"pressure_max", "PRESSAO ATMOSFERICA MAX"},
    {"pressure_min", "PRESSAO ATMOSFERICA MIN"},
    {"radiation", "RADIACAO GLOBAL"},
    {"temperature", "TEMPERATURA DO AR"},
    {"dew_point", "TEMPERATURA DO PONTO DE ORVALHO"},
    {"temperature_max", "TEMPERATURA MAXIMA"},
    {"temperature_min", "TEMPERATURA MINIMA"},
    {"dew_point_max", "TEMPERATURA ORVALHO MAX"},
    {"dew_point_min", "TEMPERATURA ORVALHO MIN"},
    {"humidity_max", "UMIDADE REL. MAX"},
    {"humidity_min", "UMIDADE REL. MIN"},
    {"humidity", "UMIDADE RELATIVA DO AR"},
    {"wind_direction", "VENTO, DIRECAO"},
    {"gust", "VENTO, RAJADA"},
    {"wind_speed", "VENTO, VELOCIDADE"},
}};

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replace}));
    }
  }
  return row[b.size()];
}

}  // namespace

bool BeginsLike(absl::string_view folded, absl::string_view prefix) {
  if (folded.size() < prefix.size()) return false;
  for (size_t i = 0; i < prefix.size(); ++i) {
    if (folded[i] != prefix[i] && folded[i] != '?') return false;
  }
  return true;
}

std::string InmetAlias(absl::string_view header) {
  const std::string folded = FoldName(header);
  for (const InmetColumn& column : kInmetColumns) {
    if (BeginsLike(folded, column.header)) return std::string(column.alias);
  }
  return "";
}

std::string KnownNames(absl::string_view unknown, const std::vector<std::string>& known) {
  const std::string wanted = FoldName(unknown);
  const std::string* nearest = nullptr;
  size_t least = wanted.size() / 2 + 1;
  for (const std::string& name : known) {
    const size_t distance = EditDistance(wanted, FoldName(name));
    if (distance >= least) continue;
    least = distance;
    nearest = &name;
  }
  std::string text;
  if (nearest != nullptr) absl::StrAppend(&text, "; did you mean \"", *nearest, "\"?");
  const size_t shown = std::min(known.size(), kNamesInMessages);
  absl::StrAppend(&text, nearest == nullptr ? "; the" : " The", " columns are: ",
                  absl::StrJoin(known.begin(), known.begin() + static_cast<ptrdiff_t>(shown), ", "),
                  shown < known.size() ? ", ..." : "");
  return text;
}

}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/data/station_dataset.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "server/trainer/data/column_names.h"

namespace tinyjoule {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::DatasetSpec Spec(const std::string& text) {
  v1::DatasetSpec spec;
  EXPECT_TRUE(
      google::protobuf::TextFormat::ParseFromString("type: DATASET_TYPE_CSV " + text, &spec));
  return WithStationDefaults(spec);
}

absl::StatusOr<Dataset> Read(const v1::DatasetSpec& spec, const std::vector<NamedText>& files) {
  const auto wanted = NeededColumns(spec);
  if (!wanted.ok()) return wanted.status();
  auto station = spec.type() == v1::DATASET_TYPE_INMET ? ReadInmetTable(files, spec, *wanted)
                                                       : ReadCsvTable(files, spec, *wanted);
  if (!station.ok()) return station.status();
  return BuildStationDataset(spec, *std::move(station));
}

std::string ErrorOf(const std::string& spec, const std::string& text) {
  const auto dataset = Read(Spec(spec), {{"a.csv", text}});
  EXPECT_FALSE(dataset.ok());
  return std::string(dataset.status().message());
}

constexpr char kFeatureX[] = "features { name: 'x' } target: 'y' ";

TEST(StationDatasetTest, FeaturesTargetAndShape) {
  const auto dataset =
      Read(Spec("features { name: 'b' } features { lag: 'y' as: 'before' } "
                "target: 'y' csv { time: 't' }"),
           {{"a.csv", "t,y,b\n2020-01-02,2,20\n2020-01-01,1,10\n2020-01-03,4,30\n"}});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(dataset->sample_shape, ElementsAre(1, 2));
  EXPECT_THAT(dataset->rows, ElementsAre(20, 1, 30, 2));
  EXPECT_THAT(dataset->targets, ElementsAre(2, 4));
  EXPECT_THAT(dataset->persistence, ElementsAre(1, 2));
  EXPECT_THAT(dataset->facts.feature_names(), ElementsAre("b", "before"));
  EXPECT_EQ(dataset->facts.rows_read(), 3);
  EXPECT_EQ(dataset->facts.rows_dropped(), 1);
}

TEST(StationDatasetTest, SeveralFilesAreJoinedInTimeOrder) {
  const auto dataset =
      Read(Spec(std::string(kFeatureX) + "csv { time: 't' }"),
           {{"b.csv", "x,y,t\n3,30,03/01/2020\n"}, {"a.csv", "t,x,y\n01/01/2020,1,10\n"}});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(dataset->rows, ElementsAre(1, 3));
  EXPECT_THAT(dataset->targets, ElementsAre(10, 30));
}

TEST(StationDatasetTest, MissingTextsAndConfiguredNumbers) {
  const auto dataset =
      Read(Spec(std::string(kFeatureX) + "missing { method: MISSING_METHOD_DROP values: -9999 }"),
           {{"a.csv", "x,y\n1,10\nNA,11\n,12\nNaN,13\n-9999.0,14\n6,15\n7,-9999\n"}});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(dataset->rows, ElementsAre(1, 6));
  EXPECT_EQ(dataset->facts.rows_dropped(), 5);
  EXPECT_THAT(dataset->facts.notes(), Contains("\"x\": 4 values stay missing, longest gap 4 rows"));
}

TEST(StationDatasetTest, InterpolatesShortGapsAndSaysSo) {
  const auto dataset =
      Read(Spec(kFeatureX), {{"a.csv", "x,y\n1,1\n,\n,\n,\n5,9\n,0\n,\n,\n,\n10,3\n"}});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(dataset->rows, ElementsAre(1, 2, 3, 4, 5, 10));
  EXPECT_THAT(dataset->targets, ElementsAre(1, 3, 5, 7, 9, 3));
  EXPECT_EQ(dataset->facts.values_interpolated(), 9);
  EXPECT_EQ(dataset->facts.rows_dropped(), 4);
  EXPECT_THAT(dataset->facts.notes(), Contains("3 of 6 targets are interpolated, not measured"));
}

// Reads a 5-day hole at 2020-01-05 and windows of 2 rows.
TEST(StationDatasetTest, WindowsNeverBridgeAGap) {
  const auto dataset = Read(
      Spec(
          "features { name: 'x' } features { name: 'y' } target: 'y' context: 2 csv { time: 't' }"),
      {{"a.csv",
        "t,x,y\n2020-01-01,1,11\n2020-01-02,2,12\n2020-01-03,3,13\n2020-01-04,4,14\n"
        "2020-01-10,5,15\n2020-01-11,6,16\n2020-01-12,7,17\n"}});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(dataset->sample_shape, ElementsAre(2, 2));
  EXPECT_THAT(dataset->first_row, ElementsAre(0, 1, 4));
  EXPECT_THAT(dataset->targets, ElementsAre(13, 14, 17));
  EXPECT_THAT(dataset->persistence, ElementsAre(12, 13, 16));
}

TEST(StationDatasetTest, WithoutOrderThereIsNoPersistence) {
  const auto dataset = Read(Spec(kFeatureX), {{"a.csv", "x,y\n1,1\n2,2\n"}});
  ASSERT_TRUE(dataset.ok());
  EXPECT_TRUE(dataset->persistence.empty());
}

TEST(StationDatasetTest, UnknownColumnListsTheColumns) {
  EXPECT_EQ(ErrorOf("features { name: 'Temperatur' } target: 'y'", "Temperatura,y\n1,2\n"),
            "a.csv: no column \"Temperatur\"; did you mean \"Temperatura\"? The columns are: "
            "Temperatura, y");
  EXPECT_THAT(ErrorOf("features { name: 'pressure' } target: 'y'", "x,y\n1,2\n"),
              HasSubstr("no column \"pressure\"; the columns are: x, y"));
}

TEST(StationDatasetTest, NamesMatchWithoutTheirAccents) {
  const auto dataset = Read(Spec("features { name: 'Data estacao' } target: 'y'"),
                            {{"a.csv", "Data estação,y\n1,2\n2,3\n"}});
  EXPECT_TRUE(dataset.ok()) << dataset.status();
}

TEST(StationDatasetTest, BadCellsSayWhere) {
  EXPECT_EQ(ErrorOf(kFeatureX, "x,y\n1,2\n3,wet\n"),
            "a.csv:3:3: \"wet\" in column \"y\" is not a finite number");
  EXPECT_THAT(ErrorOf(kFeatureX, "x,y\ninf,2\n"), HasSubstr("a.csv:2:1: \"inf\""));
  EXPECT_THAT(ErrorOf(kFeatureX, "x,y\n1,2,3\n"), HasSubstr("a.csv:2:1: 3 cells where"));
  EXPECT_THAT(ErrorOf(std::string(kFeatureX) + "csv { time: 't' }", "x,y,t\n1,2,soon\n"),
              HasSubstr("a.csv:2:5: \"soon\" in column \"t\" is not a time"));
  EXPECT_THAT(ErrorOf(kFeatureX, "x,y\n\"1,2\n"), HasSubstr("a.csv:2:1: "));
}

TEST(StationDatasetTest, NothingLeftSaysWhichStepTookIt) {
  EXPECT_EQ(ErrorOf(kFeatureX, ""), "a.csv: the file is empty");
  EXPECT_EQ(ErrorOf(kFeatureX, "x,y\n"), "a.csv: no row below the header");
  EXPECT_THAT(ErrorOf(std::string(kFeatureX) + "csv { where { key: 's' value: 'A' } }",
                      "s,x,y\nB,1,2\nC,1,2\n"),
              HasSubstr("`where` keeps none of the 2 rows; \"s\" holds: B, C"));
  EXPECT_THAT(ErrorOf(kFeatureX, "x,y\n1,\n,2\n"), HasSubstr("each of the 2 rows lacks"));
  EXPECT_THAT(ErrorOf(std::string(kFeatureX) + "context: 7", "x,y\n1,2\n2,3\n"),
              HasSubstr("no window is left"));
}

TEST(StationDatasetTest, TargetWithoutVarianceIsRefused) {
  EXPECT_THAT(ErrorOf(kFeatureX, "x,y\n1,5\n2,5\n"), HasSubstr("no variance: it is 5 in all 2"));
}

TEST(StationDatasetTest, TwoStationsInOneSeriesAreRefusedForLags) {
  const std::string text =
      "t,x,y\n2020-01-01,1,2\n2020-01-01,3,4\n2020-01-02,5,6\n2020-01-02,7,8\n";
  EXPECT_THAT(ErrorOf("features { lag: 'y' } target: 'y' csv { time: 't' }", text),
              HasSubstr("several stations? csv.where chooses one"));
  EXPECT_TRUE(Read(Spec(std::string(kFeatureX) + "csv { time: 't' }"), {{"a.csv", text}}).ok());
}

TEST(StationDatasetTest, Latin1IsReadWhenNamedAndHintedAtWhenNot) {
  const std::string text = "Esta\xE7\xE3o;y\n1,5;2\n2,5;3\n";
  const std::string dialect =
      "features { name: 'Estação' } target: 'y' csv { delimiter: ';' decimal: ',' ";
  EXPECT_TRUE(Read(Spec(dialect + "encoding: 'latin-1' }"), {{"a.csv", text}}).ok());
  EXPECT_THAT(ErrorOf(dialect + "}", text), HasSubstr("a.csv:1:5: this is not UTF-8"));
}

TEST(StationDatasetTest, SpecErrors) {
  EXPECT_THAT(ErrorOf("target: 'y'", "x,y\n"), HasSubstr("dataset.features: missing"));
  EXPECT_THAT(ErrorOf("features { name: 'x' }", "x,y\n"), HasSubstr("dataset.target: missing"));
  EXPECT_THAT(ErrorOf("features { lag: 'y' steps: 0 } target: 'y'", "x,y\n"),
              HasSubstr("lag of 0"));
  EXPECT_THAT(ErrorOf(std::string(kFeatureX) + "csv { resample: RESAMPLE_DAILY }", "x,y\n1,2\n"),
              HasSubstr("needs a time column"));
}

v1::DatasetSpec InmetSpec() {
  v1::DatasetSpec spec;
  spec.set_type(v1::DATASET_TYPE_INMET);
  spec.add_features()->set_name("temperature");
  spec.add_features()->set_name("gust");
  spec.set_target("precipitation");
  // The format fixes these; what stands here has no say.
  spec.mutable_csv()->set_delimiter(",");
  spec.mutable_csv()->set_encoding("utf-8");
  return WithStationDefaults(spec);
}

// The layout until 2018, written here as INMET published it; no such file is at hand.
TEST(InmetTest, OldLayout) {
  const std::string text =
      "REGI\xC3O:;NE\nDATA DE FUNDA\xC7\xC3O (YYYY-MM-DD):;2004-12-22\n"
      "DATA (YYYY-MM-DD);HORA (UTC);PRECIPITA\xC7\xC3O TOTAL, HOR\xC1RIO (mm);"
      "TEMPERATURA DO AR - BULBO SECO, HORARIA (\xB0\x43);VENTO, RAJADA MAXIMA (m/s);\n"
      "2018-12-31;22:00;-9999;25,1;-9999;\n2018-12-31;23:00;,2;25,4;3;\n2019-01-01;00:00;1;25;4,5;"
      "\n";
  const auto dataset = Read(InmetSpec(), {{"old.csv", text}});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(dataset->rows, ElementsAre(25.4, 3, 25, 4.5));
  EXPECT_THAT(dataset->targets, ElementsAre(0.2, 1));
}

TEST(InmetTest, NewLayoutInUtf8WithoutPreambleAndWithDamagedLetters) {
  const std::string text =
      "Data;Hora UTC;PRECIPITA??O TOTAL, HORÁRIO (mm);"
      "TEMPERATURA DO AR - BULBO SECO, HORARIA (°C);VENTO, RAJADA MAXIMA (m/s);\n"
      "2021/01/01;0000 UTC;0;26,1;5,7;\n2021/01/01;0100 UTC;,8;26;;\n2021/01/01;0200 "
      "UTC;2;26;6,7\n";
  const auto dataset = Read(InmetSpec(), {{"new.csv", text}});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(dataset->rows, ElementsAre(26.1, 5.7, 26, 6.2, 26, 6.7));
  EXPECT_THAT(dataset->targets, ElementsAre(0, 0.8, 2));
}

TEST(InmetTest, Aliases) {
  EXPECT_EQ(InmetAlias("UMIDADE REL. MAX. NA HORA ANT. (AUT) (%)"), "humidity_max");
  EXPECT_EQ(InmetAlias("UMIDADE RELATIVA DO AR, HORARIA (%)"), "humidity");
  EXPECT_EQ(InmetAlias("VENTO, DIREÇÃO HORARIA (gr) (° (gr))"), "wind_direction");
  EXPECT_EQ(InmetAlias("Hora UTC"), "");
}

TEST(InmetTest, AnotherFileIsRefused) {
  const auto dataset = Read(InmetSpec(), {{"x.csv", "a,b\n1,2\n"}});
  EXPECT_THAT(std::string(dataset.status().message()), HasSubstr("x.csv: not an INMET file"));
}

}  // namespace
}  // namespace tinyjoule

// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/gpio/open_marker_line.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tinyjoule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FakeMarkerLine final : public MarkerLine {
 public:
  absl::Status Set(bool) override { return absl::OkStatus(); }
};

// Chips by path.
class FakeGpioSystem final : public GpioSystem {
 public:
  struct Chip {
    std::string label;
    std::vector<GpioLine> lines;
    absl::Status error;
  };
  std::map<std::string, Chip> chips;
  std::vector<std::string> requests;

  std::vector<std::string> ListPaths() override {
    std::vector<std::string> paths;
    for (const auto& [path, chip] : chips) paths.push_back(path);
    return paths;
  }
  absl::StatusOr<GpioChip> ReadChip(const std::string& path) override {
    if (!chips.at(path).error.ok()) return chips.at(path).error;
    return GpioChip{path, chips.at(path).label};
  }
  absl::StatusOr<std::vector<GpioLine>> ReadLines(const std::string& path) override {
    return chips.at(path).lines;
  }
  absl::StatusOr<std::unique_ptr<MarkerLine>> RequestOutput(const std::string& path,
                                                            unsigned number) override {
    requests.push_back(path + " " + std::to_string(number));
    return std::make_unique<FakeMarkerLine>();
  }
};

class OpenMarkerLineTest : public ::testing::Test {
 protected:
  OpenMarkerLineTest() {
    system_.chips["/dev/gpiochip0"] = {"raspberrypi-exp-gpio", {{"BT_ON", true, "shutdown"}}, {}};
    system_.chips["/dev/gpiochip1"] = {
        "pinctrl-bcm2711", {{"ID_SDA", false, ""}, {"GPIO17", false, ""}, {"", true, ""}}, {}};
  }
  absl::Status Open(absl::string_view text) { return OpenMarkerLine(text, &system_).status(); }
  FakeGpioSystem system_;
};

TEST_F(OpenMarkerLineTest, TakesTheLineByChipLabelAndNumberOrName) {
  EXPECT_TRUE(Open("gpio:pinctrl-bcm2711/1").ok());
  EXPECT_TRUE(Open("gpio:pinctrl-bcm2711/GPIO17").ok());
  EXPECT_TRUE(Open("gpio:pinctrl-bcm2711/0").ok());
  EXPECT_THAT(system_.requests,
              ElementsAre("/dev/gpiochip1 1", "/dev/gpiochip1 1", "/dev/gpiochip1 0"));
}

TEST_F(OpenMarkerLineTest, AnUnknownLabelListsTheLabelsThereAre) {
  const absl::Status status = Open("gpio:pinctrl-rp1/17");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(),
              HasSubstr("label \"pinctrl-rp1\"; there are: raspberrypi-exp-gpio, pinctrl-bcm2711"));
  system_.chips.clear();
  EXPECT_THAT(Open("gpio:pinctrl-rp1/17").message(), HasSubstr("there is no GPIO chip"));
}

TEST_F(OpenMarkerLineTest, AnUnknownLineTellsTheRange) {
  EXPECT_THAT(Open("gpio:pinctrl-bcm2711/3").message(), HasSubstr("the numbers 0 to 2"));
  EXPECT_THAT(Open("gpio:pinctrl-bcm2711/-1").message(), HasSubstr("no line \"-1\""));
}

TEST_F(OpenMarkerLineTest, ABusyLineTellsWhoHasIt) {
  const absl::Status status = Open("gpio:raspberrypi-exp-gpio/BT_ON");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("in use by shutdown"));
  EXPECT_THAT(Open("gpio:pinctrl-bcm2711/2").message(), HasSubstr("in use by the kernel"));
  EXPECT_TRUE(system_.requests.empty());
}

TEST_F(OpenMarkerLineTest, ADeviceThatMayNotBeOpenedNamesTheGroup) {
  system_.chips["/dev/gpiochip1"].error =
      absl::PermissionDeniedError("cannot open /dev/gpiochip1: Permission denied");
  const absl::Status status = Open("gpio:pinctrl-bcm2711/17");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(status.message(), HasSubstr("/dev/gpiochip1"));
  EXPECT_THAT(status.message(), HasSubstr("group gpio"));
}

TEST_F(OpenMarkerLineTest, ABuildWithoutGpioSaysSo) {
  const absl::Status status = OpenMarkerLine("gpio:a/1", nullptr).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("TINYJOULE_GPIO"));
}

TEST_F(OpenMarkerLineTest, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "gpio:", "gpio:a", "gpio:/1", "gpio:a/", "a/1", "17"}) {
    EXPECT_EQ(Open(text).code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(Open(text).message(), HasSubstr("gpio:LABEL/LINE")) << text;
  }
  EXPECT_EQ(ParseMarkerAddress("gpio:a/b/1")->label, "a/b");
}

}  // namespace
}  // namespace tinyjoule

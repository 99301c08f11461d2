#include "trainer/report/svg_plot.h"

#include <limits>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> Texts(const Axis& axis) {
  std::vector<std::string> texts;
  for (const Tick& tick : axis.ticks) texts.push_back(tick.text);
  return texts;
}

TEST(AxisTest, ExactAxisKeepsItsBounds) {
  EXPECT_THAT(Texts(ExactAxis("", 1, 5, Unit::kCount)), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(Texts(ExactAxis("", 1, 3, Unit::kCount)), ElementsAre("1", "2", "3"));
  EXPECT_THAT(Texts(ExactAxis("", 0, 3400, Unit::kCount)), ElementsAre("0", "1,000", "2,000", "3,000"));
  EXPECT_THAT(Texts(ExactAxis("", 0, 1, Unit::kPercent)),
              ElementsAre("0 %", "20 %", "40 %", "60 %", "80 %", "100 %"));
  EXPECT_THAT(Texts(ExactAxis("", -0.3, 0.3, Unit::kNumber)),
              ElementsAre("-0.3", "-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3"));
}

TEST(AxisTest, RoundAxisMovesItsBoundsToTicks) {
  const Axis accuracy = RoundAxis("", 0.8912, 0.9137, Unit::kPercent);
  EXPECT_NEAR(accuracy.low, 0.89, 1e-12);
  EXPECT_NEAR(accuracy.high, 0.915, 1e-12);
  EXPECT_THAT(Texts(accuracy), ElementsAre("89.0 %", "89.5 %", "90.0 %", "90.5 %", "91.0 %", "91.5 %"));
  EXPECT_THAT(Texts(RoundAxis("", 0, 0.47, Unit::kNumber)),
              ElementsAre("0.0", "0.1", "0.2", "0.3", "0.4", "0.5"));
  EXPECT_THAT(Texts(RoundAxis("", 0, 2e-5, Unit::kNumber)),
              ElementsAre("0", "5e-6", "1e-5", "1.5e-5", "2e-5"));
}

TEST(AxisTest, EqualBoundsAreMovedApart) {
  const Axis epoch = ExactAxis("", 1, 1, Unit::kCount);
  EXPECT_EQ(epoch.low, 0.5);
  EXPECT_EQ(epoch.high, 1.5);
  EXPECT_THAT(Texts(epoch), ElementsAre("1"));
  for (const double value : {-2.0, 0.0, 1e-5, 7e9}) {
    const Axis axis = RoundAxis("", value, value, Unit::kNumber);
    EXPECT_LT(axis.low, value);
    EXPECT_GT(axis.high, value);
  }
}

SvgPlot UnitPlot() {
  return SvgPlot("a <plot>", ExactAxis("x & x", 0, 1, Unit::kNumber), ExactAxis("y", 0, 1, Unit::kNumber));
}

TEST(SvgPlotTest, ScalesValues) {
  SvgPlot plot = UnitPlot();
  plot.AddLine({{0, 0}, {0.5, 0.25}, {1, 1}}, "training");
  EXPECT_THAT(plot.Svg(),
              HasSubstr("<path class=\"line training\" d=\"M56.0 200.0L218.0 156.0L380.0 24.0\"/>"));
}

TEST(SvgPlotTest, BoxAcceptsCornersInAnyOrder) {
  SvgPlot plot = UnitPlot();
  plot.AddBox({{0, 1}, {0.5, 0.5}}, "gap", "tip");
  EXPECT_THAT(plot.Svg(),
              HasSubstr("<rect class=\"box gap\" x=\"56.5\" y=\"24.0\" width=\"161.0\" height=\"88.0\">"
                        "<title>tip</title></rect>"));
}

TEST(SvgPlotTest, EscapesTexts) {
  SvgPlot plot = UnitPlot();
  plot.AddDot({0, 0}, "training", "<tip>");
  plot.AddHeadText(0.5, "<head>");
  const std::string svg = plot.Svg();
  EXPECT_THAT(svg, HasSubstr("aria-label=\"a &lt;plot&gt;\""));
  EXPECT_THAT(svg, HasSubstr("x &amp; x"));
  EXPECT_THAT(svg, HasSubstr("<title>&lt;tip&gt;</title>"));
  EXPECT_THAT(svg, HasSubstr("&lt;head&gt;"));
}

TEST(SvgPlotTest, LeavesOutValuesThatAreNotFinite) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  SvgPlot plot = UnitPlot();
  const std::string empty = plot.Svg();
  plot.AddLine({{0, kNan}, {1, kInfinity}}, "training");
  plot.AddDot({kNan, 0}, "training", "");
  plot.AddBox({{0, 0}, {1, kInfinity}}, "gap", "");
  EXPECT_EQ(plot.Svg(), empty);
  plot.AddLine({{0, kNan}, {0.5, 0.5}, {1, 1}}, "training");
  EXPECT_THAT(plot.Svg(), HasSubstr("d=\"M218.0 112.0L380.0 24.0\""));
  EXPECT_THAT(plot.Svg(), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace newsgenre
